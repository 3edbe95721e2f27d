/**
 * Several signatures of one model on the same examples (TensorFlow Serving's MultiInference), checked as its `multi_inference.cc` checks
 * them. Each task is a call of its own, so that each finds its own answer in the cache.
 */
import { FloeError, invalid, tensorName } from '@floe/graph/base';
import type { InferCall, ServableInfo } from '../../core/inference.ts';
import { signatureOf } from '../signature.ts';
import { callOf, type ExamplesMethod, methodName } from './call.ts';

export interface InferenceTask {
  readonly model: string;
  /** Empty for the default one. */
  readonly signatureName: string;
  readonly methodName: string;
}

export interface TaskCall {
  readonly method: ExamplesMethod;
  readonly call: InferCall;
}

/** The one model that all tasks ask. Throws INVALID_ARGUMENT where a name is empty or there are several. */
export function modelOf(tasks: readonly InferenceTask[]): string {
  for (const { model } of tasks) {
    if (model === '') throw invalid('Found ModelSpec with an empty model name.', { field: 'tasks' });
    if (model !== tasks[0]?.model)
      throw invalid('All ModelSpecs in a MultiInferenceRequest must access the same model name.', { field: 'tasks' });
  }
  return tasks[0]?.model ?? '';
}

/** The calls of all tasks, in order. Throws what `callOf` throws, INVALID_ARGUMENT and UNIMPLEMENTED in TensorFlow Serving's words. */
export function callsOf(
  tasks: readonly InferenceTask[],
  servable: ServableInfo,
  examples: readonly Uint8Array[],
): readonly TaskCall[] {
  const seen = new Set<string>();
  const inputs = new Set<string>();
  return tasks.map((task) => {
    const key = task.signatureName === '' ? servable.defaultSignature : task.signatureName;
    const field = { field: 'tasks' };
    if (seen.has(key)) throw invalid(`Duplicate evaluation of signature: ${key}`, field);
    seen.add(key);
    const signature = signatureOf(servable, key);
    if (signature === undefined) throw invalid(`Requested signature not found in model graph: ${key}`, field);
    const method = methodOf(task);
    const call = callOf(method, servable, key, examples);
    inputs.add(tensorName(signature.inputs['inputs']?.name ?? ''));
    if (inputs.size > 1) throw invalid('Input tensor must be the same for all Signatures.', field);
    return { method, call };
  });
}

function methodOf(task: InferenceTask): ExamplesMethod {
  const method = (['classify', 'regress'] as const).find((one) => methodName(one) === task.methodName);
  if (method !== undefined) return method;
  throw new FloeError('UNIMPLEMENTED', `Unsupported signature method_name: ${task.methodName}`, { field: 'tasks' });
}
