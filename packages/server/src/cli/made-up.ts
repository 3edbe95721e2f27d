/** Made-up numbers, the same for the same seed. */
import { arrayFor, type DType, type NumericData } from '@floe/graph/base';

/** Elements in ranges that ops bear: floats in [0, 1), integers 0 and 1 (indices into any table of two rows), bytes 0 to 255. */
export function filled(dtype: DType, size: number, next: () => number): NumericData {
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
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 8) / 2 ** 24;
  };
}
