/** Random tensors of every dtype that requests and answers can have. */
import { arrayFor, type DType, numericView, sizeOf, type Tensor } from '@floe/graph';
import fc from 'fast-check';

const NUMERIC: readonly DType[] = [
  'float32',
  'float64',
  'float16',
  'bfloat16',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'bool',
];

const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });

const numeric = fc.tuple(fc.constantFrom(...NUMERIC), shape).chain(([dtype, dims]) => {
  const size = sizeOf(dims);
  if (dtype === 'bool') {
    const bits = fc.array(fc.constantFrom(0, 1), { minLength: size, maxLength: size });
    return bits.map((data): Tensor => ({ dtype, shape: dims, data: Uint8Array.from(data) }));
  }
  const bytes = size * arrayFor(dtype).BYTES_PER_ELEMENT;
  return fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((data): Tensor => ({ dtype, shape: dims, data: numericView(dtype, data.slice()) }));
});

const strings = shape.chain((dims) => {
  const size = sizeOf(dims);
  return fc
    .array(fc.uint8Array({ maxLength: 8 }), { minLength: size, maxLength: size })
    .map((data): Tensor => ({ dtype: 'string', shape: dims, data }));
});

/** The payload of a NaN is no part of its value here: its bits come and go through float views alone. */
export const anyTensor: fc.Arbitrary<Tensor> = fc.oneof({ weight: 4, arbitrary: numeric }, strings);
