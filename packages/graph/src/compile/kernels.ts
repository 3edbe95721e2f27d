/**
 * For which dtypes ONNX Runtime's CPU provider has a kernel, and how a value of another dtype gets through one: cast to a wider type
 * in which the operation is exact, and back. Source: sessions of one node per op and dtype opened on onnxruntime-node 1.30; an op
 * that is not listed takes every dtype.
 */
import type { DType } from '../dtype.ts';

const FLOATS: readonly DType[] = ['float32', 'float64'];
const FLOAT32: readonly DType[] = ['float32'];
const NUMBERS: readonly DType[] = ['float32', 'float64', 'int32', 'int64'];
const ARITHMETIC: readonly DType[] = [...NUMBERS, 'int16', 'int8', 'uint16', 'uint32', 'uint64', 'uint8'];
const ORDERED: readonly DType[] = [...NUMBERS, 'int8', 'uint32', 'uint64', 'uint8'];
const REDUCED: readonly DType[] = [...NUMBERS, 'int8', 'uint8'];

function table(
  rows: readonly (readonly [ops: string, dtypes: readonly DType[]])[],
): ReadonlyMap<string, ReadonlySet<DType>> {
  return new Map(rows.flatMap(([ops, dtypes]) => ops.split(' ').map((op) => [op, new Set(dtypes)] as const)));
}

const KERNELS = table([
  ['Acos Acosh Asin Asinh Atan Atanh Cosh Sinh Tan Erf Elu LeakyRelu Selu Softplus Softsign', FLOAT32],
  ['AveragePool Conv ConvTranspose GlobalAveragePool LRN', FLOAT32],
  ['BatchNormalization Ceil Cos Exp Floor Gemm Log LogSoftmax Reciprocal Round', FLOATS],
  ['Sigmoid Sin Softmax Sqrt Tanh IsNaN IsInf', FLOATS],
  ['Abs Add Sub Mul Div Mod Sign Greater GreaterOrEqual Less LessOrEqual', ARITHMETIC],
  ['Equal', [...ARITHMETIC, 'bool']],
  ['Neg', [...NUMBERS, 'int16', 'int8']],
  ['Relu', FLOATS],
  ['Clip Max Min', ORDERED],
  ['MatMul', [...NUMBERS, 'uint32', 'uint64']],
  ['Pow CumSum Einsum ReduceSum ReduceMean ReduceProd', NUMBERS],
  ['ReduceMax ReduceMin ArgMax ArgMin', REDUCED],
  ['TopK', [...REDUCED, 'int16']],
  ['DepthToSpace SpaceToDepth MaxPool', ['float32', 'float64', 'int8', 'uint8']],
  ['Pad', [...ORDERED, 'bool']],
  ['Where', [...NUMBERS, 'uint8', 'string']],
  ['NonZero', ['bool', 'float32', 'int32', 'int64', 'uint8']],
  ['Range', [...NUMBERS, 'int16']],
  ['Resize', ['float32', 'int32', 'int8', 'uint8']],
]);

/** Types that hold every value of a type, nearest first; sums and products wrap around on the way back as they would have. */
const WIDER: Partial<Record<DType, readonly DType[]>> = {
  float16: ['float32'],
  bool: ['uint8', 'int32', 'float32'],
  int8: ['int16', 'int32', 'int64', 'float32'],
  uint8: ['int16', 'int32', 'int64', 'float32'],
  int16: ['int32', 'int64', 'float32'],
  uint16: ['int32', 'int64', 'float32'],
  int32: ['int64', 'float64'],
  uint32: ['int64', 'float64'],
  // Two's complement: moves, sums and products are the same bits; see `signed` for what must not come here.
  uint64: ['int64'],
};

/** Ops for which a uint64 seen as an int64 would give another answer. */
const SIGNED = new Set(['ReduceMax', 'ReduceMin', 'ArgMax', 'ArgMin', 'TopK', 'ReduceMean', 'Pow', 'Relu', 'MaxPool']);

/** Before operator set 14 ONNX has no arithmetic on integers of 8 and 16 bits. */
const NARROW_SINCE = 14;
const ARITHMETIC_OPS = new Set(['Add', 'Sub', 'Mul', 'Div']);
const NARROW: ReadonlySet<DType> = new Set(['int8', 'int16', 'uint8', 'uint16']);

const WITHOUT_KERNELS: ReadonlySet<DType> = new Set(['bfloat16', 'complex64', 'complex128', 'resource', 'variant']);

/** The dtype in which ONNX Runtime can run `op` on values of `dtype` exactly; undefined where there is none. */
export function kernelDtype(op: string, dtype: DType, opset: number): DType | undefined {
  if (WITHOUT_KERNELS.has(dtype)) return undefined;
  if (opset < NARROW_SINCE && ARITHMETIC_OPS.has(op) && NARROW.has(dtype)) return 'int32';
  const kernels = KERNELS.get(op);
  if (kernels === undefined || kernels.has(dtype)) return dtype;
  if (dtype === 'uint64' && SIGNED.has(op)) return undefined;
  return WIDER[dtype]?.find((wider) => kernels.has(wider));
}
