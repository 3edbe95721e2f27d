/** Bytes that are nearly requests: they are read, or refused with a typed error, and nothing else. */
import { asFloeError, DTYPES, FloeError } from '@floe/graph';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ModelInferRequest } from '../../src/codec/proto/inference.ts';
import { ParseError, parse } from '../../src/codec/proto/parse.ts';
import { PredictRequest } from '../../src/codec/proto/tensorflow-serving.ts';
import { tfsGrpcCodec } from '../../src/codec/tfs-grpc/codec.ts';
import { tensorToProto } from '../../src/codec/tfs-grpc/tensor-proto.ts';
import { v2GrpcCodec } from '../../src/codec/v2-grpc/codec.ts';
import { writeBinary } from '../../src/codec/v2-rest/binary.ts';
import { servable } from './fixture.ts';
import { anyTensor } from './tensors.ts';

const anything = servable({ x: ['float32', null] });

const predict = anyTensor.map((tensor) =>
  PredictRequest.encode({
    model_spec: { name: 'm', version: { value: 1n }, version_label: undefined, signature_name: '' },
    inputs: new Map([['x', tensorToProto(tensor)]]),
    output_filter: ['y'],
  }),
);

const infer = anyTensor.map((tensor) =>
  ModelInferRequest.encode({
    model_name: 'm',
    model_version: '1',
    id: 'a',
    parameters: new Map(),
    inputs: [
      { name: 't', datatype: DTYPES[tensor.dtype].v2, shape: tensor.shape, parameters: new Map(), contents: undefined },
    ],
    outputs: [{ name: 'y', parameters: new Map() }],
    raw_input_contents: [writeBinary(tensor)],
  }),
);

/** Some bytes are others, some are gone, some are too many. */
function damaged(messages: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const hit = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.constantFrom('set', 'cut', 'insert'));
  return fc.tuple(messages, fc.array(hit, { minLength: 1, maxLength: 4 })).map(([message, hits]) => {
    let bytes = [...message];
    for (const [at, value, how] of hits) {
      const place = bytes.length === 0 ? 0 : at % bytes.length;
      if (how === 'set') bytes[place] = value;
      else if (how === 'cut') bytes = bytes.slice(0, place);
      else bytes.splice(place, 0, value);
    }
    return Uint8Array.from(bytes);
  });
}

const CODES = new Set(['INVALID_ARGUMENT', 'INTERNAL', 'UNIMPLEMENTED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION']);

function readOrRefused(read: () => unknown): void {
  try {
    read();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(FloeError);
    const error = asFloeError(thrown);
    expect(CODES).toContain(error.code);
    expect(error.code === 'INTERNAL').toBe(error instanceof ParseError);
  }
}

test.each([
  ['damaged', damaged(predict)],
  ['random', fc.uint8Array({ maxLength: 64 })],
])('%s bytes are a predict request, or refused', (_, arbitrary) => {
  fc.assert(
    fc.property(arbitrary, (bytes) =>
      readOrRefused(() => tfsGrpcCodec.decode({ message: parse(PredictRequest, bytes) }, anything)),
    ),
    { numRuns: 3000 },
  );
});

test.each([
  ['damaged', damaged(infer)],
  ['random', fc.uint8Array({ maxLength: 64 })],
])('%s bytes are an infer request, or refused', (_, arbitrary) => {
  fc.assert(
    fc.property(arbitrary, (bytes) =>
      readOrRefused(() => v2GrpcCodec.decode({ message: parse(ModelInferRequest, bytes) }, anything)),
    ),
    { numRuns: 3000 },
  );
});

test('what cannot be parsed is told of with message, field and place', () => {
  // An input whose float_val is said to be a varint.
  const bytes = Uint8Array.from([0x12, 0x07, 0x0a, 0x01, 0x78, 0x12, 0x02, 0x28, 0x01]);
  expect(() => parse(PredictRequest, bytes)).toThrow(
    'Failed to parse tensorflow.serving.PredictRequest.inputs.value.float_val: wire type 0 where 5 was expected at byte 8',
  );
});

test('millions of empty strings in a small message are refused', () => {
  const bytes = new Uint8Array(4_000_000);
  for (let i = 0; i < bytes.length; i += 2) bytes[i] = (7 << 3) | 2;
  expect(() => parse(ModelInferRequest, bytes)).toThrow('raw_input_contents: too many fields');
});
