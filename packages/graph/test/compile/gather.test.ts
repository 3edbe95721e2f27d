import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { broadcastTo, stridesOf, transposed } from '../../src/compile/constant.ts';
import { copiedData, lateTensor, reshaped, Scratch } from '../../src/late-tensor.ts';
import { arrayFor, type NumericData, sizeOf, type Tensor } from '../../src/tensor.ts';

const DTYPES = ['uint8', 'float16', 'float32', 'int64', 'float64'] as const;

/** Counts from 0 in any dtype of up to 8 bytes. */
function counting(dtype: (typeof DTYPES)[number], shape: readonly number[]): Tensor {
  const data = new (arrayFor(dtype))(sizeOf(shape));
  for (let i = 0; i < data.length; i++)
    (data as { [at: number]: number | bigint })[i] = dtype === 'int64' ? BigInt(i) : i;
  return { dtype, shape, data };
}

/** Element by element, as the definition says. */
function transposedSlowly({ shape, data }: Tensor, perm: readonly number[]): unknown[] {
  const strides = stridesOf(shape);
  const target = perm.map((axis) => shape[axis] as number);
  return Array.from({ length: sizeOf(shape) }, (_, at) => {
    const place = stridesOf(target).map((stride, i) => Math.floor(at / stride) % (target[i] as number));
    return data[place.reduce((sum, index, i) => sum + index * (strides[perm[i] as number] as number), 0)];
  });
}

const permutation = (rank: number) => fc.shuffledSubarray([...Array(rank).keys()], { minLength: rank });

describe('transposing a constant', () => {
  it('moves each element where it belongs, in blocks or not, whatever its size', () => {
    const dims = fc.array(fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constantFrom(31, 32, 33, 70)), { maxLength: 4 });
    const cases = fc.tuple(dims, fc.constantFrom(...DTYPES)).chain(([shape, dtype]) => {
      return fc.tuple(fc.constant(shape), fc.constant(dtype), permutation(shape.length));
    });
    const small = cases.filter(([shape]) => sizeOf(shape) < 40_000);
    fc.assert(
      fc.property(small, ([shape, dtype, perm]) => {
        const tensor = counting(dtype, shape);
        const result = transposed(tensor, perm);
        expect(result.shape).toEqual(perm.map((axis) => shape[axis]));
        expect(Array.from(result.data as Float32Array)).toEqual(transposedSlowly(tensor, perm));
      }),
      { numRuns: 200 },
    );
  });

  it('keeps the bits of every NaN', () => {
    const data = new Float32Array(new Uint32Array([0x7fc00001, 0xffc12345, 0x7f800001, 0]).buffer);
    const moved = transposed({ dtype: 'float32', shape: [2, 2], data }, [1, 0]).data as Float32Array;
    expect([...new Uint32Array(moved.buffer)]).toEqual([0x7fc00001, 0x7f800001, 0xffc12345, 0]);
  });

  it('moves strings as well', () => {
    const data = ['a', 'b', 'c', 'd', 'e', 'f'].map((text) => Buffer.from(text));
    const { data: moved } = transposed({ dtype: 'string', shape: [2, 3], data }, [1, 0]);
    expect(Array.from(moved as Uint8Array[], String)).toEqual(['a', 'd', 'b', 'e', 'c', 'f']);
  });
});

describe('broadcasting a constant', () => {
  it('repeats dimensions of one and adds those in front', () => {
    const { data } = broadcastTo(counting('float32', [2, 1]), [2, 2, 3]);
    expect([...(data as Float32Array)]).toEqual([0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1]);
  });
});

describe('a large constant', () => {
  const shape = [200, 100];

  it('is made when it is read, and anew each time', () => {
    let made = 0;
    const late = lateTensor('float32', shape, (allocate) => {
      made++;
      return allocate('float32', sizeOf(shape));
    });
    expect(made).toBe(0);
    expect(late.data).not.toBe(late.data);
    expect(reshaped(late, [20_000]).data.length).toBe(20_000);
    expect(made).toBe(3);
  });

  it('is made in the same memory as the one before it, if the reader wishes', () => {
    const scratch = new Scratch();
    const first = scratch.data(transposed(counting('float32', shape), [1, 0])) as Float32Array;
    const second = scratch.data(transposed(counting('float64', [100, 100]), [1, 0])) as Float64Array;
    expect(second.buffer).toBe(first.buffer);
    expect([...second.subarray(0, 3)]).toEqual([0, 100, 200]);
  });

  it('is copied for whoever changes it', () => {
    const tensor = counting('float32', [2]);
    const copy = copiedData<Float32Array>(tensor, (_, length): NumericData => new Float32Array(length));
    copy[1] = 7;
    expect(tensor.data[1]).toBe(1);
  });
});
