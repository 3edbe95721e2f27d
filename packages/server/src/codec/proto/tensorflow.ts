/**
 * TensorFlow's messages that its serving API is made of. Source of the numbers: `tensor.proto`, `tensor_shape.proto`, `types.proto`,
 * `meta_graph.proto`, `error_codes.proto`, `example.proto` and `feature.proto` under `tensorflow/core`; `conformance/grpc` checks every row
 * against the descriptors of the official package.
 */
import { doubles, floats, integers, many, map, message, one, optional, shared } from '@floe/graph/proto';
import { enumerated, type ValueOf } from './schema.ts';

export const DataType = {
  name: 'tensorflow.DataType',
  values: {
    DT_INVALID: 0,
    DT_FLOAT: 1,
    DT_DOUBLE: 2,
    DT_INT32: 3,
    DT_UINT8: 4,
    DT_INT16: 5,
    DT_INT8: 6,
    DT_STRING: 7,
    DT_COMPLEX64: 8,
    DT_INT64: 9,
    DT_BOOL: 10,
    DT_QINT8: 11,
    DT_QUINT8: 12,
    DT_QINT32: 13,
    DT_BFLOAT16: 14,
    DT_QINT16: 15,
    DT_QUINT16: 16,
    DT_UINT16: 17,
    DT_COMPLEX128: 18,
    DT_HALF: 19,
    DT_RESOURCE: 20,
    DT_VARIANT: 21,
    DT_UINT32: 22,
    DT_UINT64: 23,
  },
} as const;

export const Code = {
  name: 'tensorflow.error.Code',
  values: {
    OK: 0,
    CANCELLED: 1,
    UNKNOWN: 2,
    INVALID_ARGUMENT: 3,
    DEADLINE_EXCEEDED: 4,
    NOT_FOUND: 5,
    ALREADY_EXISTS: 6,
    PERMISSION_DENIED: 7,
    RESOURCE_EXHAUSTED: 8,
    FAILED_PRECONDITION: 9,
    ABORTED: 10,
    OUT_OF_RANGE: 11,
    UNIMPLEMENTED: 12,
    INTERNAL: 13,
    UNAVAILABLE: 14,
    DATA_LOSS: 15,
    UNAUTHENTICATED: 16,
  },
} as const;

const Dim = message('tensorflow.TensorShapeProto.Dim', { size: one(1, 'size'), name: one(2, 'string') });

export const TensorShapeProto = message('tensorflow.TensorShapeProto', {
  dim: many(2, Dim),
  unknown_rank: one(3, 'bool'),
});
export type TensorShapeProto = ValueOf<typeof TensorShapeProto>;

export const TensorProto = message('tensorflow.TensorProto', {
  dtype: enumerated(1, DataType),
  tensor_shape: optional(2, TensorShapeProto),
  version_number: one(3, 'int32'),
  tensor_content: shared(one(4, 'bytes')),
  half_val: shared(integers(13, 'int32')),
  float_val: shared(floats(5)),
  double_val: shared(doubles(6)),
  int_val: shared(integers(7, 'int32')),
  string_val: many(8, 'bytes'),
  scomplex_val: shared(floats(9)),
  int64_val: shared(integers(10, 'int64')),
  bool_val: shared(integers(11, 'bool')),
  dcomplex_val: shared(doubles(12)),
  uint32_val: shared(integers(16, 'uint32')),
  uint64_val: shared(integers(17, 'uint64')),
});
export type TensorProto = ValueOf<typeof TensorProto>;

const TensorInfo = message(
  'tensorflow.TensorInfo',
  {
    name: optional(1, 'string'),
    dtype: enumerated(2, DataType),
    tensor_shape: optional(3, TensorShapeProto),
  },
  { encoding: ['name'] },
);
export type TensorInfo = ValueOf<typeof TensorInfo>;

export const SignatureDef = message('tensorflow.SignatureDef', {
  inputs: map(1, TensorInfo),
  outputs: map(2, TensorInfo),
  method_name: one(3, 'string'),
});
export type SignatureDef = ValueOf<typeof SignatureDef>;

const BytesList = message('tensorflow.BytesList', { value: many(1, 'bytes') });
const FloatList = message('tensorflow.FloatList', { value: floats(1) });
const Int64List = message('tensorflow.Int64List', { value: integers(1, 'int64') });

const Feature = message(
  'tensorflow.Feature',
  { bytes_list: optional(1, BytesList), float_list: optional(2, FloatList), int64_list: optional(3, Int64List) },
  { kind: ['bytes_list', 'float_list', 'int64_list'] },
);
const Features = message('tensorflow.Features', { feature: map(1, Feature) });
export const Example = message('tensorflow.Example', { features: optional(1, Features) });
