/** Tensors: a dtype, a shape, and elements in one array, row by row. */
import { FloeClientError } from './errors.ts';

/** dtypes by their names in the Open Inference Protocol, and the arrays that hold them. FP16 and BF16 are held as their bits. */
export interface Elements {
  /** 0 or 1. */
  readonly BOOL: Uint8Array;
  readonly INT8: Int8Array;
  readonly UINT8: Uint8Array;
  readonly INT16: Int16Array;
  readonly UINT16: Uint16Array;
  readonly INT32: Int32Array;
  readonly UINT32: Uint32Array;
  readonly INT64: BigInt64Array;
  readonly UINT64: BigUint64Array;
  readonly FP16: Uint16Array;
  readonly BF16: Uint16Array;
  readonly FP32: Float32Array;
  readonly FP64: Float64Array;
  readonly BYTES: readonly Uint8Array[];
}
export type DType = keyof Elements;
export type NumericDType = Exclude<DType, 'BYTES'>;

export interface Tensor<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: readonly number[];
  readonly data: Elements[D];
}

type NumericArray = Elements[NumericDType];
type ArrayOf<D extends NumericDType> = new (buffer: ArrayBufferLike, offset: number, length: number) => Elements[D];

const ARRAYS: { readonly [D in NumericDType]: ArrayOf<D> & { readonly BYTES_PER_ELEMENT: number } } = {
  BOOL: Uint8Array,
  INT8: Int8Array,
  UINT8: Uint8Array,
  INT16: Int16Array,
  UINT16: Uint16Array,
  INT32: Int32Array,
  UINT32: Uint32Array,
  INT64: BigInt64Array,
  UINT64: BigUint64Array,
  FP16: Uint16Array,
  BF16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
};

/** UTF-8; one of each, as making one takes as long as a short text. */
export const ENCODER = new TextEncoder();
export const DECODER = new TextDecoder();

/** What an array holds unless it is said otherwise. */
const DTYPE_OF: ReadonlyMap<unknown, NumericDType> = new Map<unknown, NumericDType>([
  [Int8Array, 'INT8'],
  [Uint8Array, 'UINT8'],
  [Int16Array, 'INT16'],
  [Uint16Array, 'UINT16'],
  [Int32Array, 'INT32'],
  [Uint32Array, 'UINT32'],
  [BigInt64Array, 'INT64'],
  [BigUint64Array, 'UINT64'],
  [Float32Array, 'FP32'],
  [Float64Array, 'FP64'],
]);

export function isDType(name: string): name is DType {
  return name === 'BYTES' || name in ARRAYS;
}

export function elementBytes(dtype: NumericDType): number {
  return ARRAYS[dtype].BYTES_PER_ELEMENT;
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, dimension) => size * dimension, 1);
}

/**
 * A tensor of what `data` holds; texts are BYTES. Throws INVALID_ARGUMENT where the shape has another number of elements.
 *
 *   tensor(new Float32Array(784), [1, 28, 28, 1])
 *   tensor(['a', 'b'], [2])
 */
export function tensor(data: NumericArray, shape: readonly number[], dtype?: NumericDType): Tensor;
export function tensor(data: readonly (string | Uint8Array)[], shape: readonly number[]): Tensor<'BYTES'>;
export function tensor(
  data: NumericArray | readonly (string | Uint8Array)[],
  shape: readonly number[],
  dtype?: NumericDType,
): Tensor {
  if (sizeOf(shape) !== data.length)
    throw new FloeClientError(
      'INVALID_ARGUMENT',
      `shape [${shape}] needs ${sizeOf(shape)} elements, not ${data.length}`,
    );
  if (Array.isArray(data)) return { dtype: 'BYTES', shape, data: data.map(bytesOf) };
  const found = dtype ?? DTYPE_OF.get(data.constructor);
  if (found === undefined)
    throw new FloeClientError('INVALID_ARGUMENT', `a ${data.constructor.name} has to say its dtype`);
  if (!(data instanceof (ARRAYS[found] as never)))
    throw new FloeClientError('INVALID_ARGUMENT', `${found} is not held in a ${data.constructor.name}`);
  return { dtype: found, shape, data: data as NumericArray };
}

export type Nested = number | bigint | boolean | string | readonly Nested[];

/**
 * A tensor of lists in lists, such as images as rows of pixels; FP32 unless said otherwise, BYTES for texts. Throws INVALID_ARGUMENT where
 * lists that lie beside each other differ in length.
 */
export function fromNested(nested: Nested, dtype?: Exclude<NumericDType, 'FP16' | 'BF16'>): Tensor {
  const shape: number[] = [];
  for (let one = nested; Array.isArray(one); one = one[0] as Nested) shape.push(one.length);
  const flat: (number | bigint | boolean | string)[] = [];
  flatten(nested, shape, 0, flat);
  if (typeof flat[0] === 'string') return tensor(flat as string[], shape);
  const found = dtype ?? 'FP32';
  const values = found === 'INT64' || found === 'UINT64' ? flat.map((one) => BigInt(one)) : flat.map(Number);
  const array = new ARRAYS[found](new ArrayBuffer(flat.length * elementBytes(found)), 0, flat.length);
  (array as Float32Array).set(values as number[]);
  return { dtype: found, shape, data: array };
}

function flatten(nested: Nested, shape: readonly number[], depth: number, flat: unknown[]): void {
  if (depth === shape.length && !Array.isArray(nested)) return void flat.push(nested);
  if (!Array.isArray(nested) || nested.length !== shape[depth])
    throw new FloeClientError(
      'INVALID_ARGUMENT',
      `lists beside each other differ: ${shape[depth] ?? 'a value'} was expected`,
    );
  for (const one of nested as readonly Nested[]) flatten(one, shape, depth + 1, flat);
}

/** The same as lists in lists; texts of BYTES, and FP16 and BF16 as the numbers that they are. */
export function toNested(of: Tensor): Nested {
  const values: readonly Nested[] =
    of.dtype === 'BYTES'
      ? texts(of as Tensor<'BYTES'>)
      : of.dtype === 'FP16' || of.dtype === 'BF16'
        ? [...numbers(of)]
        : [...(of.data as Int32Array)];
  let lists: readonly Nested[] = of.dtype === 'BOOL' ? values.map(Boolean) : values;
  for (const size of of.shape.slice(1).reverse()) {
    const next: Nested[] = [];
    for (let at = 0; at < lists.length; at += Math.max(1, size)) next.push(lists.slice(at, at + size));
    lists = next;
  }
  return of.shape.length === 0 ? (lists[0] as Nested) : lists;
}

/** The texts of a BYTES tensor, as UTF-8. */
export function texts({ data }: Tensor<'BYTES'>): readonly string[] {
  return data.map((bytes) => DECODER.decode(bytes));
}

/** Elements as 64-bit floats, whatever they are held as. Throws INVALID_ARGUMENT for BYTES. */
export function numbers({ dtype, data }: Tensor): Float64Array {
  if (dtype === 'BYTES') throw new FloeClientError('INVALID_ARGUMENT', 'BYTES are no numbers');
  const elements = data as Uint16Array;
  if (dtype === 'FP16') return Float64Array.from(elements, halfOf);
  if (dtype === 'BF16') return Float64Array.from(elements, brainOf);
  return Float64Array.from(data as unknown as ArrayLike<number>, Number);
}

/** Source of the format: IEEE 754 binary16. */
function halfOf(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size =
    exponent === 31
      ? fraction === 0
        ? Number.POSITIVE_INFINITY
        : Number.NaN
      : exponent === 0
        ? fraction * 2 ** -24
        : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits >> 15 === 1 ? -size : size;
}

const WORD = new Uint32Array(1);
const FLOAT = new Float32Array(WORD.buffer);

/** The upper half of a 32-bit float. */
function brainOf(bits: number): number {
  WORD[0] = bits << 16;
  return FLOAT[0] as number;
}

/** Bytes as they go over the wire, little-endian; a view where there is no need to copy. */
export function wireBytes({ dtype, data }: Tensor): readonly Uint8Array[] {
  if (dtype !== 'BYTES') {
    const view = data as NumericArray;
    return [new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength)];
  }
  return (data as readonly Uint8Array[]).flatMap((bytes) => {
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, bytes.length, true);
    return [length, bytes];
  });
}

/** Back from them. Throws INTERNAL where the server sent another number of bytes than the shape has. */
export function fromWire(name: string, dtype: DType, shape: readonly number[], bytes: Uint8Array): Tensor {
  if (dtype === 'BYTES') return { dtype, shape, data: splitBytes(name, sizeOf(shape), bytes) };
  const size = elementBytes(dtype);
  if (bytes.length !== size * sizeOf(shape))
    throw new FloeClientError(
      'INTERNAL',
      `output ${name} has ${bytes.length} bytes instead of ${size * sizeOf(shape)}`,
    );
  // Arrays of wider elements begin at multiples of their width.
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  return { dtype, shape, data: new ARRAYS[dtype](aligned.buffer, aligned.byteOffset, sizeOf(shape)) };
}

function splitBytes(name: string, count: number, bytes: Uint8Array): readonly Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const items: Uint8Array[] = [];
  let at = 0;
  for (; items.length < count && at + 4 <= bytes.length; ) {
    const end = at + 4 + view.getUint32(at, true);
    items.push(bytes.subarray(at + 4, end));
    at = end;
  }
  if (items.length === count && at === bytes.length) return items;
  throw new FloeClientError('INTERNAL', `output ${name} does not hold ${count} byte strings`);
}

/** From lists in JSON. */
export function fromJson(name: string, dtype: DType, shape: readonly number[], data: readonly unknown[]): Tensor {
  const flat = data.flat(Number.POSITIVE_INFINITY);
  if (flat.length !== sizeOf(shape))
    throw new FloeClientError('INTERNAL', `output ${name} has ${flat.length} elements instead of ${sizeOf(shape)}`);
  if (dtype === 'BYTES') return tensor(flat.map(String), shape);
  if (dtype === 'FP16' || dtype === 'BF16')
    throw new FloeClientError('INTERNAL', `output ${name}: ${dtype} does not go as JSON`);
  return { ...fromNested(flat as Nested[], dtype), shape };
}

function bytesOf(item: string | Uint8Array): Uint8Array {
  return typeof item === 'string' ? ENCODER.encode(item) : item;
}
