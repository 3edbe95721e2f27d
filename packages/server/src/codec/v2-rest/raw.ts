/**
 * A request that is one input's bytes and nothing else, as `Inference-Header-Content-Length: 0` announces it: which input, and of what shape,
 * is known from the model alone. Words are Triton's.
 */
import { DTYPES, invalid, type TensorSpec } from '@floe/graph/base';
import type { ServableInfo } from '../../core/inference.ts';
import type { V2Header, V2Input } from './header.ts';

/** All outputs come raw. Throws INVALID_ARGUMENT where the model has several inputs, or a shape that the size does not tell. */
export function rawRequest(body: Uint8Array, servable: ServableInfo): V2Header {
  const input = inputOf(body, servable);
  return { id: undefined, inputs: [input], outputs: undefined, binaryOutputs: true, wishes: undefined };
}

function inputOf(body: Uint8Array, { signatures, defaultSignature, model }: ServableInfo): V2Input {
  const inputs = Object.entries(signatures[defaultSignature]?.inputs ?? {});
  const [only] = inputs;
  if (only === undefined || inputs.length !== 1) {
    const found = `got ${inputs.length} inputs in '${model}' model configuration`;
    throw invalid(`Raw request must only have 1 input (found 1) to be deduced but ${found}`);
  }
  const [name, spec] = only;
  const known = { name, dtype: spec.dtype, binarySize: body.length, contentType: undefined };
  if (spec.dtype !== 'string') {
    return { ...known, shape: shapeFor(name, spec, body.length), tensor: undefined };
  }
  // The whole body is one string.
  const shape = (spec.shape ?? [1]).map((size) => (size < 0 ? 1 : size));
  if (shape.some((size) => size !== 1)) {
    throw invalid(`For BYTES datatype raw input '${name}', the model must have input shape [1]`, { tensor: name });
  }
  return { ...known, shape, tensor: { dtype: 'string', shape, data: [body] } };
}

/** The size of the one dimension that is open. */
function shapeFor(name: string, spec: TensorSpec, bytes: number): number[] {
  const dims = spec.shape ?? [-1];
  if (dims.filter((size) => size < 0).length > 1) {
    const reason = 'has more than one variable-sized dimension';
    throw invalid(`The shape of the raw input '${name}' can not be deduced because it ${reason}`, { tensor: name });
  }
  const row = dims.reduce((product, size) => (size < 0 ? product : product * size), DTYPES[spec.dtype].size);
  return dims.map((size) => (size < 0 ? Math.floor(bytes / Math.max(1, row)) : size));
}
