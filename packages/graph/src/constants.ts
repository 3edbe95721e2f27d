/**
 * TensorFlow constants (`TensorProto`) as tensors and back.
 * Source of the format: `tensorflow/core/framework/tensor.proto`; a list of values shorter than the tensor repeats its last value.
 */
import { DTYPES, type DType, dtypeFromTf } from './dtype.ts';
import { corrupt, type ErrorDetail, FloeError } from './errors.ts';
import { attrOf, type Node } from './graph.ts';
import type { TensorProto, TensorShapeProto } from './proto/tensorflow.ts';
import { arrayFor, bytesOf, type NumericData, numericView, sizeOf, type Tensor } from './tensor.ts';

const NO_BYTES = new Uint8Array(0);
const NO_FLOATS = new Float32Array(0);
const NO_DOUBLES = new Float64Array(0);

/** A graph's constant larger than this would not fit the one binary anyway (protobuf ends at 2 GiB). */
const MAX_BYTES = 2 ** 31;

/** Most bytes of a constant that one repeated value makes. */
const MAX_REPEATED_BYTES = 2 ** 28;

/** The shape of a proto, -1 where a dimension is unknown; null for an unknown rank. */
export function shapeFromProto(shape: TensorShapeProto | undefined): readonly number[] | null {
  return shape === undefined || shape.unknown_rank ? null : shape.dim.map((dim) => dim.size);
}

export function shapeToProto(shape: readonly number[] | null): TensorShapeProto {
  if (shape === null) return { dim: [], unknown_rank: true };
  return { dim: shape.map((size) => ({ size, name: '' })), unknown_rank: false };
}

/** What a constant is called in errors, and where it is. */
interface Where {
  readonly text: string;
  readonly detail: ErrorDetail;
}

/** Decodes a constant; numeric data is a view of the proto's bytes where those are packed and aligned. Throws DATA_LOSS. */
function tensorFromProto(proto: TensorProto, where: Where): Tensor {
  const dtype = dtypeFromTf(proto.dtype);
  if (dtype === undefined)
    throw new FloeError(
      'UNIMPLEMENTED',
      `${where.text} has dtype number ${proto.dtype}, which Floe does not know`,
      where.detail,
    );
  const shape = proto.tensor_shape?.dim.map((dim) => dim.size) ?? [];
  const size = checkedSize(shape, dtype, where);
  if (dtype === 'string') return { dtype, shape, data: repeatLast(proto.string_val, size, NO_BYTES, where) };
  if (dtype === 'resource' || dtype === 'variant')
    throw new FloeError(
      'UNIMPLEMENTED',
      `${where.text} is a ${dtype}, which has no value outside a session`,
      where.detail,
    );
  if (proto.tensor_content.byteLength > 0)
    return { dtype, shape, data: packed(proto.tensor_content, dtype, size, where) };
  return { dtype, shape, data: fill(valuesOf(proto, dtype), dtype, size, where) };
}

/** Encodes a tensor as packed bytes (or a list of strings), never shortened, so that constants are equal bit by bit. */
export function tensorToProto(tensor: Tensor): TensorProto {
  const strings = tensor.dtype === 'string' ? (tensor.data as readonly Uint8Array[]) : [];
  return {
    dtype: DTYPES[tensor.dtype].tf,
    tensor_shape: shapeToProto(tensor.shape),
    tensor_content: tensor.dtype === 'string' ? NO_BYTES : bytesOf(tensor),
    half_val: [],
    float_val: NO_FLOATS,
    double_val: NO_DOUBLES,
    int_val: [],
    string_val: strings,
    int64_val: [],
    bool_val: [],
    uint32_val: [],
    uint64_val: [],
    scomplex_val: NO_FLOATS,
    dcomplex_val: NO_DOUBLES,
    float8_val: NO_BYTES,
  };
}

/** A `Const` node. */
export function constNode(name: string, tensor: Tensor): Node {
  const attr = new Map([
    ['dtype', attrOf({ type: DTYPES[tensor.dtype].tf })],
    ['value', attrOf({ tensor: tensorToProto(tensor) })],
  ]);
  return { name, op: 'Const', input: [], device: '', attr };
}

/** The value of a `Const` node. */
export function constValue(node: Node): Tensor {
  const proto = node.attr.get('value')?.tensor;
  if (proto === undefined) throw corrupt(`constant ${node.name} has no value`, { node: node.name, op: node.op });
  return tensorFromProto(proto, { text: `constant ${node.name}`, detail: { node: node.name, op: node.op } });
}

function checkedSize(shape: readonly number[], dtype: DType, where: Where): number {
  const size = sizeOf(shape);
  const width = Math.max(1, DTYPES[dtype].size);
  if (shape.some((dim) => dim < 0) || size * width > MAX_BYTES) {
    throw corrupt(`${where.text} claims shape [${shape.join(', ')}] of ${dtype}`, where.detail);
  }
  return size;
}

function packed(content: Uint8Array, dtype: DType, size: number, where: Where): NumericData {
  const wanted = size * DTYPES[dtype].size;
  if (content.byteLength !== wanted)
    throw corrupt(`${where.text} has ${content.byteLength} bytes where its shape needs ${wanted}`, where.detail);
  return numericView(dtype, content);
}

function valuesOf(proto: TensorProto, dtype: DType): ArrayLike<number | bigint | boolean> {
  switch (dtype) {
    case 'float32':
      return proto.float_val;
    case 'float64':
      return proto.double_val;
    case 'int64':
      return proto.int64_val;
    case 'uint64':
      return proto.uint64_val;
    case 'uint32':
      return proto.uint32_val;
    case 'bool':
      return proto.bool_val;
    case 'float16':
    case 'bfloat16':
      return proto.half_val;
    default:
      return proto.int_val;
  }
}

/** Elements from a list of values, of which the last one stands for all that follow. */
function fill(values: ArrayLike<number | bigint | boolean>, dtype: DType, size: number, where: Where): NumericData {
  if (values.length > size)
    throw corrupt(`${where.text} has ${values.length} values where its shape needs ${size}`, where.detail);
  // As they are, bit by bit: going through a number could change the payload of a NaN.
  if (values.length === size && ArrayBuffer.isView(values)) return values as unknown as NumericData;
  checkRepeated(size * DTYPES[dtype].size, where);
  const wide = dtype === 'int64' || dtype === 'uint64';
  const data = new (arrayFor(dtype))(size);
  const target = data as { [index: number]: number | bigint };
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number | bigint | boolean;
    target[i] = wide ? BigInt(value) : Number(value);
  }
  if (values.length > 0 && values.length < size) repeatElement(data, values.length - 1);
  return data;
}

/** A few bytes of a file may stand for a whole tensor, within limits. */
function checkRepeated(bytes: number, where: Where): void {
  if (bytes <= MAX_REPEATED_BYTES) return;
  throw new FloeError(
    'OUT_OF_RANGE',
    `${where.text} repeats one value over ${bytes} bytes, more than ${MAX_REPEATED_BYTES}`,
    where.detail,
  );
}

/** Copies element `at` over all that follow it, as bytes. */
function repeatElement(data: NumericData, at: number): void {
  const width = data.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  for (let done = width, start = at * width; start + done < bytes.byteLength; done *= 2) {
    bytes.copyWithin(start + done, start, start + done);
  }
}

function repeatLast<T>(values: readonly T[], size: number, zero: T, where: Where): readonly T[] {
  if (values.length > size)
    throw corrupt(`${where.text} has ${values.length} values where its shape needs ${size}`, where.detail);
  if (values.length === size) return values;
  checkRepeated(size * 8, where);
  const last = values.at(-1) ?? zero;
  return [...values, ...new Array<T>(size - values.length).fill(last)];
}
