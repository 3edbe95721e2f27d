/** Values of every element type that both engines know, for the model `identity`, which gives them back. */
import type { DType, Tensor } from '@floe/graph';
import { tensor } from '../models.ts';

const utf8 = new TextEncoder();

/** One element type: a 2x2 tensor with its extreme and odd values, which has to come back as it is. */
export const ELEMENTS: readonly (readonly [DType, Tensor['data']])[] = [
  ['float32', Float32Array.of(1.5, Number.NaN, Number.POSITIVE_INFINITY, -0)],
  ['float64', Float64Array.of(1e300, Number.NaN, Number.NEGATIVE_INFINITY, 5e-324)],
  ['float16', Uint16Array.of(0x3c00, 0x7e00, 0x7c00, 0x8000)],
  ['int8', Int8Array.of(-128, 127, 0, -1)],
  ['int16', Int16Array.of(-32768, 32767, 0, -1)],
  ['int32', Int32Array.of(-(2 ** 31), 2 ** 31 - 1, 0, -1)],
  ['int64', BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n, 0n, 2n ** 53n + 1n)],
  ['uint8', Uint8Array.of(0, 255, 1, 2)],
  ['uint16', Uint16Array.of(0, 65535, 1, 2)],
  ['uint32', Uint32Array.of(0, 2 ** 32 - 1, 1, 2)],
  ['uint64', BigUint64Array.of(0n, 2n ** 64n - 1n, 1n, 2n ** 53n + 1n)],
  ['bool', Uint8Array.of(0, 1, 1, 0)],
  ['string', ['', 'plain', 'häßlich', '漢字'].map((text) => utf8.encode(text))],
];

/** Feeds of the model `identity`: `in_int64` and so on; `pick` says which of the values. */
export function identityFeeds(
  shape: readonly number[],
  pick: (data: Tensor['data']) => Tensor['data'],
): Map<string, Tensor> {
  return new Map(ELEMENTS.map(([dtype, data]) => [`in_${dtype}`, tensor(dtype, shape, pick(data))]));
}

export const IDENTITY_OUTPUTS = ELEMENTS.map(([dtype]) => `out_${dtype}`);
