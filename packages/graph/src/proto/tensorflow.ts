/**
 * TensorFlow's messages, as far as reading and freezing need them.
 * Source of the field numbers: TensorFlow's `.proto` files under `tensorflow/core/framework` and `tensorflow/core/protobuf`;
 * the conformance suite checks every row against the descriptors inside PyPI's `tensorflow`.
 */
import { type Message, many, map, message, one, optional } from './message.ts';
import { doubles, floats } from './numbers.ts';

export interface VersionDef {
  readonly producer: number;
  readonly min_consumer: number;
  readonly bad_consumers: readonly number[];
}
export const VersionDef = message<VersionDef>('VersionDef', {
  producer: one(1, 'int32'),
  min_consumer: one(2, 'int32'),
  bad_consumers: many(3, 'int32'),
});

export interface TensorShapeDim {
  readonly size: number;
  readonly name: string;
}
const TensorShapeDim = message<TensorShapeDim>('TensorShapeProto.Dim', {
  size: one(1, 'size'),
  name: one(2, 'string'),
});

export interface TensorShapeProto {
  readonly dim: readonly TensorShapeDim[];
  readonly unknown_rank: boolean;
}
export const TensorShapeProto = message<TensorShapeProto>('TensorShapeProto', {
  dim: many(2, TensorShapeDim),
  unknown_rank: one(3, 'bool'),
});

export interface TensorProto {
  readonly dtype: number;
  readonly tensor_shape: TensorShapeProto | undefined;
  readonly tensor_content: Uint8Array;
  readonly half_val: readonly number[];
  readonly float_val: Float32Array;
  readonly double_val: Float64Array;
  readonly int_val: readonly number[];
  readonly string_val: readonly Uint8Array[];
  readonly int64_val: readonly bigint[];
  readonly bool_val: readonly boolean[];
  readonly uint32_val: readonly number[];
  readonly uint64_val: readonly bigint[];
  /** Complex values as pairs; Floe does not compute with them but keeps them. */
  readonly scomplex_val: Float32Array;
  readonly dcomplex_val: Float64Array;
  readonly float8_val: Uint8Array;
}
export const TensorProto = message<TensorProto>('TensorProto', {
  dtype: one(1, 'int32'),
  tensor_shape: optional(2, TensorShapeProto),
  tensor_content: one(4, 'bytes'),
  half_val: many(13, 'int32'),
  float_val: floats(5),
  double_val: doubles(6),
  int_val: many(7, 'int32'),
  string_val: many(8, 'bytes'),
  int64_val: many(10, 'int64'),
  bool_val: many(11, 'bool'),
  uint32_val: many(16, 'uint32'),
  uint64_val: many(17, 'uint64'),
  scomplex_val: floats(9),
  dcomplex_val: doubles(12),
  float8_val: one(18, 'bytes'),
});

export interface ListValue {
  readonly s: readonly Uint8Array[];
  readonly i: readonly bigint[];
  readonly f: readonly number[];
  readonly b: readonly boolean[];
  readonly type: readonly number[];
  readonly shape: readonly TensorShapeProto[];
  readonly tensor: readonly TensorProto[];
  readonly func: readonly NameAttrList[];
}

/** A oneof: exactly one property is set. */
export interface AttrValue {
  readonly list: ListValue | undefined;
  readonly s: Uint8Array | undefined;
  readonly i: bigint | undefined;
  readonly f: number | undefined;
  readonly b: boolean | undefined;
  readonly type: number | undefined;
  readonly shape: TensorShapeProto | undefined;
  readonly tensor: TensorProto | undefined;
  readonly func: NameAttrList | undefined;
  readonly placeholder: string | undefined;
}

export interface NameAttrList {
  readonly name: string;
  readonly attr: ReadonlyMap<string, AttrValue>;
}
const NameAttrList: Message<NameAttrList> = message<NameAttrList>('NameAttrList', {
  name: one(1, 'string'),
  attr: map(2, () => AttrValue),
});

const ListValue: Message<ListValue> = message<ListValue>('AttrValue.ListValue', {
  s: many(2, 'bytes'),
  i: many(3, 'int64'),
  f: many(4, 'float'),
  b: many(5, 'bool'),
  type: many(6, 'int32'),
  shape: many(7, TensorShapeProto),
  tensor: many(8, TensorProto),
  func: many(9, NameAttrList),
});
export const AttrValue: Message<AttrValue> = message<AttrValue>('AttrValue', {
  list: optional(1, ListValue),
  s: optional(2, 'bytes'),
  i: optional(3, 'int64'),
  f: optional(4, 'float'),
  b: optional(5, 'bool'),
  type: optional(6, 'int32'),
  shape: optional(7, TensorShapeProto),
  tensor: optional(8, TensorProto),
  placeholder: optional(9, 'string'),
  func: optional(10, NameAttrList),
});

export interface NodeDef {
  readonly name: string;
  readonly op: string;
  /** `node`, `node:1`, or `^node` for a control edge. */
  readonly input: readonly string[];
  readonly device: string;
  readonly attr: ReadonlyMap<string, AttrValue>;
}
export const NodeDef = message<NodeDef>('NodeDef', {
  name: one(1, 'string'),
  op: one(2, 'string'),
  input: many(3, 'string'),
  device: one(4, 'string'),
  attr: map(5, AttrValue),
});

export interface ArgDef {
  readonly name: string;
  readonly type: number;
  readonly type_attr: string;
  readonly number_attr: string;
  readonly type_list_attr: string;
}
const ArgDef = message<ArgDef>('OpDef.ArgDef', {
  name: one(1, 'string'),
  type: one(3, 'int32'),
  type_attr: one(4, 'string'),
  number_attr: one(5, 'string'),
  type_list_attr: one(6, 'string'),
});

export interface AttrDef {
  readonly name: string;
  readonly type: string;
  readonly default_value: AttrValue | undefined;
  readonly has_minimum: boolean;
  readonly minimum: bigint;
  readonly allowed_values: AttrValue | undefined;
}
const AttrDef = message<AttrDef>('OpDef.AttrDef', {
  name: one(1, 'string'),
  type: one(2, 'string'),
  default_value: optional(3, AttrValue),
  has_minimum: one(5, 'bool'),
  minimum: one(6, 'int64'),
  allowed_values: optional(7, AttrValue),
});

export interface OpDef {
  readonly name: string;
  readonly input_arg: readonly ArgDef[];
  readonly output_arg: readonly ArgDef[];
  readonly control_output: readonly string[];
  readonly attr: readonly AttrDef[];
  readonly is_stateful: boolean;
}
const OpDef = message<OpDef>('OpDef', {
  name: one(1, 'string'),
  input_arg: many(2, ArgDef),
  output_arg: many(3, ArgDef),
  control_output: many(20, 'string'),
  attr: many(4, AttrDef),
  is_stateful: one(17, 'bool'),
});

export interface FunctionDef {
  readonly signature: OpDef | undefined;
  readonly attr: ReadonlyMap<string, AttrValue>;
  readonly node_def: readonly NodeDef[];
  /** Output argument -> `node:output_arg:index` or an input argument. */
  readonly ret: ReadonlyMap<string, string>;
  readonly control_ret: ReadonlyMap<string, string>;
}
const FunctionDef = message<FunctionDef>('FunctionDef', {
  signature: optional(1, OpDef),
  attr: map(5, AttrValue),
  node_def: many(3, NodeDef),
  ret: map(4, 'string'),
  control_ret: map(6, 'string'),
});

export interface FunctionDefLibrary {
  readonly function: readonly FunctionDef[];
}
const FunctionDefLibrary = message<FunctionDefLibrary>('FunctionDefLibrary', { function: many(1, FunctionDef) });

export interface GraphDef {
  readonly node: readonly NodeDef[];
  readonly versions: VersionDef | undefined;
  readonly library: FunctionDefLibrary | undefined;
}
export const GraphDef = message<GraphDef>('GraphDef', {
  node: many(1, NodeDef),
  versions: optional(4, VersionDef),
  library: optional(2, FunctionDefLibrary),
});

export interface TensorInfo {
  readonly name: string;
  readonly dtype: number;
  readonly tensor_shape: TensorShapeProto | undefined;
}
const TensorInfo = message<TensorInfo>('TensorInfo', {
  name: one(1, 'string'),
  dtype: one(2, 'int32'),
  tensor_shape: optional(3, TensorShapeProto),
});

export interface SignatureDef {
  readonly inputs: ReadonlyMap<string, TensorInfo>;
  readonly outputs: ReadonlyMap<string, TensorInfo>;
  readonly method_name: string;
}
export const SignatureDef = message<SignatureDef>('SignatureDef', {
  inputs: map(1, TensorInfo),
  outputs: map(2, TensorInfo),
  method_name: one(3, 'string'),
});

export interface SaverDef {
  readonly filename_tensor_name: string;
  readonly save_tensor_name: string;
  readonly restore_op_name: string;
}
const SaverDef = message<SaverDef>('SaverDef', {
  filename_tensor_name: one(1, 'string'),
  save_tensor_name: one(2, 'string'),
  restore_op_name: one(3, 'string'),
});

export interface AssetFileDef {
  readonly tensor_info: TensorInfo | undefined;
  readonly filename: string;
}
const AssetFileDef = message<AssetFileDef>('AssetFileDef', {
  tensor_info: optional(1, TensorInfo),
  filename: one(2, 'string'),
});

export interface MetaInfoDef {
  readonly tags: readonly string[];
  readonly tensorflow_version: string;
  readonly tensorflow_git_version: string;
}
const MetaInfoDef = message<MetaInfoDef>('MetaGraphDef.MetaInfoDef', {
  tags: many(4, 'string'),
  tensorflow_version: one(5, 'string'),
  tensorflow_git_version: one(6, 'string'),
});

export interface SavedConcreteFunction {
  /** Objects whose resources the function captures, in the order of its last arguments. */
  readonly bound_inputs: readonly number[];
}
const SavedConcreteFunction = message<SavedConcreteFunction>('SavedConcreteFunction', {
  bound_inputs: many(2, 'int32'),
});

export interface SavedObjectGraph {
  readonly concrete_functions: ReadonlyMap<string, SavedConcreteFunction>;
}
const SavedObjectGraph = message<SavedObjectGraph>('SavedObjectGraph', {
  concrete_functions: map(2, SavedConcreteFunction),
});

export interface SerializedTensor {
  readonly name: string;
  readonly full_name: string;
  readonly checkpoint_key: string;
}
const SerializedTensor = message<SerializedTensor>('TrackableObjectGraph.TrackableObject.SerializedTensor', {
  name: one(1, 'string'),
  full_name: one(2, 'string'),
  checkpoint_key: one(3, 'string'),
});

export interface TrackableObject {
  readonly attributes: readonly SerializedTensor[];
}
const TrackableObject = message<TrackableObject>('TrackableObjectGraph.TrackableObject', {
  attributes: many(2, SerializedTensor),
});

/** Kept as a string in a checkpoint of TensorFlow 2; its objects have the numbers of those of the SavedObjectGraph. */
export interface TrackableObjectGraph {
  readonly nodes: readonly TrackableObject[];
}
export const TrackableObjectGraph = message<TrackableObjectGraph>('TrackableObjectGraph', {
  nodes: many(1, TrackableObject),
});

export interface MetaGraphDef {
  readonly meta_info_def: MetaInfoDef | undefined;
  readonly graph_def: GraphDef | undefined;
  readonly saver_def: SaverDef | undefined;
  readonly signature_def: ReadonlyMap<string, SignatureDef>;
  readonly asset_file_def: readonly AssetFileDef[];
  readonly object_graph_def: SavedObjectGraph | undefined;
}
export const MetaGraphDef = message<MetaGraphDef>('MetaGraphDef', {
  meta_info_def: optional(1, MetaInfoDef),
  graph_def: optional(2, GraphDef),
  saver_def: optional(3, SaverDef),
  signature_def: map(5, SignatureDef),
  asset_file_def: many(6, AssetFileDef),
  object_graph_def: optional(7, SavedObjectGraph),
});

export interface SavedModel {
  readonly saved_model_schema_version: bigint;
  readonly meta_graphs: readonly MetaGraphDef[];
}
export const SavedModel = message<SavedModel>('SavedModel', {
  saved_model_schema_version: one(1, 'int64'),
  meta_graphs: many(2, MetaGraphDef),
});

export interface TensorSliceExtent {
  readonly start: number;
  /** Absent: the whole of the dimension. */
  readonly length: number | undefined;
}
const TensorSliceExtent = message<TensorSliceExtent>('TensorSliceProto.Extent', {
  start: one(1, 'size'),
  length: optional(2, 'size'),
});

export interface TensorSliceProto {
  readonly extent: readonly TensorSliceExtent[];
}
export const TensorSliceProto = message<TensorSliceProto>('TensorSliceProto', { extent: many(1, TensorSliceExtent) });

export interface BundleHeaderProto {
  readonly num_shards: number;
  /** 0 little, 1 big. */
  readonly endianness: number;
  readonly version: VersionDef | undefined;
}
export const BundleHeaderProto = message<BundleHeaderProto>('BundleHeaderProto', {
  num_shards: one(1, 'int32'),
  endianness: one(2, 'int32'),
  version: optional(3, VersionDef),
});

export interface BundleEntryProto {
  readonly dtype: number;
  readonly shape: TensorShapeProto | undefined;
  readonly shard_id: number;
  readonly offset: number;
  readonly size: number;
  /** Masked crc32c of the tensor's bytes. */
  readonly crc32c: number;
  readonly slices: readonly TensorSliceProto[];
}
export const BundleEntryProto = message<BundleEntryProto>('BundleEntryProto', {
  dtype: one(1, 'int32'),
  shape: optional(2, TensorShapeProto),
  shard_id: one(3, 'int32'),
  offset: one(4, 'size'),
  size: one(5, 'size'),
  crc32c: one(6, 'fixed32'),
  slices: many(7, TensorSliceProto),
});

/** Of `tensorflow/core/example/feature.proto` and `example.proto`: one of the lists is there. */
export interface BytesList {
  readonly value: readonly Uint8Array[];
}
export const BytesList = message<BytesList>('BytesList', { value: many(1, 'bytes') });

export interface FloatList {
  readonly value: Float32Array;
}
export const FloatList = message<FloatList>('FloatList', { value: floats(1) });

export interface Int64List {
  readonly value: readonly bigint[];
}
export const Int64List = message<Int64List>('Int64List', { value: many(1, 'int64') });

export interface Feature {
  readonly bytes_list: BytesList | undefined;
  readonly float_list: FloatList | undefined;
  readonly int64_list: Int64List | undefined;
}
export const Feature = message<Feature>('Feature', {
  bytes_list: optional(1, BytesList),
  float_list: optional(2, FloatList),
  int64_list: optional(3, Int64List),
});

export interface Features {
  readonly feature: ReadonlyMap<string, Feature>;
}
export const Features = message<Features>('Features', { feature: map(1, Feature) });

export interface Example {
  readonly features: Features | undefined;
}
export const Example = message<Example>('Example', { features: optional(1, Features) });
