import { DTYPES, type DType, FloeError, type Tensor } from '@floe/graph';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { parse } from '../../src/codec/proto/parse.ts';
import { TensorProto } from '../../src/codec/proto/tensorflow.ts';
import {
  GetModelMetadataResponse,
  GetModelStatusResponse,
  PredictRequest,
  PredictResponse,
  SignatureDefMap,
} from '../../src/codec/proto/tensorflow-serving.ts';
import { tfsGrpcCodec } from '../../src/codec/tfs-grpc/codec.ts';
import { tfsGrpcError } from '../../src/codec/tfs-grpc/errors.ts';
import { checkMetadataFields, metadataMessage, statusMessage } from '../../src/codec/tfs-grpc/metadata.ts';
import { refOf } from '../../src/codec/tfs-grpc/model-spec.ts';
import { tensorFromProto, tensorToProto } from '../../src/codec/tfs-grpc/tensor-proto.ts';
import { answer, floats, IMAGE, servable } from './fixture.ts';
import { anyTensor } from './tensors.ts';

const empty = TensorProto.decode(new Uint8Array(0), 'x');
const shapeOf = (...sizes: number[]) => ({ dim: sizes.map((size) => ({ size, name: '' })), unknown_rank: false });
const proto = (more: Partial<TensorProto>): TensorProto => ({ ...empty, ...more });
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function failure(work: () => unknown): FloeError {
  try {
    work();
  } catch (error) {
    if (error instanceof FloeError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('a tensor', () => {
  it('is what it was when it comes back', () => {
    fc.assert(
      fc.property(anyTensor, (tensor) => {
        const bytes = TensorProto.encode(tensorToProto(tensor));
        expect(tensorFromProto('x', TensorProto.decode(bytes, 'x'))).toEqual(tensor);
      }),
      { numRuns: 200 },
    );
  });

  it('is read from tensor_content bit by bit', () => {
    fc.assert(
      fc.property(
        anyTensor.filter(({ dtype }) => dtype !== 'string'),
        (tensor) => {
          const data = tensor.data as Float32Array;
          const content = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
          const { dtype, tensor_shape } = tensorToProto(tensor);
          expect(tensorFromProto('x', proto({ dtype, tensor_shape, tensor_content: content }))).toEqual(tensor);
        },
      ),
      { numRuns: 100 },
    );
  });

  const cases: [string, Partial<TensorProto>, Tensor['data']][] = [
    [
      'the last value stands for all that are missing',
      { dtype: 1, float_val: Float32Array.of(1, 2) },
      Float32Array.of(1, 2, 2, 2),
    ],
    ['no value at all is zeros', { dtype: 3 }, new Int32Array(4)],
    [
      'values that are too many are passed over',
      { dtype: 9, int64_val: BigInt64Array.of(1n, 2n, 3n, 4n, 5n) },
      BigInt64Array.of(1n, 2n, 3n, 4n),
    ],
    ['int_val holds bytes', { dtype: 4, int_val: Int32Array.of(1, 255, 256, -1) }, Uint8Array.of(1, 255, 0, 255)],
    ['int_val holds quantised numbers', { dtype: 11, int_val: Int32Array.of(-1, 2) }, Int8Array.of(-1, 2, 2, 2)],
    [
      'half_val holds the bits of halves',
      { dtype: 19, half_val: Int32Array.of(0x3c00, 0x4000) },
      Uint16Array.of(0x3c00, 0x4000, 0x4000, 0x4000),
    ],
    [
      'half_val holds the bits of bfloat16',
      { dtype: 14, half_val: Int32Array.of(0x3f80) },
      Uint16Array.of(0x3f80, 0x3f80, 0x3f80, 0x3f80),
    ],
    ['bool_val', { dtype: 10, bool_val: Uint8Array.of(1, 0) }, Uint8Array.of(1, 0, 0, 0)],
    ['any byte but 0 is true', { dtype: 10, tensor_content: Uint8Array.of(0, 1, 2, 255) }, Uint8Array.of(0, 1, 1, 1)],
    ['string_val', { dtype: 7, string_val: [utf8('a'), utf8('bc')] }, [utf8('a'), utf8('bc'), utf8('bc'), utf8('bc')]],
    [
      'strings in tensor_content',
      { dtype: 7, tensor_content: Uint8Array.of(1, 0, 2, 0, 0x61, 0x62, 0x63) },
      [utf8('a'), utf8(''), utf8('bc'), utf8('')],
    ],
  ];
  test.each(cases)('%s', (_, given, data) => {
    expect(tensorFromProto('x', proto({ tensor_shape: shapeOf(2, 2), ...given })).data).toEqual(data);
  });

  it('of quantised numbers is one of plain ones', () => {
    const types: readonly (readonly [number, DType])[] = [
      [11, 'int8'],
      [12, 'uint8'],
      [13, 'int32'],
      [15, 'int16'],
      [16, 'uint16'],
    ];
    for (const [dtype, plain] of types) expect(tensorFromProto('x', proto({ dtype })).dtype).toBe(plain);
  });

  const wrong: [string, Partial<TensorProto>, string, string][] = [
    ['no dtype', { dtype: 0 }, 'INVALID_ARGUMENT', 'tensor parsing error: x: dtype 0 is not known'],
    ['an unknown dtype', { dtype: 77 }, 'INVALID_ARGUMENT', 'tensor parsing error: x: dtype 77 is not known'],
    [
      'an unknown rank',
      { dtype: 1, tensor_shape: { dim: [], unknown_rank: true } },
      'INVALID_ARGUMENT',
      'tensor parsing error: x: the rank is unknown',
    ],
    [
      'an unknown dimension',
      { dtype: 1, tensor_shape: shapeOf(-1, 2) },
      'INVALID_ARGUMENT',
      'tensor parsing error: x: shape [-1,2] is not known',
    ],
    [
      'too few bytes',
      { dtype: 1, tensor_shape: shapeOf(2), tensor_content: new Uint8Array(7) },
      'INVALID_ARGUMENT',
      'tensor parsing error: x: tensor_content has 7 bytes, but the shape needs 8',
    ],
    [
      'cut off strings',
      { dtype: 7, tensor_shape: shapeOf(2), tensor_content: Uint8Array.of(5, 0, 1) },
      'INVALID_ARGUMENT',
      'tensor parsing error: x: tensor_content does not hold the strings that the shape needs',
    ],
    [
      'more strings than anybody sends',
      { dtype: 7, tensor_shape: shapeOf(2 ** 30) },
      'INVALID_ARGUMENT',
      'tensor parsing error: x: more than 1048576 strings',
    ],
    [
      'a gigabyte of one value',
      { dtype: 1, tensor_shape: shapeOf(2 ** 28), float_val: Float32Array.of(1) },
      'RESOURCE_EXHAUSTED',
      'input "x" repeats a value over more than 67108864 bytes',
    ],
    [
      'a size beyond all numbers',
      { dtype: 1, tensor_shape: shapeOf(2 ** 40, 2 ** 40) },
      'INVALID_ARGUMENT',
      'tensor parsing error: x: shape [1099511627776,1099511627776] is too large',
    ],
    [
      'complex numbers',
      { dtype: 8, scomplex_val: Float32Array.of(1, 2) },
      'UNIMPLEMENTED',
      'input "x" is of type complex64, which models take no inputs of here',
    ],
    [
      'a resource',
      { dtype: 20 },
      'UNIMPLEMENTED',
      'input "x" is of type resource, which models take no inputs of here',
    ],
  ];
  test.each(wrong)('with %s is refused, and the input named', (_, given, code, message) => {
    const error = failure(() => tensorFromProto('x', proto(given)));
    expect([error.code, error.message, error.details[0]?.tensor]).toEqual([code, message, 'x']);
  });

  it('of no elements has memory of its own', () => {
    const tensor = () => tensorFromProto('x', proto({ dtype: 1, tensor_shape: shapeOf(0, 2) })).data as Float32Array;
    expect(tensor().buffer).not.toBe(tensor().buffer);
  });
});

const adder = servable({ x: ['float32', [-1, 2]] });

function request(more: Partial<PredictRequest> = {}): { message: PredictRequest } {
  const model_spec = { name: 'm', version: undefined, version_label: undefined, signature_name: '' };
  const inputs = new Map([['x', tensorToProto(floats([1, 2], 1, 2))]]);
  const bytes = PredictRequest.encode({ model_spec, inputs, output_filter: [], ...more });
  return { message: parse(PredictRequest, bytes) };
}

describe('a predict request', () => {
  it('is a call of the default signature', () => {
    expect(tfsGrpcCodec.decode(request(), adder)).toEqual({
      signature: 'serving_default',
      inputs: new Map([['x', floats([1, 2], 1, 2)]]),
    });
  });

  it('names outputs, and inputs by graph name, too', () => {
    const call = tfsGrpcCodec.decode(
      request({ inputs: new Map([['x:0', tensorToProto(floats([1, 2], 1, 2))]]), output_filter: ['y:0'] }),
      adder,
    );
    expect([[...call.inputs.keys()], call.outputs]).toEqual([['x'], ['y']]);
  });

  it('holds images where the input has preprocessing', () => {
    const pictures = servable({ x: ['float32', [-1, 2, 2, 1]] }, { preprocessing: { serving_default: { x: IMAGE } } });
    const image = { dtype: 'string', shape: [1], data: [utf8('png')] } as const;
    const call = tfsGrpcCodec.decode(request({ inputs: new Map([['x', tensorToProto(image)]]) }), pictures);
    expect(call.inputs.get('x')).toEqual({ images: [utf8('png')] });
  });

  const spec = { name: 'm', version: undefined, version_label: undefined, signature_name: 'other' };
  const x = tensorToProto(floats([1, 2], 1, 2));
  const wrong: [string, Partial<PredictRequest>, string, string][] = [
    ['an unknown signature', { model_spec: spec }, 'FAILED_PRECONDITION', 'Serving signature key "other" not found.'],
    [
      'no input',
      { inputs: new Map() },
      'INVALID_ARGUMENT',
      'input size does not match signature: 0!=1 len({}) != len({x}). Sent extra: {}. Missing but required: {x}.',
    ],
    [
      'inputs of other names beside',
      {
        inputs: new Map([
          ['x', x],
          ['b', x],
          ['a', x],
        ]),
      },
      'INVALID_ARGUMENT',
      'input size does not match signature: 3!=1 len({a,b,x}) != len({x}). Sent extra: {a,b}. Missing but required: {}.',
    ],
    [
      'an input of another name',
      { inputs: new Map([['z', x]]) },
      'INVALID_ARGUMENT',
      'input tensor alias not found in signature: z. Inputs expected to be in the set {x}.',
    ],
    [
      'an input of another type',
      { inputs: new Map([['x', tensorToProto({ dtype: 'int32', shape: [1, 2], data: Int32Array.of(1, 2) })]]) },
      'INVALID_ARGUMENT',
      'input "x" is of type int32, but the model expects float32',
    ],
    [
      'an input of another shape',
      { inputs: new Map([['x', tensorToProto(floats([1, 3], 1, 2, 3))]]) },
      'INVALID_ARGUMENT',
      'input "x" has shape [1,3], but the model expects [-1,2]',
    ],
    [
      'an unknown output',
      { output_filter: ['z'] },
      'INVALID_ARGUMENT',
      'output tensor alias not found in signature: z Outputs expected to be in the set {y}.',
    ],
    ['an output twice', { output_filter: ['y', 'y'] }, 'INVALID_ARGUMENT', 'duplicate output tensor alias: y'],
  ];
  test.each(wrong)('with %s is refused as TensorFlow Serving does', (_, more, code, message) => {
    const error = failure(() => tfsGrpcCodec.decode(request(more), adder));
    expect([error.code, error.message]).toEqual([code, message]);
  });
});

describe('a predict answer', () => {
  it('has its elements in the list of their type, and names the version that computed it', () => {
    const bytes = tfsGrpcCodec.encode({ ...answer({ y: floats([1, 2], 3, 4) }, adder), version: 2 }, request());
    const { model_spec, outputs } = PredictResponse.decode(bytes, 'x');
    expect(model_spec).toEqual({
      name: 'm',
      version: { value: 2n },
      version_label: undefined,
      signature_name: 'serving_default',
    });
    expect(outputs.get('y')).toMatchObject({ dtype: DTYPES.float32.tf, float_val: Float32Array.of(3, 4) });
  });

  it('is kept in memory of its own', () => {
    const call = tfsGrpcCodec.decode(request(), adder);
    const form = tfsGrpcCodec.form?.(request(), call);
    const bytes = tfsGrpcCodec.encode(answer({ y: floats([1, 2], 3, 4) }, adder), request());
    const kept = form?.own(bytes);
    expect(kept?.reply.buffer.byteLength).toBe(bytes.length);
    expect(form?.id).toBe('predict/serving_default/');
  });
});

describe('a model', () => {
  const spec = { name: 'm', version: undefined, version_label: undefined, signature_name: '' };
  it('is named by version or label', () => {
    expect(refOf(spec)).toEqual({ name: 'm' });
    expect(refOf({ ...spec, version: { value: 3n } })).toEqual({ name: 'm', version: 3 });
    expect(refOf({ ...spec, version_label: 'next' })).toEqual({ name: 'm', label: 'next' });
  });

  test.each([
    ['no spec', undefined, 'Missing ModelSpec'],
    ['no name', { ...spec, name: '' }, 'ModelSpec has no name specified.'],
    [
      'a version beyond all numbers',
      { ...spec, version: { value: 2n ** 60n } },
      'version 1152921504606846976 of model m is out of range',
    ],
  ])('with %s is refused', (_, given, message) => {
    expect(failure(() => refOf(given)).message).toBe(message);
  });

  test.each([
    [{ name: 'm' }, 'NOT_FOUND', 'Servable not found for request: Latest(m)'],
    [{ name: 'm', version: 3 }, 'NOT_FOUND', 'Servable not found for request: Specific(m, 3)'],
    [{ name: 'm', label: 'a' }, 'INVALID_ARGUMENT', 'Unrecognized servable version label: a'],
  ])('%o that is not there is told of in the words of TensorFlow Serving', (ref, code, message) => {
    const error = tfsGrpcError(new FloeError('NOT_FOUND', 'no', { field: 'model' }), ref);
    expect([error.code, error.message]).toEqual([code, message]);
    const reason = 'version 3 did not load: no memory';
    const failed = tfsGrpcError(new FloeError('NOT_FOUND', 'no', { field: 'model', reason }), ref);
    expect([failed.code, failed.message]).toEqual([code, `${message}; ${reason}`]);
  });

  it('has its signatures as metadata', () => {
    const { model_spec, metadata } = GetModelMetadataResponse.decode(metadataMessage(adder), 'x');
    expect(model_spec).toMatchObject({ name: 'm', version: { value: 3n } });
    const any = metadata.get('signature_def');
    expect(any?.type_url).toBe('type.googleapis.com/tensorflow.serving.SignatureDefMap');
    const { signature_def } = SignatureDefMap.decode(any?.value ?? new Uint8Array(0), 'x');
    expect(signature_def.get('serving_default')).toEqual({
      inputs: new Map([['x', { name: 'x:0', dtype: 1, tensor_shape: shapeOf(-1, 2) }]]),
      outputs: new Map([['y', { name: 'y:0', dtype: 1, tensor_shape: { dim: [], unknown_rank: true } }]]),
      method_name: 'tensorflow/serving/predict',
    });
  });

  it('has no other metadata', () => {
    expect(failure(() => checkMetadataFields([])).message).toBe(
      'GetModelMetadataRequest must specify at least one metadata_field',
    );
    expect(failure(() => checkMetadataFields(['signature_def', 'a'])).message).toBe(
      'Metadata field a is not supported',
    );
  });

  it('has states with TensorFlow Serving’s numbers', () => {
    const states = [
      { version: 2, state: 'AVAILABLE', errorCode: 'OK', errorMessage: '' },
      { version: 1, state: 'END', errorCode: 'DATA_LOSS', errorMessage: 'broken' },
    ] as const;
    expect(GetModelStatusResponse.decode(statusMessage(states), 'x').model_version_status).toEqual([
      { version: 2n, state: 30, status: { error_code: 0, error_message: '' } },
      { version: 1n, state: 50, status: { error_code: 15, error_message: 'broken' } },
    ]);
  });
});
