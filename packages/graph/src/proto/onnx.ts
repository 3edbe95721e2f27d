/**
 * ONNX's messages, as far as writing a model needs them.
 * Source of the field numbers: `onnx/onnx.proto`; the conformance suite checks every row against the descriptors inside PyPI's `onnx`.
 * ONNX is proto2: a field that must be seen as present even when zero is `optional` here.
 */
import { type Message, many, message, one, optional } from './message.ts';

export interface StringStringEntry {
  readonly key: string;
  readonly value: string;
}
export const StringStringEntry = message<StringStringEntry>('StringStringEntryProto', {
  key: one(1, 'string'),
  value: one(2, 'string'),
});

export interface OnnxTensor {
  readonly dims: readonly bigint[];
  readonly data_type: number;
  readonly string_data: readonly Uint8Array[];
  readonly name: string;
  readonly raw_data: Uint8Array | undefined;
  readonly external_data: readonly StringStringEntry[];
  /** 0 within the message, 1 in another file. */
  readonly data_location: number;
}
export const OnnxTensor = message<OnnxTensor>('TensorProto', {
  dims: many(1, 'int64'),
  data_type: one(2, 'int32'),
  string_data: many(6, 'bytes'),
  name: one(8, 'string'),
  raw_data: optional(9, 'bytes'),
  external_data: many(13, StringStringEntry),
  data_location: one(14, 'int32'),
});

/** `AttributeProto.AttributeType`, as far as it is used. */
export const ATTRIBUTE = { float: 1, int: 2, string: 3, graph: 5, ints: 7 } as const;

export interface OnnxAttribute {
  readonly name: string;
  readonly f: number | undefined;
  readonly i: bigint | undefined;
  readonly s: Uint8Array | undefined;
  readonly g: OnnxGraphProto | undefined;
  readonly ints: readonly bigint[];
  readonly type: number;
}
export const OnnxAttribute: Message<OnnxAttribute> = message<OnnxAttribute>('AttributeProto', {
  name: one(1, 'string'),
  f: optional(2, 'float'),
  i: optional(3, 'int64'),
  s: optional(4, 'bytes'),
  g: optional(6, () => OnnxGraphProto),
  ints: many(8, 'int64'),
  type: one(20, 'int32'),
});

export interface OnnxNodeProto {
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name: string;
  readonly op_type: string;
  readonly attribute: readonly OnnxAttribute[];
  /** Empty for ONNX's own ops. */
  readonly domain: string;
}
export const OnnxNodeProto = message<OnnxNodeProto>('NodeProto', {
  input: many(1, 'string'),
  output: many(2, 'string'),
  name: one(3, 'string'),
  op_type: one(4, 'string'),
  attribute: many(5, OnnxAttribute),
  domain: one(7, 'string'),
});

export interface OnnxDimension {
  readonly dim_value: bigint | undefined;
  readonly dim_param: string | undefined;
}
export const OnnxDimension = message<OnnxDimension>('TensorShapeProto.Dimension', {
  dim_value: optional(1, 'int64'),
  dim_param: optional(2, 'string'),
});

export interface OnnxShape {
  readonly dim: readonly OnnxDimension[];
}
export const OnnxShape = message<OnnxShape>('TensorShapeProto', { dim: many(1, OnnxDimension) });

export interface OnnxTensorType {
  readonly elem_type: number;
  readonly shape: OnnxShape | undefined;
}
export const OnnxTensorType = message<OnnxTensorType>('TypeProto.Tensor', {
  elem_type: one(1, 'int32'),
  shape: optional(2, OnnxShape),
});

export interface OnnxType {
  readonly tensor_type: OnnxTensorType | undefined;
}
export const OnnxType = message<OnnxType>('TypeProto', { tensor_type: optional(1, OnnxTensorType) });

export interface OnnxValueInfo {
  readonly name: string;
  readonly type: OnnxType | undefined;
}
export const OnnxValueInfo = message<OnnxValueInfo>('ValueInfoProto', {
  name: one(1, 'string'),
  type: optional(2, OnnxType),
});

export interface OnnxGraphProto {
  readonly node: readonly OnnxNodeProto[];
  readonly name: string;
  readonly initializer: readonly OnnxTensor[];
  readonly input: readonly OnnxValueInfo[];
  readonly output: readonly OnnxValueInfo[];
}
export const OnnxGraphProto = message<OnnxGraphProto>('GraphProto', {
  node: many(1, OnnxNodeProto),
  name: one(2, 'string'),
  initializer: many(5, OnnxTensor),
  input: many(11, OnnxValueInfo),
  output: many(12, OnnxValueInfo),
});

export interface OnnxOperatorSet {
  readonly domain: string;
  readonly version: bigint;
}
export const OnnxOperatorSet = message<OnnxOperatorSet>('OperatorSetIdProto', {
  domain: one(1, 'string'),
  version: one(2, 'int64'),
});

export interface OnnxModel {
  readonly ir_version: bigint;
  readonly producer_name: string;
  readonly graph: OnnxGraphProto | undefined;
  readonly opset_import: readonly OnnxOperatorSet[];
}
export const OnnxModel = message<OnnxModel>('ModelProto', {
  ir_version: one(1, 'int64'),
  producer_name: one(2, 'string'),
  graph: optional(7, OnnxGraphProto),
  opset_import: many(8, OnnxOperatorSet),
});
