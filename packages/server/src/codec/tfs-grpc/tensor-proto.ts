/**
 * Tensors of requests and answers as `TensorProto`, with the meaning that TensorFlow's `Tensor::FromProto` and `AsProtoField` give to it:
 * `tensor_content`, else a list of values, whose last one stands for all that are missing and in which more than enough are passed over.
 */
import {
  arrayFor,
  DTYPES,
  type DType,
  dtypeFromTf,
  FloeError,
  invalid,
  type NumericData,
  numericView,
  sizeOf,
  type Tensor,
} from '@floe/graph/base';
import { MAX_STRINGS } from '../json/dense.ts';
import type { TensorProto } from '../proto/tensorflow.ts';

/** A few bytes of a request may stand for a whole tensor, up to so many. */
const MAX_REPEATED_BYTES = 2 ** 26;
const MAX_RANK = 254;
const NO_BYTES = new Uint8Array(0);

/** Elements are views of the request's bytes where these lie aligned. Throws INVALID_ARGUMENT naming the input. */
export function tensorFromProto(input: string, proto: TensorProto): Tensor {
  const dtype = dtypeFromTf(proto.dtype);
  if (dtype === undefined) throw wrong(input, 'dtype', `dtype ${proto.dtype} is not known`);
  const shape = shapeOf(input, proto);
  const size = sizeOf(shape);
  if (!Number.isSafeInteger(size)) throw wrong(input, 'tensor_shape', `shape [${shape.join(',')}] is too large`);
  if (dtype === 'string') return { dtype, shape, data: stringsOf(input, proto, size) };
  if (DTYPES[dtype].size === 0 || dtype === 'complex64' || dtype === 'complex128') {
    throw new FloeError('UNIMPLEMENTED', `input "${input}" is of type ${dtype}, which models take no inputs of here`, {
      tensor: input,
      field: 'dtype',
    });
  }
  const { tensor_content: content } = proto;
  const data = content.length > 0 ? fromContent(input, dtype, size, content) : fromValues(input, dtype, size, proto);
  return { dtype, shape, data };
}

function shapeOf(input: string, { tensor_shape: shape }: TensorProto): readonly number[] {
  if (shape?.unknown_rank === true) throw wrong(input, 'tensor_shape', 'the rank is unknown');
  const dims = shape?.dim.map(({ size }) => size) ?? [];
  if (dims.length > MAX_RANK) throw wrong(input, 'tensor_shape', `more than ${MAX_RANK} dimensions`);
  if (dims.some((dim) => dim < 0)) throw wrong(input, 'tensor_shape', `shape [${dims.join(',')}] is not known`);
  return dims;
}

function fromContent(input: string, dtype: DType, size: number, content: Uint8Array): NumericData {
  const wanted = size * DTYPES[dtype].size;
  if (content.length !== wanted) {
    throw wrong(input, 'tensor_content', `tensor_content has ${content.length} bytes, but the shape needs ${wanted}`);
  }
  if (dtype !== 'bool') return numericView(dtype, content);
  return content.some((byte) => byte > 1) ? content.map((byte) => (byte === 0 ? 0 : 1)) : content;
}

function fromValues(input: string, dtype: DType, size: number, proto: TensorProto): NumericData {
  const values = valuesOf(dtype, proto);
  const array = arrayFor(dtype);
  // The empty list is everybody's, but a tensor's memory is its own.
  if (size === 0) return new array(0);
  if (values.length >= size && values instanceof array) {
    return values.length === size ? values : (values.subarray(0, size) as NumericData);
  }
  if (values.length < size && size * array.BYTES_PER_ELEMENT > MAX_REPEATED_BYTES) {
    const message = `input "${input}" repeats a value over more than ${MAX_REPEATED_BYTES} bytes`;
    throw new FloeError('RESOURCE_EXHAUSTED', message, { tensor: input, field: valuesField(dtype) });
  }
  const data = new array(size);
  // Narrow integers come as int32: what does not fit is cut off, as in TensorFlow.
  data.set((values.length > size ? values.subarray(0, size) : values) as never);
  const last = values.at(-1);
  if (last !== undefined && values.length < size) data.fill(last as never, values.length);
  return data;
}

function stringsOf(input: string, proto: TensorProto, size: number): readonly Uint8Array[] {
  if (size > MAX_STRINGS) throw wrong(input, 'string_val', `more than ${MAX_STRINGS} strings`);
  if (proto.tensor_content.length > 0) return packedStrings(input, proto.tensor_content, size);
  const values = proto.string_val;
  if (values.length >= size) return values.length === size ? values : values.slice(0, size);
  return [...values, ...new Array<Uint8Array>(size - values.length).fill(values.at(-1) ?? NO_BYTES)];
}

/** All lengths as varints, then all bytes (`port::DecodeStringList`). */
function packedStrings(input: string, content: Uint8Array, size: number): readonly Uint8Array[] {
  const lengths: number[] = [];
  let at = 0;
  for (let i = 0; i < size; i++) {
    let length = 0;
    let byte = 0x80;
    for (let scale = 1; byte >= 0x80; scale *= 128) {
      byte = content[at++] ?? 0xff;
      length += (byte & 0x7f) * scale;
      if (at > content.length || length > content.length) throw cutOff(input);
    }
    lengths.push(length);
  }
  const strings: Uint8Array[] = [];
  for (const length of lengths) {
    strings.push(content.subarray(at, at + length));
    at += length;
  }
  if (at !== content.length) throw cutOff(input);
  return strings;
}

function cutOff(input: string): FloeError {
  return wrong(input, 'tensor_content', 'tensor_content does not hold the strings that the shape needs');
}

type ValuesField = keyof TensorProto & `${string}_val`;

function valuesField(dtype: DType): ValuesField {
  switch (dtype) {
    case 'float32':
      return 'float_val';
    case 'float64':
      return 'double_val';
    case 'int64':
      return 'int64_val';
    case 'uint64':
      return 'uint64_val';
    case 'uint32':
      return 'uint32_val';
    case 'bool':
      return 'bool_val';
    case 'float16':
    case 'bfloat16':
      return 'half_val';
    case 'string':
      return 'string_val';
    default:
      return 'int_val';
  }
}

function valuesOf(dtype: DType, proto: TensorProto): NumericData {
  return proto[valuesField(dtype)] as NumericData;
}

function wrong(input: string, field: string, reason: string): FloeError {
  return invalid(`tensor parsing error: ${input}: ${reason}`, { tensor: input, field, reason });
}

const NOTHING: TensorProto = {
  dtype: 0,
  tensor_shape: undefined,
  version_number: 0,
  tensor_content: NO_BYTES,
  half_val: new Int32Array(0),
  float_val: new Float32Array(0),
  double_val: new Float64Array(0),
  int_val: new Int32Array(0),
  string_val: [],
  scomplex_val: new Float32Array(0),
  int64_val: new BigInt64Array(0),
  bool_val: new Uint8Array(0),
  dcomplex_val: new Float64Array(0),
  uint32_val: new Uint32Array(0),
  uint64_val: new BigUint64Array(0),
};

/** As TensorFlow Serving answers: elements in the list of their type, which clients read by its name. */
export function tensorToProto({ dtype, shape, data }: Tensor): TensorProto {
  return {
    ...NOTHING,
    dtype: DTYPES[dtype].tf,
    tensor_shape: { dim: shape.map((size) => ({ size, name: '' })), unknown_rank: false },
    [valuesField(dtype)]: data,
  };
}
