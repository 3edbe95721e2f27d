/** Typed contents as a tensor. Small integers come as 32-bit ones; 16-bit floats have no list of their own and can only be raw. */
import { arrayFor, DTYPES, type DType, invalid, type NumericData, sizeOf, type Tensor } from '@floe/graph/base';
import { MAX_STRINGS } from '../json/dense.ts';
import type { InferTensorContents } from '../proto/inference.ts';

interface Declared {
  readonly name: string;
  readonly model: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

type List = keyof InferTensorContents;

/** The list that each type is in. */
const LISTS: Readonly<Partial<Record<DType, List>>> = {
  bool: 'bool_contents',
  int8: 'int_contents',
  int16: 'int_contents',
  int32: 'int_contents',
  int64: 'int64_contents',
  uint8: 'uint_contents',
  uint16: 'uint_contents',
  uint32: 'uint_contents',
  uint64: 'uint64_contents',
  float32: 'fp32_contents',
  float64: 'fp64_contents',
  string: 'bytes_contents',
};

/** What a list is of, where nothing else is known. */
const USUAL: Readonly<Record<List, string>> = {
  bool_contents: 'BOOL',
  int_contents: 'INT32',
  int64_contents: 'INT64',
  uint_contents: 'UINT32',
  uint64_contents: 'UINT64',
  fp32_contents: 'FP32',
  fp64_contents: 'FP64',
  bytes_contents: 'BYTES',
};

/** Throws INVALID_ARGUMENT where the contents are of another type or of another size than the tensor. */
export function contentsOf(declared: Declared, contents: InferTensorContents): Tensor {
  const { name, model, dtype, shape } = declared;
  const list = LISTS[dtype];
  for (const other in USUAL) {
    if (other === list || contents[other as List].length === 0) continue;
    const message = `unexpected explicit tensor data for input tensor '${name}' for model '${model}' of type '${USUAL[other as List]}', expected datatype '${DTYPES[dtype].v2}'`;
    throw invalid(message, { tensor: name, field: `contents.${other}` });
  }
  const values = list === undefined ? [] : contents[list];
  const size = sizeOf(shape);
  if (values.length !== size || size > (dtype === 'string' ? MAX_STRINGS : Number.POSITIVE_INFINITY)) {
    const width = Math.max(1, DTYPES[dtype].size);
    const message = `input byte size mismatch for input '${name}' for model '${model}'. Expected ${size * width}, got ${values.length * width}`;
    throw invalid(message, { tensor: name, field: `contents.${list ?? ''}` });
  }
  if (dtype === 'string') return { dtype, shape, data: contents.bytes_contents };
  const numbers = values as NumericData;
  const array = arrayFor(dtype);
  // The empty list is everybody's, but a tensor's memory is its own.
  if (size > 0 && numbers instanceof array) return { dtype, shape, data: numbers };
  const data = new array(size);
  data.set(numbers as never);
  return { dtype, shape, data };
}
