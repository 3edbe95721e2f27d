/**
 * TensorFlow Serving's `PredictRequest` as a call. What is wrong is said in the words of its `predict_util.cc`, check by check in the same
 * order.
 */
import { FloeError, invalid, type Signature, type Tensor, type TensorSpec } from '@floe/graph/base';
import type { InferCall, InputValue, ServableInfo } from '../../core/inference.ts';
import { imagesOf } from '../image/objects.ts';
import type { PredictRequest } from '../proto/tensorflow-serving.ts';
import { checkShape, imageSpecOf, keyOf, signatureOf } from '../signature.ts';
import { tensorFromProto } from './tensor-proto.ts';

export interface PredictCall {
  readonly message: PredictRequest;
}

export function decodePredict({ message }: PredictCall, servable: ServableInfo): InferCall {
  const name = message.model_spec?.signature_name || servable.defaultSignature;
  const signature = signatureOf(servable, name);
  if (signature === undefined) {
    throw new FloeError('FAILED_PRECONDITION', `Serving signature key "${name}" not found.`, {
      field: 'model_spec.signature_name',
    });
  }
  checkNames(message, signature);
  const inputs = new Map<string, InputValue>();
  for (const [alias, proto] of message.inputs) {
    const key = inputKey(alias, signature);
    if (inputs.has(key)) throw invalid(`input "${alias}" is given twice`, { tensor: key, field: 'inputs' });
    inputs.set(key, inputOf(key, tensorFromProto(alias, proto), servable, name, signature));
  }
  const outputs = message.output_filter.length === 0 ? undefined : outputKeys(message.output_filter, signature);
  return { signature: name, inputs, ...(outputs === undefined ? {} : { outputs }) };
}

/** All inputs of the signature are needed, and no others. */
function checkNames({ inputs }: PredictRequest, signature: Signature): void {
  const wanted = Object.keys(signature.inputs);
  if (inputs.size === wanted.length) return;
  const given = [...inputs.keys()].sort();
  const known = new Set(given.map((name) => keyOf(signature.inputs, name)));
  const extra = given.filter((name) => keyOf(signature.inputs, name) === undefined);
  const missing = wanted.filter((key) => !known.has(key)).sort();
  const message = `input size does not match signature: ${inputs.size}!=${wanted.length} len({${given.join(',')}}) != len({${wanted.toSorted().join(',')}}). Sent extra: {${extra.join(',')}}. Missing but required: {${missing.join(',')}}.`;
  throw invalid(
    message,
    [...extra, ...missing].map((tensor) => ({ tensor, field: 'inputs' })),
  );
}

function inputKey(alias: string, { inputs }: Signature): string {
  const key = keyOf(inputs, alias);
  if (key !== undefined) return key;
  const names = Object.keys(inputs).sort().join(',');
  const message = `input tensor alias not found in signature: ${alias}. Inputs expected to be in the set {${names}}.`;
  throw invalid(message, { tensor: alias, field: 'inputs' });
}

function inputOf(key: string, tensor: Tensor, servable: ServableInfo, name: string, signature: Signature): InputValue {
  const spec = signature.inputs[key] as TensorSpec;
  const takesImages = imageSpecOf(servable, name, key) !== undefined;
  if (tensor.dtype === 'string' && spec.dtype !== 'string' && takesImages) {
    return imagesOf(key, tensor, (bytes) => bytes);
  }
  if (tensor.dtype !== spec.dtype) {
    const message = `input "${key}" is of type ${tensor.dtype}, but the model expects ${spec.dtype}`;
    throw invalid(message, { tensor: key, field: 'dtype', reason: 'dtype' });
  }
  checkShape(key, spec, tensor.shape);
  return tensor;
}

function outputKeys(filter: readonly string[], { outputs }: Signature): readonly string[] {
  const keys: string[] = [];
  for (const alias of filter) {
    const key = keyOf(outputs, alias);
    if (key === undefined) {
      const names = Object.keys(outputs).sort().join(',');
      const message = `output tensor alias not found in signature: ${alias} Outputs expected to be in the set {${names}}.`;
      throw invalid(message, { tensor: alias, field: 'output_filter' });
    }
    if (keys.includes(key)) {
      throw invalid(`duplicate output tensor alias: ${alias}`, { tensor: alias, field: 'output_filter' });
    }
    keys.push(key);
  }
  return keys;
}
