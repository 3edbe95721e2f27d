/**
 * Element types. One table holds every name and number that a format or protocol gives to a type.
 * Sources: TensorFlow `types.proto`, ONNX `onnx.proto` (TensorProto.DataType), Open Inference Protocol V2 ("Tensor Data Types").
 */

interface DTypeRow {
  /** `DataType` in TensorFlow's `types.proto`. */
  readonly tf: number;
  /** `TensorProto.DataType` in ONNX; 0 where ONNX has none. */
  readonly onnx: number;
  /** Name in the Open Inference Protocol; empty where it has none. */
  readonly v2: string;
  /** Bytes per element; 0 for strings. */
  readonly size: number;
}

export const DTYPES = {
  float32: { tf: 1, onnx: 1, v2: 'FP32', size: 4 },
  float64: { tf: 2, onnx: 11, v2: 'FP64', size: 8 },
  int32: { tf: 3, onnx: 6, v2: 'INT32', size: 4 },
  uint8: { tf: 4, onnx: 2, v2: 'UINT8', size: 1 },
  int16: { tf: 5, onnx: 5, v2: 'INT16', size: 2 },
  int8: { tf: 6, onnx: 3, v2: 'INT8', size: 1 },
  string: { tf: 7, onnx: 8, v2: 'BYTES', size: 0 },
  complex64: { tf: 8, onnx: 14, v2: '', size: 8 },
  int64: { tf: 9, onnx: 7, v2: 'INT64', size: 8 },
  bool: { tf: 10, onnx: 9, v2: 'BOOL', size: 1 },
  bfloat16: { tf: 14, onnx: 16, v2: 'BF16', size: 2 },
  uint16: { tf: 17, onnx: 4, v2: 'UINT16', size: 2 },
  complex128: { tf: 18, onnx: 15, v2: '', size: 16 },
  float16: { tf: 19, onnx: 10, v2: 'FP16', size: 2 },
  resource: { tf: 20, onnx: 0, v2: '', size: 0 },
  variant: { tf: 21, onnx: 0, v2: '', size: 0 },
  uint32: { tf: 22, onnx: 12, v2: 'UINT32', size: 4 },
  uint64: { tf: 23, onnx: 13, v2: 'UINT64', size: 8 },
} as const satisfies Record<string, DTypeRow>;

export type DType = keyof typeof DTYPES;

/** TensorFlow marks the dtype of a reference to a variable by adding this to the plain one. */
const REF_OFFSET = 100;

const byTf = new Map<number, DType>();
const byOnnx = new Map<number, DType>();
const byV2 = new Map<string, DType>();
for (const [name, row] of Object.entries(DTYPES) as [DType, DTypeRow][]) {
  byTf.set(row.tf, name);
  if (row.onnx !== 0) byOnnx.set(row.onnx, name);
  if (row.v2 !== '') byV2.set(row.v2, name);
}

/** Quantised numbers are plain ones, of which the ops that take them say what they stand for: qint8, quint8, qint32, qint16, quint16. */
const QUANTISED: ReadonlyMap<number, DType> = new Map<number, DType>([
  [11, 'int8'],
  [12, 'uint8'],
  [13, 'int32'],
  [15, 'int16'],
  [16, 'uint16'],
]);

/** The dtype of a TensorFlow `DataType` number, reference types included; undefined if Floe does not know it. */
export function dtypeFromTf(code: number): DType | undefined {
  const plain = code > REF_OFFSET ? code - REF_OFFSET : code;
  return byTf.get(plain) ?? QUANTISED.get(plain);
}

export function dtypeFromOnnx(code: number): DType | undefined {
  return byOnnx.get(code);
}

/** The dtype of an Open Inference Protocol name such as `FP32`. */
export function dtypeFromV2(name: string): DType | undefined {
  return byV2.get(name);
}
