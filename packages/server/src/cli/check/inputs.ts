/**
 * Inputs to try a signature with: the same at every check, of its dtypes and shapes, in ranges that ops bear: floats in [0, 1), integers 0
 * and 1 (so that they are indices into any table of two rows), bytes 0 to 255.
 */
import {
  arrayFor,
  type DType,
  FloeError,
  type Signature,
  sizeOf,
  type Tensor,
  type TensorSpec,
} from '@floe/graph/base';

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

function filled(dtype: DType, size: number, next: () => number): Tensor['data'] {
  const data = new (arrayFor(dtype))(size);
  const elements = data as { [index: number]: number | bigint };
  for (let i = 0; i < size; i++) elements[i] = element(dtype, next());
  return data;
}

function element(dtype: DType, share: number): number | bigint {
  switch (dtype) {
    case 'float32':
    case 'float64':
      return share;
    case 'float16':
      return halfBits(share);
    case 'uint8':
      return Math.floor(256 * share);
    case 'int64':
    case 'uint64':
      return share < 0.5 ? 0n : 1n;
    default:
      return share < 0.5 ? 0 : 1;
  }
}

const half = new DataView(new ArrayBuffer(2));

function halfBits(value: number): number {
  half.setFloat16(0, value);
  return half.getUint16(0);
}

/** Evenly spread in [0, 1) with 24 bits, exact in float32. Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators". */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 8) / 2 ** 24;
  };
}
