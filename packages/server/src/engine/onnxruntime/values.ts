/**
 * Tensor <-> OrtValue. An input's value lies over the JavaScript array's own memory, so the array has to stay reachable until the
 * value is released: `RunFrame` holds both. An output is copied once into an array of its own, and the value released at once.
 */
import { arrayFor, DTYPES, dtypeFromOnnx, FloeError, sizeOf, type Tensor } from '@floe/graph/base';
import { cell, MAX_RANK, type Runtime } from './native.ts';
import { check } from './status.ts';

/** Makes a value for `tensor`, whose data must outlive it. The caller releases it. */
export function createValue(runtime: Runtime, tensor: Tensor): bigint {
  return tensor.dtype === 'string' ? stringValue(runtime, tensor) : numericValue(runtime, tensor);
}

/** Copies a value's content. The caller still has to release it. */
export function readValue(runtime: Runtime, value: bigint): Tensor {
  const { api, library, scratch } = runtime;
  check(api, api.getTensorTypeAndShape(value, scratch.int, scratch.pointer, scratch.count), 'run');
  const onnxType = scratch.int[0] ?? 0;
  const dtype = dtypeFromOnnx(onnxType);
  if (dtype === undefined) throw new FloeError('UNIMPLEMENTED', `a result has the ONNX element type ${onnxType}`);
  const shape = readShape(runtime);
  if (dtype === 'string') return { dtype, shape, data: readStrings(runtime, value, sizeOf(shape)) };
  const data = new (arrayFor(dtype))(sizeOf(shape));
  if (data.byteLength > 0) {
    check(api, api.getTensorData(value, scratch.pointer), 'run');
    library.copy(data, cell(scratch.pointer), data.byteLength);
  }
  return { dtype, shape, data };
}

function numericValue(runtime: Runtime, tensor: Tensor): bigint {
  const { api, library, memoryInfo, scratch } = runtime;
  const data = tensor.data as Exclude<Tensor['data'], readonly Uint8Array[]>;
  // The address, not the array: koffi promises nothing about an array's memory once the call is over.
  const address = data.byteLength === 0 ? scratch.dims : library.addressOf(data);
  const rank = writeShape(runtime, tensor.shape);
  const type = DTYPES[tensor.dtype].onnx;
  const { dims, pointer } = scratch;
  check(api, api.createTensorWithData(memoryInfo, address, data.byteLength, dims, rank, type, pointer), 'run');
  return cell(pointer);
}

/** Strings are copied: the library keeps its own, and they may contain zero bytes. */
function stringValue(runtime: Runtime, tensor: Tensor): bigint {
  const { api, library, allocator, scratch } = runtime;
  const rank = writeShape(runtime, tensor.shape);
  check(api, api.createTensor(allocator, scratch.dims, rank, DTYPES.string.onnx, scratch.pointer), 'run');
  const value = cell(scratch.pointer);
  for (const [index, bytes] of (tensor.data as readonly Uint8Array[]).entries()) {
    if (bytes.byteLength === 0) continue;
    check(api, api.getStringElementBuffer(value, index, bytes.byteLength, scratch.pointer), 'run');
    library.copy(cell(scratch.pointer), bytes, bytes.byteLength);
  }
  return value;
}

function readStrings(runtime: Runtime, value: bigint, size: number): Uint8Array[] {
  if (size === 0) return [];
  const { api, scratch } = runtime;
  check(api, api.getStringDataLength(value, scratch.count), 'run');
  const length = Number(cell(scratch.count));
  const content = new Uint8Array(Math.max(1, length));
  const offsets = new BigUint64Array(size);
  check(api, api.getStringContent(value, content, length, offsets, size), 'run');
  return Array.from(offsets, (offset, i) => content.subarray(Number(offset), Number(offsets[i + 1] ?? length)));
}

function writeShape(runtime: Runtime, shape: readonly number[]): number {
  if (shape.length > MAX_RANK) throw new FloeError('UNIMPLEMENTED', `a tensor has ${shape.length} dimensions`);
  let rank = 0;
  for (const dim of shape) runtime.scratch.dims[rank++] = BigInt(dim);
  return rank;
}

/** Reads the dimensions that `getTensorTypeAndShape` left a pointer and a count of. */
function readShape({ library, scratch }: Runtime): number[] {
  const rank = Number(cell(scratch.count));
  if (rank > MAX_RANK) throw new FloeError('UNIMPLEMENTED', `a result has ${rank} dimensions`);
  if (rank > 0) library.copy(scratch.dims, cell(scratch.pointer), rank * scratch.dims.BYTES_PER_ELEMENT);
  const shape: number[] = [];
  for (let i = 0; i < rank; i++) shape.push(Number(scratch.dims[i]));
  return shape;
}
