/** Requests that are one input's bytes and nothing else. */
import { FloeError, type Tensor } from '@floe/graph';
import { expect, test } from 'vitest';
import { v2RestCodec } from '../../src/codec/v2-rest/codec.ts';
import type { ServableInfo } from '../../src/core/inference.ts';
import { answer, servable } from './fixture.ts';

const decode = (body: Uint8Array, info: ServableInfo) => v2RestCodec.decode({ body, headerLength: '0' }, info);
const bytes = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

test.each([
  [[-1, 2], 4, [2, 2]],
  [[2, -1], 6, [2, 3]],
  [[3], 3, [3]],
  [[], 1, []],
  [[-1, 2], 0, [0, 2]],
])('a shape of %j and %i values is %j', (shape, count, expected) => {
  const values = Array.from({ length: count }, (_, i) => i + 0.5);
  const x = decode(bytes(...values), servable({ x: ['float32', shape] })).inputs.get('x') as Tensor;
  expect([x.dtype, x.shape, Array.from(x.data as Float32Array)]).toEqual(['float32', expected, values]);
});

test('of strings there is one, the whole body', () => {
  const x = decode(Buffer.from('\0a text'), servable({ x: ['string', [-1]] })).inputs.get('x') as Tensor;
  expect([x.shape, Buffer.from((x.data as Uint8Array[])[0] ?? []).toString()]).toEqual([[1], '\0a text']);
});

test('the answer is raw', () => {
  const info = servable({ x: ['float32', [-1, 2]] });
  const request = { body: bytes(1, 2), headerLength: '0' };
  v2RestCodec.decode(request, info);
  const tensor: Tensor = { dtype: 'float32', shape: [1, 2], data: Float32Array.of(1, 2) };
  const { body, headerLength = 0 } = v2RestCodec.encode(answer({ y: tensor }, info), request);
  expect(new Uint8Array(body.subarray(headerLength))).toEqual(bytes(1, 2));
});

test.each([
  [
    servable({ a: ['float32', [-1]], b: ['float32', [-1]] }),
    4,
    'must only have 1 input (found 1) to be deduced but got 2',
  ],
  [servable({ x: ['float32', [-1, -1]] }), 4, "The shape of the raw input 'x' can not be deduced"],
  [servable({ x: ['float32', [-1, 2]] }), 12, "input byte size mismatch for input 'x'. Expected 8, got 12"],
  [servable({ x: ['float32', [2]] }), 4, "input byte size mismatch for input 'x'. Expected 8, got 4"],
  [servable({ x: ['string', [2]] }), 4, "'x', the model must have input shape [1]"],
])('%# is refused', (info, size, message) => {
  expect(() => decode(new Uint8Array(size), info)).toThrow(FloeError);
  expect(() => decode(new Uint8Array(size), info)).toThrow(message);
});
