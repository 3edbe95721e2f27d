/** TensorFlow Serving's Classify, Regress and MultiInference over gRPC as codecs: serialised Examples in, classes or values out. */
import { invalid } from '@floe/graph/base';
import { ownBuffer } from '../../core/encoded-form.ts';
import type { Answer, Codec } from '../../core/inference.ts';
import { callOf, type ExamplesMethod, withContext } from '../examples/call.ts';
import { callsOf, type InferenceTask, modelOf, type TaskCall } from '../examples/multi.ts';
import { classificationsOf, regressionsOf } from '../examples/results.ts';
import {
  ClassificationResponse,
  type ExamplesRequest,
  InferenceResult,
  type Input,
  type MultiInferenceRequest,
  RegressionResponse,
} from '../proto/tensorflow-serving.ts';
import { specOf } from './model-spec.ts';

export interface ExamplesCall {
  readonly message: ExamplesRequest;
  readonly method: ExamplesMethod;
}

export const tfsGrpcExamplesCodec: Codec<ExamplesCall, Uint8Array> = {
  decode: ({ message, method }, servable) =>
    callOf(method, servable, message.model_spec?.signature_name ?? '', examplesIn(message.input)),
  encode: (answer, { method }) => {
    const model_spec = specOfAnswer(answer);
    return method === 'classify'
      ? ClassificationResponse.encode({ model_spec, result: classes(answer) })
      : RegressionResponse.encode({ model_spec, result: values(answer) });
  },
  form: ({ method }, { signature }) => ({ id: `tfs/grpc/${method}/${signature}`, own }),
};

/** One task of several on the same examples. */
export interface TaskRequest {
  readonly message: MultiInferenceRequest;
  readonly task: number;
}

/** Gives the bytes of an `InferenceResult`. */
export const tfsGrpcTaskCodec: Codec<TaskRequest, Uint8Array> = {
  // Each is checked together with all others: it is refused if one of them is.
  decode: (request, servable) => {
    const { message, task } = request;
    const found: TaskCall | undefined = callsOf(tasksIn(message), servable, examplesIn(message.input))[task];
    if (found === undefined) throw invalid(`there is no task ${task}`, { field: 'tasks' });
    return found.call;
  },
  encode: (answer, { message, task }) => {
    const model_spec = specOfAnswer(answer);
    const result = { model_spec, classification_result: undefined, regression_result: undefined };
    return message.tasks[task]?.method_name.endsWith('/classify')
      ? InferenceResult.encode({ ...result, classification_result: classes(answer) })
      : InferenceResult.encode({ ...result, regression_result: values(answer) });
  },
  form: (_, { signature }) => ({ id: `tfs/grpc/task/${signature}`, own }),
};

/** Throws INVALID_ARGUMENT where there is no task, one without a model, or several models. */
export function checkTasks(message: MultiInferenceRequest): void {
  if (message.tasks.length === 0) throw invalid('Inference request has no tasks', { field: 'tasks' });
  modelOf(tasksIn(message));
}

function tasksIn({ tasks }: MultiInferenceRequest): readonly InferenceTask[] {
  return tasks.map(({ model_spec: spec, method_name: methodName }) => ({
    model: spec?.name ?? '',
    signatureName: spec?.signature_name ?? '',
    methodName,
  }));
}

function examplesIn(input: Input | undefined): readonly Uint8Array[] {
  const shared = input?.example_list_with_context;
  if (shared === undefined) return input?.example_list?.examples ?? [];
  return shared.context === undefined ? shared.examples : withContext(shared.context, shared.examples);
}

function specOfAnswer({ servable, version, call }: Answer) {
  return specOf(servable.model, version, call.signature ?? servable.defaultSignature);
}

function classes(answer: Answer) {
  const classifications = classificationsOf(answer).map((row) => ({
    classes: row.map(({ label, score }) => ({ label: Buffer.from(label).toString('utf8'), score })),
  }));
  return { classifications };
}

function values(answer: Answer) {
  return { regressions: Array.from(regressionsOf(answer), (value) => ({ value })) };
}

function own(reply: Uint8Array): { readonly reply: Uint8Array; readonly bytes: number } {
  return { reply: ownBuffer(Buffer.from(reply.buffer, reply.byteOffset, reply.byteLength)), bytes: reply.length };
}
