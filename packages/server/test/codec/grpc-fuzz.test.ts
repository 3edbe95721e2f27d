/** Bytes that are nearly requests: they are read, or refused with a typed error, and nothing else. */
import { asFloeError, DTYPES, FloeError } from '@floe/graph';
import { encodeExample, type FeatureValues } from '@floe/graph/host';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InferParameter, InferTensorContents, ModelInferRequest } from '../../src/codec/proto/inference.ts';
import { ParseError, parse } from '../../src/codec/proto/parse.ts';
import {
  ClassificationRequest,
  MultiInferenceRequest,
  PredictRequest,
  ReloadConfigRequest,
} from '../../src/codec/proto/tensorflow-serving.ts';
import { tfsGrpcCodec } from '../../src/codec/tfs-grpc/codec.ts';
import { checkTasks, tfsGrpcExamplesCodec, tfsGrpcTaskCodec } from '../../src/codec/tfs-grpc/examples.ts';
import { modelsIn } from '../../src/codec/tfs-grpc/reload.ts';
import { tensorToProto } from '../../src/codec/tfs-grpc/tensor-proto.ts';
import { v2GrpcCodec } from '../../src/codec/v2-grpc/codec.ts';
import { writeBinary } from '../../src/codec/v2-rest/binary.ts';
import { servable } from './fixture.ts';
import { anyTensor } from './tensors.ts';

const anything = servable({ x: ['float32', null] });
const estimator = servable(
  {},
  {
    signatures: {
      serving_default: {
        methodName: 'tensorflow/serving/classify',
        inputs: { inputs: { name: 'e:0', dtype: 'string', shape: [-1] } },
        outputs: { scores: { name: 's:0', dtype: 'float32', shape: [-1, 2] } },
      },
      regress: {
        methodName: 'tensorflow/serving/regress',
        inputs: { inputs: { name: 'e:0', dtype: 'string', shape: [-1] } },
        outputs: { outputs: { name: 'v:0', dtype: 'float32', shape: [-1, 1] } },
      },
    },
  },
);

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

const content = anyTensor.map((tensor) =>
  PredictRequest.encode({
    model_spec: undefined,
    inputs: new Map([['x', { ...tensorToProto(tensor), tensor_content: writeBinary(tensor) }]]),
    output_filter: [],
  }),
);

/** Lists by datatype, and how they are filled. */
const TYPED: readonly [string, string, (values: readonly number[]) => unknown][] = [
  ['BOOL', 'bool_contents', (values) => Uint8Array.from(values, (value) => value % 2)],
  ['INT8', 'int_contents', (values) => Int32Array.from(values)],
  ['INT64', 'int64_contents', (values) => BigInt64Array.from(values, BigInt)],
  ['UINT16', 'uint_contents', (values) => Uint32Array.from(values)],
  ['UINT64', 'uint64_contents', (values) => BigUint64Array.from(values, BigInt)],
  ['FP32', 'fp32_contents', (values) => Float32Array.from(values)],
  ['FP64', 'fp64_contents', (values) => Float64Array.from(values)],
  ['BYTES', 'bytes_contents', (values) => values.map((value) => new Uint8Array(value))],
];

const typed = fc
  .tuple(fc.constantFrom(...TYPED), fc.array(fc.nat({ max: 9 }), { maxLength: 6 }))
  .map(([row, values]) => {
    const [datatype, field, make] = row;
    const contents = InferTensorContents.decode(new Uint8Array(0), 'none');
    const input = {
      name: 'x',
      datatype,
      shape: [values.length],
      parameters: new Map(),
      contents: { ...contents, [field]: make(values) },
    };
    const parameter = { ...InferParameter.decode(new Uint8Array(0), 'none'), double_param: 0.5 };
    return ModelInferRequest.encode({
      ...{ model_name: 'm', model_version: '', id: '', outputs: [], raw_input_contents: [] },
      parameters: new Map([['priority', parameter]]),
      inputs: [input],
    });
  });

const EXAMPLE = encodeExample(
  new Map<string, FeatureValues>([
    ['a', { kind: 'float32', values: Float32Array.of(1, 2) }],
    ['b', { kind: 'string', values: [Uint8Array.of(116)] }],
  ]),
);
const examples = fc
  .boolean()
  .map((shared) =>
    shared
      ? { example_list: undefined, example_list_with_context: { examples: [EXAMPLE, EXAMPLE], context: EXAMPLE } }
      : { example_list: { examples: [EXAMPLE] }, example_list_with_context: undefined },
  );
const specOf = (signature_name: string) => ({ name: 'm', version: undefined, version_label: 'stable', signature_name });
const classify = examples.map((input) => ClassificationRequest.encode({ model_spec: specOf(''), input }));
const multi = examples.map((input) =>
  MultiInferenceRequest.encode({
    tasks: [
      { model_spec: specOf('serving_default'), method_name: 'tensorflow/serving/classify' },
      { model_spec: specOf('regress'), method_name: 'tensorflow/serving/regress' },
    ],
    input,
  }),
);
const reload = fc.constant(
  ReloadConfigRequest.encode({
    config: {
      model_config_list: {
        config: [
          {
            ...{ name: 'm', base_path: '/models/m', model_type: 0, model_platform: 'tensorflow' },
            model_version_policy: {
              latest: undefined,
              all: undefined,
              specific: { versions: BigInt64Array.of(1n, 2n) },
            },
            version_labels: new Map([['stable', 1n]]),
          },
        ],
      },
      custom_model_config: undefined,
    },
    metric_names: [],
  } as never),
);

const REQUESTS: readonly [string, fc.Arbitrary<Uint8Array>, (bytes: Uint8Array) => unknown][] = [
  ['predict', predict, (bytes) => tfsGrpcCodec.decode({ message: parse(PredictRequest, bytes) }, anything)],
  [
    'predict with content',
    content,
    (bytes) => tfsGrpcCodec.decode({ message: parse(PredictRequest, bytes) }, anything),
  ],
  ['infer', infer, (bytes) => v2GrpcCodec.decode({ message: parse(ModelInferRequest, bytes) }, anything)],
  ['typed infer', typed, (bytes) => v2GrpcCodec.decode({ message: parse(ModelInferRequest, bytes) }, anything)],
  ['classify', classify, (bytes) => readExamples(bytes, 'classify')],
  ['regress', classify, (bytes) => readExamples(bytes, 'regress')],
  ['multi-inference', multi, readTasks],
  ['reload', reload, (bytes) => modelsIn(parse(ReloadConfigRequest, bytes))],
];

function readExamples(bytes: Uint8Array, method: 'classify' | 'regress'): void {
  tfsGrpcExamplesCodec.decode({ message: parse(ClassificationRequest, bytes), method }, estimator);
}

function readTasks(bytes: Uint8Array): void {
  const message = parse(MultiInferenceRequest, bytes);
  checkTasks(message);
  for (const task of message.tasks.keys()) tfsGrpcTaskCodec.decode({ message, task }, estimator);
}

test.each(REQUESTS)('a whole %s request is read, or refused', (_, arbitrary, read) => {
  fc.assert(
    fc.property(arbitrary, (bytes) => readOrRefused(() => read(bytes))),
    { numRuns: 200 },
  );
});

test.each(REQUESTS)('damaged bytes are a %s request, or refused', (_, arbitrary, read) => {
  fc.assert(
    fc.property(damaged(arbitrary), (bytes) => readOrRefused(() => read(bytes))),
    { numRuns: 3000 },
  );
});

test.each(REQUESTS)('random bytes are a %s request, or refused', (_, __, read) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => readOrRefused(() => read(bytes))),
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
