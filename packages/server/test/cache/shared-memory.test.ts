/** A stored answer's tensors are given to every hit: whatever sends them must leave them as they are, and keep nothing of their memory. */
import { expect, it } from 'vitest';
import { copyCall } from '../../src/cache/copy-call.ts';
import { makeEntry } from '../../src/cache/entry.ts';
import { imageCodec } from '../../src/codec/image/codec.ts';
import { tfsRestCodec } from '../../src/codec/tfs-rest/codec.ts';
import { v2RestCodec } from '../../src/codec/v2-rest/codec.ts';
import type { Answer, KnownCall } from '../../src/core/inference.ts';
import { toWire } from '../../src/engine/worker/tensors.ts';
import { servableOf } from './fixture.ts';

const entry = makeEntry({ band: 0, version: 1, epoch: 0, purges: 0 }, [
  { name: 'y', tensor: { dtype: 'float32', shape: [1, 3], data: Float32Array.of(0.25, 0.5, 0.25) } },
  { name: 'z', tensor: { dtype: 'int64', shape: [1], data: BigInt64Array.of(7n) } },
  { name: 't', tensor: { dtype: 'string', shape: [1], data: [Buffer.from('cat')] } },
]);
const answer: Answer = { servable: servableOf(1), version: 1, call: { inputs: new Map() }, outputs: entry.outputs };
const body = Buffer.alloc(0);
const buffers = entry.outputs.flatMap(({ tensor: { data } }) =>
  ArrayBuffer.isView(data) ? [data.buffer] : data.map((text) => text.buffer),
);

it.each<[string, () => unknown]>([
  ['V2 JSON', () => v2RestCodec.encode(answer, { body }).body],
  ['V2 binary', () => v2RestCodec.encode(answer, binaryRequest()).body],
  ['TensorFlow Serving rows', () => tfsRestCodec.encode(answer, { body })],
  ['an image class', () => imageCodec.encode(answer, { body })],
  ['the thread of the worker engine', () => entry.outputs.map(({ name, tensor }) => toWire(name, tensor).data)],
])('%s is made from a copy', (_, encode) => {
  const before = structuredClone(entry.outputs);
  const made = encode();
  expect(entry.outputs).toEqual(before);
  for (const part of [made].flat()) if (ArrayBuffer.isView(part)) expect(buffers).not.toContain(part.buffer);
});

function binaryRequest(): Parameters<typeof v2RestCodec.encode>[1] {
  const json = Buffer.from(
    '{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}],"parameters":{"binary_data_output":true}}',
  );
  const request = { body: json, headerLength: String(json.length) };
  v2RestCodec.decode(request, servableOf(1));
  return request;
}

it('the copy of a call shares no memory with it', () => {
  const call: KnownCall = {
    outputs: ['y'],
    inputs: new Map([
      ['numbers', { dtype: 'float32', shape: [1], data: Float32Array.of(1) }],
      ['texts', { dtype: 'string', shape: [1], data: [Uint8Array.of(1)] }],
      ['images', { images: [Uint8Array.of(1)], digest: 'd' }],
    ]),
  };
  const copy = copyCall(call);
  expect(copy.outputs).toBe(call.outputs);
  for (const value of call.inputs.values()) {
    const parts = 'images' in value ? value.images : ArrayBuffer.isView(value.data) ? [value.data] : value.data;
    for (const part of parts) new Uint8Array(part.buffer).fill(9);
  }
  expect(copy.inputs.get('numbers')).toMatchObject({ data: Float32Array.of(1) });
  expect(copy.inputs.get('texts')).toMatchObject({ data: [Uint8Array.of(1)] });
  expect(copy.inputs.get('images')).toMatchObject({ images: [Uint8Array.of(1)] });
});
