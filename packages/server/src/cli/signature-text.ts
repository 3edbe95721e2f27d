/** Signatures in one line for people: `x float32[?,28,28,1] -> klass int64[?], probs float32[?,10]`. */
import type { Signature, TensorSpec } from '@floe/graph/base';

export function formatSignature(signature: Signature): string {
  return `${formatSide(signature.inputs)} -> ${formatSide(signature.outputs)}`;
}

function formatSide(specs: Readonly<Record<string, TensorSpec>>): string {
  return Object.entries(specs)
    .map(([key, { dtype, shape }]) => `${key} ${dtype}${formatShape(shape)}`)
    .join(', ');
}

function formatShape(shape: readonly number[] | null): string {
  return shape === null ? '' : `[${shape.map((dim) => (dim < 0 ? '?' : dim)).join(',')}]`;
}
