/**
 * Large constants whose elements are made when somebody asks for them, and anew each time. Otherwise a model's weights would be in memory
 * once more for each step of the compiler that moves or scales them, until the last of them is written.
 */
import { DTYPES, type DType } from './dtype.ts';
import { arrayFor, type NumericData, numericView, sizeOf, type Tensor } from './tensor.ts';

/** Smaller ones are made at once: passes look into those. */
const LARGE = 1 << 16;

/** Gives an array for `length` elements, whose content does not matter. */
export type Allocate = (dtype: DType, length: number) => NumericData;

/** Fills an array that `allocate` gives it, once, and returns that. */
type Make = (allocate: Allocate) => NumericData;

const allocateNew: Allocate = (dtype, length) => new (arrayFor(dtype))(length);

class LateTensor implements Tensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly make: Make;

  constructor(dtype: DType, shape: readonly number[], make: Make) {
    this.dtype = dtype;
    this.shape = shape;
    this.make = make;
  }

  get data(): NumericData {
    return this.make(allocateNew);
  }
}

export function lateTensor(dtype: DType, shape: readonly number[], make: Make): Tensor {
  const isLarge = sizeOf(shape) * DTYPES[dtype].size >= LARGE;
  return isLarge ? new LateTensor(dtype, shape, make) : { dtype, shape, data: make(allocateNew) };
}

/** The same elements in another shape of as many. */
export function reshaped(tensor: Tensor, shape: readonly number[]): Tensor {
  const { dtype } = tensor;
  return tensor instanceof LateTensor ? new LateTensor(dtype, shape, tensor.make) : { dtype, shape, data: tensor.data };
}

/** The elements in an array of the caller's choice, which the caller may change. */
export function copiedData<Data extends NumericData>(tensor: Tensor, allocate: Allocate): Data {
  if (tensor instanceof LateTensor) return tensor.make(allocate) as Data;
  const copy = allocate(tensor.dtype, tensor.data.length) as { set(data: unknown): void };
  copy.set(tensor.data);
  return copy as Data;
}

/** Makes the elements of one late tensor after the other in the same memory. */
export class Scratch {
  private memory = new Uint8Array(0);

  /** The elements, valid until the next call. */
  data(tensor: Tensor): Tensor['data'] {
    return tensor instanceof LateTensor ? tensor.make(this.allocate) : tensor.data;
  }

  private readonly allocate: Allocate = (dtype, length) => {
    const bytes = length * DTYPES[dtype].size;
    if (bytes > this.memory.byteLength) this.memory = new Uint8Array(bytes);
    return numericView(dtype, this.memory.subarray(0, bytes));
  };
}
