import { DTYPES, FloeError, type Tensor } from '@floe/graph';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  InferTensorContents as Contents,
  InferParameter,
  type InferTensorContents,
  ModelConfigResponse,
  ModelInferRequest,
  ModelInferResponse,
  ModelMetadataResponse,
  RepositoryIndexResponse,
} from '../../src/codec/proto/inference.ts';
import { parse } from '../../src/codec/proto/parse.ts';
import { v2GrpcCodec } from '../../src/codec/v2-grpc/codec.ts';
import { configMessage, indexMessage, metadataMessage } from '../../src/codec/v2-grpc/metadata.ts';
import { readBinary, writeBinary } from '../../src/codec/v2-rest/binary.ts';
import { v2Error, v2Worded } from '../../src/codec/v2-rest/errors.ts';
import { answer, floats, IMAGE, servable } from './fixture.ts';
import { anyTensor } from './tensors.ts';

const NOTHING = new Uint8Array(0);
const parameter = (more: Partial<InferParameter>): InferParameter => ({
  ...InferParameter.decode(NOTHING, 'x'),
  ...more,
});
const contents = (more: Partial<InferTensorContents>): InferTensorContents => ({
  ...Contents.decode(NOTHING, 'x'),
  ...more,
});
const raw = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

type Input = ModelInferRequest['inputs'][number];
const input = (more: Partial<Input> = {}): Input => ({
  name: 'x',
  datatype: 'FP32',
  shape: [1, 2],
  parameters: new Map(),
  contents: undefined,
  ...more,
});

function request(more: Partial<ModelInferRequest> = {}): { message: ModelInferRequest } {
  const bytes = ModelInferRequest.encode({
    model_name: 'm',
    model_version: '',
    id: '',
    parameters: new Map(),
    inputs: [input()],
    outputs: [],
    raw_input_contents: [raw(1, 2)],
    ...more,
  });
  return { message: parse(ModelInferRequest, bytes) };
}

function failure(work: () => unknown): FloeError {
  try {
    work();
  } catch (error) {
    if (error instanceof FloeError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const adder = servable({ x: ['float32', [-1, 2]] });
/** Takes whatever tensor is called `t`: it is no input of the signature. */
const decodedTensor = (given: Partial<Input>, raws: Uint8Array[] = []): unknown =>
  v2GrpcCodec
    .decode(request({ inputs: [input({ name: 't', ...given })], raw_input_contents: raws }), adder)
    .inputs.get('t');

describe('an infer request', () => {
  it('has raw inputs', () => {
    expect(v2GrpcCodec.decode(request(), adder).inputs).toEqual(new Map([['x', floats([1, 2], 1, 2)]]));
  });

  it('of raw bytes of any type is what it was', () => {
    fc.assert(
      fc.property(anyTensor, (tensor) => {
        const { dtype, shape } = tensor;
        expect(decodedTensor({ datatype: DTYPES[dtype].v2, shape }, [writeBinary(tensor)])).toEqual(tensor);
      }),
      { numRuns: 200 },
    );
  });

  const typed: [string, Partial<InferTensorContents>, Tensor['data']][] = [
    ['BOOL', { bool_contents: Uint8Array.of(1, 0) }, Uint8Array.of(1, 0)],
    ['INT8', { int_contents: Int32Array.of(-1, 257) }, Int8Array.of(-1, 1)],
    ['INT16', { int_contents: Int32Array.of(-1, 2) }, Int16Array.of(-1, 2)],
    ['INT32', { int_contents: Int32Array.of(-1, 2) }, Int32Array.of(-1, 2)],
    ['INT64', { int64_contents: BigInt64Array.of(-1n, 2n ** 62n) }, BigInt64Array.of(-1n, 2n ** 62n)],
    ['UINT8', { uint_contents: Uint32Array.of(1, 255) }, Uint8Array.of(1, 255)],
    ['UINT16', { uint_contents: Uint32Array.of(1, 65535) }, Uint16Array.of(1, 65535)],
    ['UINT32', { uint_contents: Uint32Array.of(1, 2 ** 32 - 1) }, Uint32Array.of(1, 2 ** 32 - 1)],
    ['UINT64', { uint64_contents: BigUint64Array.of(1n, 2n ** 64n - 1n) }, BigUint64Array.of(1n, 2n ** 64n - 1n)],
    ['FP32', { fp32_contents: Float32Array.of(1.5, -2) }, Float32Array.of(1.5, -2)],
    ['FP64', { fp64_contents: Float64Array.of(1.5, -2) }, Float64Array.of(1.5, -2)],
    ['BYTES', { bytes_contents: [Uint8Array.of(1), Uint8Array.of()] }, [Uint8Array.of(1), Uint8Array.of()]],
  ];
  test.each(typed)('has typed contents of %s', (datatype, given, data) => {
    expect(decodedTensor({ datatype, contents: contents(given) })).toMatchObject({ shape: [1, 2], data });
  });

  it('names outputs by key or graph name, and other tensors of the graph', () => {
    const outputs = ['y:0', 'pool'].map((name) => ({ name, parameters: new Map() }));
    expect(v2GrpcCodec.decode(request({ outputs }), adder).outputs).toEqual(['y', 'pool']);
  });

  it('wishes for priority and time', () => {
    const parameters = new Map([
      ['priority', parameter({ uint64_param: 1n })],
      ['timeout', parameter({ int64_param: 5000n })],
      ['sequence_id', parameter({ int64_param: 7n })],
    ]);
    expect(v2GrpcCodec.decode(request({ parameters }), adder).wishes).toEqual({ priority: 4, timeoutMs: 5 });
  });

  it('holds images, or says where they are', () => {
    const pictures = servable({ x: ['float32', [-1, 2, 2, 1]] }, { preprocessing: { serving_default: { x: IMAGE } } });
    const bytes = Uint8Array.from(Buffer.from('https://a/b.png'));
    const at = (parameters: Input['parameters']) =>
      v2GrpcCodec
        .decode(
          request({
            inputs: [
              input({ datatype: 'BYTES', shape: [1], parameters, contents: contents({ bytes_contents: [bytes] }) }),
            ],
            raw_input_contents: [],
          }),
          pictures,
        )
        .inputs.get('x');
    expect(at(new Map())).toEqual({ images: [bytes] });
    expect(at(new Map([['content_type', parameter({ string_param: 'url' })]]))).toEqual({
      images: [{ url: 'https://a/b.png' }],
    });
  });

  const shared = new Map([['shared_memory_region', parameter({ string_param: 'a' })]]);
  const wrong: [string, Partial<ModelInferRequest>, string, string][] = [
    ['an unknown type', { inputs: [input({ datatype: 'FP8' })] }, 'INVALID_ARGUMENT', 'invalid datatype for input x'],
    [
      'a negative size',
      { inputs: [input({ shape: [-1, 2] })] },
      'INVALID_ARGUMENT',
      "input 'x' has shape [-1,2], which no tensor can have",
    ],
    [
      'too few bytes',
      { raw_input_contents: [raw(1)] },
      'INVALID_ARGUMENT',
      "input byte size mismatch for input 'x'. Expected 8, got 4",
    ],
    [
      'no data',
      { raw_input_contents: [] },
      'INVALID_ARGUMENT',
      "unable to find data for input tensor 'x' for model 'm' in request.",
    ],
    [
      'more raw contents than inputs',
      { raw_input_contents: [raw(1, 2), raw(1, 2)] },
      'INVALID_ARGUMENT',
      "expected 1 raw input contents but got 2 for model 'm'",
    ],
    [
      'raw and typed contents',
      { inputs: [input({ contents: contents({ fp32_contents: Float32Array.of(1, 2) }) })] },
      'INVALID_ARGUMENT',
      "contents field must not be specified when using raw_input_contents for 'x' for model 'm'",
    ],
    [
      'contents of another type',
      { inputs: [input({ contents: contents({ int_contents: Int32Array.of(1, 2) }) })], raw_input_contents: [] },
      'INVALID_ARGUMENT',
      "unexpected explicit tensor data for input tensor 'x' for model 'm' of type 'INT32', expected datatype 'FP32'",
    ],
    [
      'contents of two types',
      {
        inputs: [
          input({ contents: contents({ fp32_contents: Float32Array.of(1, 2), bool_contents: Uint8Array.of(1) }) }),
        ],
        raw_input_contents: [],
      },
      'INVALID_ARGUMENT',
      "unexpected explicit tensor data for input tensor 'x' for model 'm' of type 'BOOL', expected datatype 'FP32'",
    ],
    [
      'too few contents',
      { inputs: [input({ contents: contents({ fp32_contents: Float32Array.of(1) }) })], raw_input_contents: [] },
      'INVALID_ARGUMENT',
      "input byte size mismatch for input 'x' for model 'm'. Expected 8, got 4",
    ],
    [
      'halves as contents',
      {
        inputs: [input({ datatype: 'FP16', contents: contents({ fp32_contents: Float32Array.of(1) }) })],
        raw_input_contents: [],
      },
      'INVALID_ARGUMENT',
      "unexpected explicit tensor data for input tensor 'x' for model 'm' of type 'FP32', expected datatype 'FP16'",
    ],
    [
      'another type than the model’s',
      { inputs: [input({ datatype: 'INT32' })] },
      'INVALID_ARGUMENT',
      "inference input 'x' data-type is 'INT32', but model 'm' expects 'FP32'",
    ],
    ['shared memory', { inputs: [input({ parameters: shared })] }, 'UNIMPLEMENTED', 'shared memory is not supported'],
    [
      'shared memory for an output',
      { outputs: [{ name: 'y', parameters: shared }] },
      'UNIMPLEMENTED',
      'shared memory is not supported',
    ],
    [
      'classes that are no number',
      { outputs: [{ name: 'y', parameters: new Map([['classification', parameter({ string_param: 'a' })]]) }] },
      'INVALID_ARGUMENT',
      "invalid value type for 'classification' parameter, expected int64_param.",
    ],
    [
      'a priority that is none',
      { parameters: new Map([['priority', parameter({ int64_param: -1n })]]) },
      'INVALID_ARGUMENT',
      "Unable to parse 'priority'",
    ],
  ];
  test.each(wrong)('with %s is refused as Triton does', (_, more, code, message) => {
    const error = failure(() => v2GrpcCodec.decode(request(more), adder));
    expect([error.code, error.message]).toEqual([code, message]);
  });

  it('may name any tensor of the graph, for the servable to refuse', () => {
    for (const name of ['__proto__', 'constructor']) {
      expect([...v2GrpcCodec.decode(request({ inputs: [input({ name })] }), adder).inputs.keys()]).toEqual([name]);
    }
  });

  test.each([
    [{ name: 'm' }, undefined, 'NOT_FOUND', "'m' is not found"],
    [{ name: 'm', version: 2 }, undefined, 'NOT_FOUND', "'m' version 2 is not found"],
    [{ name: 'm' }, 'no memory', 'NOT_FOUND', "'m' has no available versions; no memory"],
    [{ name: 'm', version: 2 }, 'no memory', 'UNAVAILABLE', "'m' version 2 is not at ready state; no memory"],
  ])('for %o that does not serve, for the reason %s, is told of in Triton’s words', (ref, reason, code, words) => {
    const missing = new FloeError('NOT_FOUND', 'no', { field: 'model', ...(reason === undefined ? {} : { reason }) });
    const message = `Request for unknown model: ${words}`;
    expect(v2Worded(missing, ref)).toMatchObject({ code, message });
    const status = code === 'NOT_FOUND' ? 404 : 503;
    expect(v2Error(missing, ref)).toEqual({ status, body: JSON.stringify({ error: message }) });
  });
});

describe('an infer answer', () => {
  it('is raw, whatever its type', () => {
    fc.assert(
      fc.property(anyTensor, (tensor) => {
        const bytes = v2GrpcCodec.encode(answer({ y: tensor }), request({ id: 'a' }));
        const { id, model_name, model_version, outputs, raw_output_contents } = ModelInferResponse.decode(bytes, 'x');
        expect([id, model_name, model_version]).toEqual(['a', 'm', '3']);
        const [output] = outputs;
        expect(output).toMatchObject({ name: 'y', datatype: DTYPES[tensor.dtype].v2, shape: tensor.shape });
        expect(readBinary('y', tensor.dtype, tensor.shape, raw_output_contents[0] ?? NOTHING)).toEqual(tensor);
      }),
      { numRuns: 100 },
    );
  });

  it('names outputs as the request does, and gives classes where these are wanted', () => {
    const parameters = new Map([['classification', parameter({ int64_param: 1n })]]);
    const info = servable({}, { labels: ['a', 'b'] });
    const bytes = v2GrpcCodec.encode(
      answer({ y: floats([1, 2], 3, 4) }, info),
      request({ outputs: [{ name: 'y:0', parameters }] }),
    );
    const { outputs, raw_output_contents } = ModelInferResponse.decode(bytes, 'x');
    expect(outputs[0]).toMatchObject({ name: 'y:0', datatype: 'BYTES', shape: [1, 1] });
    expect(Buffer.from(raw_output_contents[0] ?? NOTHING).toString('latin1')).toContain('4.000000:1:b');
  });

  it('is kept unless it has an id', () => {
    const form = (id: string) => v2GrpcCodec.form?.(request({ id }), { inputs: new Map() });
    expect([form('a'), form('')?.id]).toEqual([undefined, 'v2/grpc/[]']);
  });
});

describe('a model', () => {
  const info = servable({ x: ['float32', [-1, 2]], s: ['string', null] });

  it('has metadata', () => {
    expect(ModelMetadataResponse.decode(metadataMessage(info, [1, 3]), 'x')).toEqual({
      name: 'm',
      versions: ['1', '3'],
      platform: 'tensorflow_graphdef',
      inputs: [
        { name: 'x', datatype: 'FP32', shape: [-1, 2] },
        { name: 's', datatype: 'BYTES', shape: [] },
      ],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [] }],
    });
  });

  it('has a configuration', () => {
    const { config } = ModelConfigResponse.decode(configMessage(info, [1, 3]), 'x');
    expect(config).toMatchObject({
      name: 'm',
      max_batch_size: 0,
      version_policy: { specific: { versions: BigInt64Array.of(1n, 3n) } },
      input: [
        { name: 'x', data_type: 11, dims: [-1, 2] },
        { name: 's', data_type: 13, dims: [] },
      ],
      output: [{ name: 'y', data_type: 11, dims: [] }],
    });
  });

  it('is in the index with every version', () => {
    const versions = [
      { version: 2, state: 'AVAILABLE', errorCode: 'OK', errorMessage: '' },
      { version: 1, state: 'END', errorCode: 'DATA_LOSS', errorMessage: 'broken' },
    ] as const;
    const index = (ready: boolean) =>
      RepositoryIndexResponse.decode(indexMessage([{ name: 'm', versions }], ['gone'], ready), 'x').models;
    expect(index(false)).toEqual([
      { name: 'm', version: '2', state: 'READY', reason: '' },
      { name: 'm', version: '1', state: 'UNAVAILABLE', reason: 'broken' },
      { name: 'gone', version: '', state: 'UNAVAILABLE', reason: 'unloaded' },
    ]);
    expect(index(true)).toHaveLength(1);
  });
});
