import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InferTensorContents, ModelInferRequest } from '../../src/codec/proto/inference.ts';
import { payloadOffset } from '../../src/codec/proto/payload.ts';
import { TensorProto } from '../../src/codec/proto/tensorflow.ts';
import { PredictRequest } from '../../src/codec/proto/tensorflow-serving.ts';

const NOTHING = new Uint8Array(0);
const MARK = Buffer.from('here it begins');
const large = Buffer.concat([MARK, Buffer.alloc(4000, 7)]);

const input = { name: 'x', datatype: 'FP32', shape: [1, 2], parameters: new Map(), contents: undefined };
const request = { ...ModelInferRequest.decode(NOTHING, 'x'), model_name: 'm', inputs: [input] };
const tensor = { ...TensorProto.decode(NOTHING, 'x'), dtype: 1, tensor_shape: { dim: [], unknown_rank: false } };
const contents = { ...InferTensorContents.decode(NOTHING, 'x'), bytes_contents: [large] };

const CASES = [
  ['raw contents', ModelInferRequest, ModelInferRequest.encode({ ...request, raw_input_contents: [large] })],
  ['typed contents', ModelInferRequest, ModelInferRequest.encode({ ...request, inputs: [{ ...input, contents }] })],
  [
    'tensor_content',
    PredictRequest,
    PredictRequest.encode({
      model_spec: { name: 'm', version: { value: 1n }, version_label: undefined, signature_name: '' },
      inputs: new Map([['x', { ...tensor, tensor_content: large }]]),
      output_filter: [],
    }),
  ],
] as const;

test.each(CASES)('the elements of %s are found in any beginning that reaches them', (_, message, bytes) => {
  const at = Buffer.from(bytes).indexOf(MARK);
  for (const length of [at, at + 1, at + 100, bytes.length - 1]) {
    expect(payloadOffset(message, bytes.subarray(0, length))).toBe(at);
  }
});

test.each(CASES)('a beginning of %s that does not reach them, or is all there is, has none', (_, message, bytes) => {
  const at = Buffer.from(bytes).indexOf(MARK);
  expect(payloadOffset(message, bytes)).toBeUndefined();
  for (let length = 0; length < at; length++) {
    expect(payloadOffset(message, bytes.subarray(0, length)) ?? 0).toBeLessThanOrEqual(at);
  }
});

test('whatever bytes there are, the offset lies within them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const offset = payloadOffset(PredictRequest, bytes) ?? 0;
      expect(offset).toBeGreaterThanOrEqual(0);
      expect(offset).toBeLessThanOrEqual(bytes.length);
    }),
    { numRuns: 1000 },
  );
});
