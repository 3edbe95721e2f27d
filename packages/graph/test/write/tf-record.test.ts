import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/index.ts';
import { exampleRecord } from '../../src/index.ts';
import { Example } from '../../src/proto/tensorflow.ts';

const join = (parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);
const text = (value: string): Uint8Array => Buffer.from(value);

describe('a record of an example', () => {
  it('is what TensorFlow writes for the same example', () => {
    // tf.io.TFRecordWriter, of tf.train.Example with {"label": int64 [3]}, TensorFlow 2.21.
    const written = '1200000000000000241f64250a100a0e0a056c6162656c12051a030a01034319c1db';
    const tensors = new Map<string, Tensor>([['label', { dtype: 'int64', shape: [1], data: BigInt64Array.of(3n) }]]);
    expect(join(exampleRecord(tensors)).toString('hex')).toBe(written);
  });

  it('has the elements of each tensor in the list that its dtype has', () => {
    const tensors = new Map<string, Tensor>([
      ['f', { dtype: 'float32', shape: [1, 2], data: Float32Array.of(0.5, -1) }],
      ['d', { dtype: 'float64', shape: [1], data: Float64Array.of(2.5) }],
      ['h', { dtype: 'float16', shape: [1], data: Uint16Array.of(0x3c00) }],
      ['b', { dtype: 'bool', shape: [2], data: Uint8Array.of(1, 0) }],
      ['i', { dtype: 'int8', shape: [1], data: Int8Array.of(-3) }],
      ['s', { dtype: 'string', shape: [2], data: [text('one'), text('')] }],
    ]);
    const [, data] = exampleRecord(tensors);
    const feature = Example.decode(data as Uint8Array, 'record').features?.feature;
    expect(feature?.get('f')?.float_list?.value).toEqual(Float32Array.of(0.5, -1));
    expect(feature?.get('d')?.float_list?.value).toEqual(Float32Array.of(2.5));
    expect(feature?.get('h')?.float_list?.value).toEqual(Float32Array.of(1));
    expect(feature?.get('b')?.int64_list?.value).toEqual([1n, 0n]);
    expect(feature?.get('i')?.int64_list?.value).toEqual([-3n]);
    expect(feature?.get('s')?.bytes_list?.value.map((one) => Buffer.from(one).toString())).toEqual(['one', '']);
  });
});
