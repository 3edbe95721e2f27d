/**
 * What TensorFlow's `ParseExample` ops make of serialised Examples: dense tensors (of fixed or varying length), sparse ones and ragged
 * ones. Messages of errors are TensorFlow's (`core/util/example_proto_fast_parsing.cc`), so that who knows them recognises them.
 */
import type { DType } from '../dtype.ts';
import { FloeError, invalid } from '../errors.ts';
import { arrayFor, sizeOf, type Tensor } from '../tensor.ts';
import { type FeatureKind, type Features, type FeatureValues, readExample } from './decode.ts';

export interface DenseFeature {
  readonly key: string;
  readonly dtype: FeatureKind;
  /** Of one example; -1 first where examples differ in length and are padded to the longest. */
  readonly shape: readonly number[];
  /** Without elements: the feature is required. For varying lengths, the padding. */
  readonly fallback: Tensor;
}

export interface ListFeature {
  readonly key: string;
  readonly dtype: FeatureKind;
}

export interface RaggedFeature extends ListFeature {
  readonly splits: 'int32' | 'int64';
}

export interface ParseConfig {
  readonly dense: readonly DenseFeature[];
  readonly sparse: readonly ListFeature[];
  readonly ragged: readonly RaggedFeature[];
}

export interface SparseTensor {
  readonly indices: Tensor;
  readonly values: Tensor;
  readonly shape: Tensor;
}

export interface Parsed {
  readonly dense: readonly Tensor[];
  readonly sparse: readonly SparseTensor[];
  readonly ragged: readonly { readonly values: Tensor; readonly splits: Tensor }[];
}

/** Which example an error speaks of; TensorFlow gives no name and number to one that came alone. */
interface Place {
  readonly name: string;
  readonly index: number;
  readonly alone: boolean;
}

/** TensorFlow's words for dtypes. */
const WORDS: Readonly<Record<FeatureKind, string>> = { float32: 'float', int64: 'int64', string: 'string' };
/** Elements of a batch padded to its longest row. */
const MOST_PADDED = 2 ** 26;

/**
 * `names` are for errors; `alone` says that one example is parsed without a batch (its tensors have the batch nevertheless).
 * Throws INVALID_ARGUMENT naming the key and the number of the example.
 */
export function parseExamples(
  serialized: readonly Uint8Array[],
  names: readonly string[],
  config: ParseConfig,
  alone = false,
): Parsed {
  const keys = new Set([...config.dense, ...config.sparse, ...config.ragged].map(({ key }) => key));
  const wanted = (name: string): boolean => keys.has(name);
  const rows = serialized.map((bytes) => readExample(bytes, wanted));
  const at = (index: number): Place => ({ name: names[index] ?? '<unknown>', index, alone });
  for (const [index, features] of rows.entries()) checkRow(features, config, at(index));
  return {
    dense: config.dense.map((feature) => stackDense(feature, rows, at)),
    sparse: config.sparse.map((feature) => sparseOf(feature, rows)),
    ragged: config.ragged.map((feature) => raggedOf(feature, rows)),
  };
}

/** An example is found wrong in the first of its features, whatever becomes of them. */
function checkRow(features: Features, { dense, sparse, ragged }: ParseConfig, place: Place): void {
  for (const feature of dense) {
    const found = features.get(feature.key);
    if (found === undefined) checkMissing(feature, place);
    else checkDense(feature, found, place);
  }
  for (const feature of [...sparse, ...ragged]) checkList(feature, features.get(feature.key), place);
}

function checkMissing({ key, dtype, shape, fallback }: DenseFeature, { name, index, alone }: Place): void {
  if (fallback.data.length > 0 || shape[0] === -1) return;
  const what = `Feature: ${key} (data type: ${WORDS[dtype]}) is required but could not be found.`;
  throw wrong(key, index, alone ? what : `Name: ${name}, ${what}`);
}

function checkDense({ key, dtype, shape }: DenseFeature, { kind, values }: FeatureValues, place: Place): void {
  if (kind !== dtype) {
    const types = `Data type: ${WORDS[kind]} but expected type: ${WORDS[dtype]}`;
    throw wrong(key, place.index, `${prefix(key, place)}Data types don't match. ${types}`);
  }
  const type = kind === 'string' ? 'bytes' : WORDS[kind];
  if (shape[0] === -1) {
    const stride = sizeOf(shape.slice(1));
    if (stride > 0 && values.length % stride === 0) return;
    const got = `Saw ${values.length} values but output shape is: ${show(shape)}`;
    const message = `Number of ${type} values is not a multiple of stride length. ${got}`;
    throw wrong(key, place.index, `${prefix(key, place)}${message}`);
  }
  if (values.length === sizeOf(shape)) return;
  if (place.alone) {
    const list = kind === 'string' ? 'bytes_list' : `${WORDS[kind]}_list`;
    const message = `Can't parse serialized Example: Some ${list} slice was not parsed.`;
    throw wrong(key, place.index, `${prefix(key, place)}${message}`);
  }
  const got = `Values size: ${values.length} but output shape: ${show(shape)}`;
  throw wrong(key, place.index, `${prefix(key, place)}Number of ${type} values != expected.  ${got}`);
}

function checkList({ key, dtype }: ListFeature, found: FeatureValues | undefined, place: Place): void {
  if (found === undefined || found.kind === dtype) return;
  const types = `Expected type: ${WORDS[dtype]}, Actual type: ${WORDS[found.kind]}`;
  throw wrong(key, place.index, `${prefix(key, place)}Data types don't match. ${types}`);
}

function prefix(key: string, { name, index, alone }: Place): string {
  return alone ? `Key: ${key}.  ` : `Name: ${name}, Key: ${key}, Index: ${index}.  `;
}

function wrong(key: string, index: number, message: string): FloeError {
  return invalid(message, { tensor: key, field: `examples[${index}]` });
}

function show(shape: readonly number[]): string {
  return `[${shape.map((dim) => (dim < 0 ? '?' : dim)).join(',')}]`;
}

function stackDense(feature: DenseFeature, rows: readonly Features[], at: (index: number) => Place): Tensor {
  const { key, dtype, fallback } = feature;
  const lists = rows.map((features) => features.get(key)?.values);
  if (feature.shape[0] === -1) return padded(feature, lists);
  const width = sizeOf(feature.shape);
  const data = emptyOf(dtype, rows.length * width);
  for (const [row, values = fallback.data] of lists.entries()) {
    if (values.length !== width)
      throw wrong(key, row, `${prefix(key, at(row))}The default has ${values.length} values where ${width} are needed`);
    put(data, values, row * width);
  }
  return { dtype, shape: [rows.length, ...feature.shape], data: data as Tensor['data'] };
}

function padded(
  { key, dtype, shape, fallback }: DenseFeature,
  lists: readonly (FeatureValues['values'] | undefined)[],
) {
  const inner = shape.slice(1);
  const stride = sizeOf(inner);
  const steps = lists.reduce((longest, values) => Math.max(longest, (values?.length ?? 0) / stride), 0);
  const width = steps * stride;
  if (lists.length * width > MOST_PADDED) {
    const message = `feature ${key}: ${lists.length} examples padded to ${width} elements each are too much`;
    throw new FloeError('RESOURCE_EXHAUSTED', message, { tensor: key });
  }
  const data = emptyOf(dtype, lists.length * width);
  const padding = fallback.data[0];
  if (padding !== undefined) (data as (typeof padding)[]).fill(padding);
  for (const [row, values] of lists.entries()) if (values !== undefined) put(data, values, row * width);
  return { dtype, shape: [lists.length, steps, ...inner], data: data as Tensor['data'] };
}

/** All values of a feature in order, and how many each example has. */
function flat({ key, dtype }: ListFeature, rows: readonly Features[]): { values: Tensor; lengths: readonly number[] } {
  const lists = rows.map((features) => features.get(key)?.values ?? []);
  const lengths = lists.map((values) => values.length);
  return { values: joined(dtype, lists), lengths };
}

/** Lists of elements of one dtype as one vector. */
export function joined(dtype: FeatureKind, lists: readonly ArrayLike<number | bigint | Uint8Array>[]): Tensor {
  const total = lists.reduce((sum, { length }) => sum + length, 0);
  const data = emptyOf(dtype, total);
  let at = 0;
  for (const values of lists) {
    put(data, values, at);
    at += values.length;
  }
  return { dtype, shape: [total], data: data as Tensor['data'] };
}

function sparseOf(feature: ListFeature, rows: readonly Features[]): SparseTensor {
  const { values, lengths } = flat(feature, rows);
  const indices = new BigInt64Array(2 * values.data.length);
  let at = 0;
  for (const [row, length] of lengths.entries()) {
    for (let i = 0; i < length; i++) {
      indices[at++] = BigInt(row);
      indices[at++] = BigInt(i);
    }
  }
  const widest = lengths.reduce((most, length) => Math.max(most, length), 0);
  return {
    indices: { dtype: 'int64', shape: [values.data.length, 2], data: indices },
    values,
    shape: { dtype: 'int64', shape: [2], data: BigInt64Array.of(BigInt(rows.length), BigInt(widest)) },
  };
}

function raggedOf(feature: RaggedFeature, rows: readonly Features[]): Parsed['ragged'][number] {
  const { values, lengths } = flat(feature, rows);
  return { values, splits: splitsOf(lengths, feature.splits) };
}

/** Where each row begins, and where the last one ends. */
export function splitsOf(lengths: readonly number[], dtype: 'int32' | 'int64'): Tensor {
  let end = 0;
  const ends = [0, ...lengths.map((length) => (end += length))];
  const data = dtype === 'int32' ? Int32Array.from(ends) : BigInt64Array.from(ends, BigInt);
  return { dtype, shape: [ends.length], data };
}

type Room = Float32Array | BigInt64Array | Uint8Array[];

function emptyOf(dtype: FeatureKind, size: number): Room {
  if (dtype === 'string') return new Array<Uint8Array>(size).fill(new Uint8Array(0));
  return new (arrayFor(dtype as DType))(size) as Room;
}

function put(data: Room, values: ArrayLike<number | bigint | Uint8Array>, at: number): void {
  if (ArrayBuffer.isView(data) && ArrayBuffer.isView(values)) {
    (data as Float32Array).set(values as Float32Array, at);
    return;
  }
  for (let i = 0; i < values.length; i++) (data as unknown[])[at + i] = values[i];
}
