/** The inputs and outputs of a native session as TensorSpecs. */
import { dtypeFromOnnx, FloeError, type TensorSpec } from '@floe/graph/base';
import type { Api } from './api-table.ts';
import { cell, type Runtime } from './native.ts';
import { check } from './status.ts';

/** `ONNXType`: tensors are the only values that Floe knows. */
const TENSOR = 1;

export function describeInputs(runtime: Runtime, session: bigint): TensorSpec[] {
  const { getInputCount, getInputName, getInputTypeInfo } = runtime.api;
  return describe(runtime, session, getInputCount, getInputName, getInputTypeInfo);
}

export function describeOutputs(runtime: Runtime, session: bigint): TensorSpec[] {
  const { getOutputCount, getOutputName, getOutputTypeInfo } = runtime.api;
  return describe(runtime, session, getOutputCount, getOutputName, getOutputTypeInfo);
}

/** Inputs and outputs have functions of their own, of the same kinds. */
function describe(
  runtime: Runtime,
  session: bigint,
  getCount: Api['getInputCount'],
  getName: Api['getInputName'],
  getTypeInfo: Api['getInputTypeInfo'],
): TensorSpec[] {
  const { api, allocator, scratch } = runtime;
  check(api, getCount(session, scratch.count), 'load');
  return Array.from({ length: Number(cell(scratch.count)) }, (_, i) => {
    check(api, getName(session, i, allocator, scratch.pointer), 'load');
    const name = takeText(runtime);
    check(api, getTypeInfo(session, i, scratch.pointer), 'load');
    return takeSpec(runtime, name);
  });
}

/** The text whose address is in the scratch cell; it is ours to free. */
function takeText({ api, library, allocator, scratch }: Runtime): string {
  const address = cell(scratch.pointer);
  const text = library.text(address);
  check(api, api.allocatorFree(allocator, address), 'load');
  return text;
}

/** The spec of the type info whose address is in the scratch cell; it is ours to release. */
function takeSpec(runtime: Runtime, name: string): TensorSpec {
  const { api, scratch } = runtime;
  const typeInfo = cell(scratch.pointer);
  try {
    check(api, api.getOnnxType(typeInfo, scratch.int), 'load');
    if (scratch.int[0] !== TENSOR) throw unsupported(name, 'is no tensor');
    check(api, api.castToTensorInfo(typeInfo, scratch.pointer), 'load');
    return readSpec(runtime, name, cell(scratch.pointer));
  } finally {
    api.releaseTypeInfo(typeInfo);
  }
}

function readSpec({ api, scratch }: Runtime, name: string, info: bigint): TensorSpec {
  check(api, api.getElementType(info, scratch.int), 'load');
  const dtype = dtypeFromOnnx(scratch.int[0] ?? 0);
  if (dtype === undefined) throw unsupported(name, `has the ONNX element type ${scratch.int[0]}`);
  if (!api.hasShape(info)) return { name, dtype, shape: null };
  check(api, api.getDimensionsCount(info, scratch.count), 'load');
  const rank = Number(cell(scratch.count));
  const dims = new BigInt64Array(Math.max(1, rank));
  check(api, api.getDimensions(info, dims, rank), 'load');
  return { name, dtype, shape: Array.from(dims.subarray(0, rank), Number) };
}

function unsupported(name: string, problem: string): FloeError {
  return new FloeError('UNIMPLEMENTED', `tensor ${JSON.stringify(name)} ${problem}`, { tensor: name });
}
