/**
 * Classification and regression as TensorFlow Serving means them, whatever the protocol: a list of serialised Examples goes into the one
 * input of a signature whose method says so, and its outputs are read as classes with scores, or as values. Checks and words are those of
 * its `classifier.cc` and `regressor.cc`.
 *
 *   const call = callOf('classify', servable, '', examples);
 *   classificationsOf(answer) // [[{ label: 'cat', score: 0.9 }, ...], ...]
 */
import { FloeError, invalid, type Signature, type Tensor } from '@floe/graph/base';
import type { InferCall, ServableInfo } from '../../core/inference.ts';
import { signatureOf } from '../signature.ts';
import { typeName } from '../tfs-rest/explain-tensor.ts';

export type ExamplesMethod = 'classify' | 'regress';

const INPUTS = 'inputs';
const CLASSES = 'classes';
const SCORES = 'scores';
const OUTPUTS = 'outputs';

const WORDS: Readonly<Record<ExamplesMethod, string>> = { classify: 'classification', regress: 'regression' };

/** TensorFlow's name of a method, which a signature states. */
export function methodName(method: ExamplesMethod): string {
  return `tensorflow/serving/${method}`;
}

/** A context is an Example whose features all examples have, unless they have their own: of two messages on end the later one counts. */
export function withContext(context: Uint8Array, examples: readonly Uint8Array[]): readonly Uint8Array[] {
  return examples.map((example) => Buffer.concat([context, example]));
}

/**
 * The call of `signatureName` (empty: the default one) on serialised Examples. Throws INVALID_ARGUMENT (no such signature, one of another
 * method or with other tensors, no examples) and FAILED_PRECONDITION (a signature without the keys of its method).
 */
export function callOf(
  method: ExamplesMethod,
  servable: ServableInfo,
  signatureName: string,
  examples: readonly Uint8Array[],
): InferCall {
  const key = signatureName === '' ? servable.defaultSignature : signatureName;
  const signature = signatureOf(servable, key);
  if (signature === undefined)
    throw invalid(`No signature was found with the name: ${key}`, { field: 'signature_name' });
  const outputs = outputsOf(method, signature);
  if (examples.length === 0) throw invalid('Input is empty.', { field: 'examples' });
  const serialized: Tensor = { dtype: 'string', shape: [examples.length], data: examples };
  return { signature: key, inputs: new Map([[INPUTS, serialized]]), outputs };
}

/** The output keys that a signature gives for this method. Throws where it does not have the method's form. */
function outputsOf(method: ExamplesMethod, signature: Signature): readonly string[] {
  const word = WORDS[method];
  const wanted = methodName(method);
  if (signature.methodName !== wanted)
    throw invalid(`Expected ${word} signature method_name to be ${wanted}. Was: ${signature.methodName}`, {
      field: 'signature_name',
    });
  if (Object.keys(signature.inputs).length !== 1) throw invalid('Expected one input Tensor.');
  const found = Object.keys(signature.outputs);
  checkCount(method, found.length);
  const input = signature.inputs[INPUTS];
  if (input === undefined) throw lacks(`No ${word} inputs found in SignatureDef`, signature);
  if (input.dtype !== 'string')
    throw invalid(`Expects arg[0] to be ${typeName(input.dtype)} but string is provided`, { tensor: INPUTS });
  return method === 'classify' ? classifyOutputs(found, signature) : regressOutputs(found, signature);
}

function checkCount(method: ExamplesMethod, count: number): void {
  if (method === 'regress' && count !== 1) throw invalid('Expected one output Tensor.');
  if (method === 'classify' && count !== 1 && count !== 2)
    throw invalid(`Expected one or two output Tensors, found ${count}`);
}

function classifyOutputs(found: readonly string[], signature: Signature): readonly string[] {
  const outputs = [CLASSES, SCORES].filter((key) => found.includes(key));
  if (outputs.length > 0) return outputs;
  const what = `Expected classification signature outputs to contain at least one of "${CLASSES}" or "${SCORES}"`;
  throw lacks(`${what}. Signature was`, signature);
}

function regressOutputs(found: readonly string[], signature: Signature): readonly string[] {
  if (found.includes(OUTPUTS)) return [OUTPUTS];
  throw lacks('No regression outputs found in SignatureDef', signature);
}

function lacks(message: string, { inputs, outputs }: Signature): FloeError {
  const keys = `inputs ${Object.keys(inputs).join(', ')}; outputs ${Object.keys(outputs).join(', ')}`;
  return new FloeError('FAILED_PRECONDITION', `${message}: ${keys}`, { field: 'signature_name' });
}
