/**
 * Inputs to try a signature with: the same at every check, of its dtypes and shapes, in ranges that ops bear: floats in [0, 1), integers 0
 * and 1 (so that they are indices into any table of two rows), bytes 0 to 255.
 */
import { type DType, FloeError, type Signature, sizeOf, type Tensor, type TensorSpec } from '@floe/graph/base';
import { filled, random } from '../made-up.ts';

/** What an unknown dimension is tried with: two rows of a batch, images that most networks halve five times, short sequences. */
const ROWS = 2;
const SIDE = 64;
const LENGTH = 8;
/** Images have two sides between the batch and the channels. */
const IMAGE_RANK = 4;
/** What no numbers are made up for. */
const WITHOUT_NUMBERS: ReadonlySet<DType> = new Set([
  'string',
  'resource',
  'variant',
  'bfloat16',
  'complex64',
  'complex128',
]);
/** More elements than any input has in earnest. */
const MOST = 1 << 28;

/** By graph name. Throws UNIMPLEMENTED for strings, unknown ranks and whatever else no input can be made up for. */
export function generatedInputs(signature: Signature): ReadonlyMap<string, Tensor> {
  const next = random(1);
  return new Map(Object.entries(signature.inputs).map(([key, spec]) => [spec.name, generated(key, spec, next)]));
}

function generated(key: string, { dtype, shape }: TensorSpec, next: () => number): Tensor {
  const refuse = (why: string) => new FloeError('UNIMPLEMENTED', `input ${key} ${why}`, { tensor: key });
  if (shape === null) throw refuse('has an unknown rank');
  if (WITHOUT_NUMBERS.has(dtype)) throw refuse(`is of ${dtype}`);
  const dims = shape.map((dim, i) => (dim >= 0 ? dim : chosen(i, shape.length)));
  const size = sizeOf(dims);
  if (size > MOST) throw refuse(`has ${size} elements`);
  return { dtype, shape: dims, data: filled(dtype, size, next) };
}

function chosen(axis: number, rank: number): number {
  if (axis === 0) return ROWS;
  return rank === IMAGE_RANK && axis < IMAGE_RANK - 1 ? SIDE : LENGTH;
}
