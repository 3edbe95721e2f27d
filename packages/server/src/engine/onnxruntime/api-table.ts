/**
 * The functions of ONNX Runtime's C API that the engine calls, by their place in the `OrtApi` table. The table only ever grows at its
 * end, so a place never changes; `self-check.ts` proves them at start.
 * Source: the order of `struct OrtApi` in the public header `onnxruntime_c_api.h`.
 */
import { FloeError } from '@floe/graph/base';
import type { Library, NativeType, Pointer, PointerLike } from './library.ts';

/** Version of the table that has all of these: `getTensorTypeAndShape` came last, with 1.24. */
export const API_VERSION = 24;

interface Signature {
  readonly index: number;
  /** `pointer` stands for an `OrtStatus *`, null if all went well. */
  readonly result: NativeType;
  readonly args: readonly NativeType[];
}

const P = 'pointer';
const FUNCTIONS = {
  getErrorCode: { index: 1, result: 'int', args: [P] },
  getErrorMessage: { index: 2, result: 'text', args: [P] },
  /** (log level, log id, out env) */
  createEnv: { index: 3, result: P, args: ['int', 'text', P] },
  disableTelemetry: { index: 6, result: P, args: [P] },
  /** (env, path, session options, out session) */
  createSession: { index: 7, result: P, args: [P, 'text', P, P] },
  /** (env, model bytes, their count, session options, out session) */
  createSessionFromArray: { index: 8, result: P, args: [P, P, 'size', P, P] },
  /** (session, run options, input names, inputs, count, output names, count, out outputs) */
  run: { index: 9, result: P, args: [P, P, P, P, 'size', P, 'size', P] },
  createSessionOptions: { index: 10, result: P, args: [P] },
  setGraphOptimizationLevel: { index: 23, result: P, args: [P, 'int'] },
  setIntraOpNumThreads: { index: 24, result: P, args: [P, 'int'] },
  getInputCount: { index: 30, result: P, args: [P, P] },
  getOutputCount: { index: 31, result: P, args: [P, P] },
  /** (session, index, out type info) */
  getInputTypeInfo: { index: 33, result: P, args: [P, 'size', P] },
  getOutputTypeInfo: { index: 34, result: P, args: [P, 'size', P] },
  /** (session, index, allocator, out text) */
  getInputName: { index: 36, result: P, args: [P, 'size', P, P] },
  getOutputName: { index: 37, result: P, args: [P, 'size', P, P] },
  /** (allocator, shape, rank, element type, out value) */
  createTensor: { index: 48, result: P, args: [P, P, 'size', 'int', P] },
  /** (memory info, data, bytes, shape, rank, element type, out value) */
  createTensorWithData: { index: 49, result: P, args: [P, P, 'size', P, 'size', 'int', P] },
  getTensorData: { index: 51, result: P, args: [P, P] },
  getStringDataLength: { index: 53, result: P, args: [P, P] },
  /** (value, out bytes, their count, out offsets, their count) */
  getStringContent: { index: 54, result: P, args: [P, P, 'size', P, 'size'] },
  /** (type info, out tensor info that the type info owns) */
  castToTensorInfo: { index: 55, result: P, args: [P, P] },
  getOnnxType: { index: 56, result: P, args: [P, P] },
  getElementType: { index: 60, result: P, args: [P, P] },
  getDimensionsCount: { index: 61, result: P, args: [P, P] },
  /** (tensor info, out dimensions, their count) */
  getDimensions: { index: 62, result: P, args: [P, P, 'size'] },
  /** (allocator type, memory type, out memory info) */
  createCpuMemoryInfo: { index: 69, result: P, args: ['int', 'int', P] },
  allocatorFree: { index: 76, result: P, args: [P, P] },
  getDefaultAllocator: { index: 78, result: P, args: [P] },
  releaseStatus: { index: 93, result: 'void', args: [P] },
  releaseSession: { index: 95, result: 'void', args: [P] },
  releaseValue: { index: 96, result: 'void', args: [P] },
  releaseTypeInfo: { index: 98, result: 'void', args: [P] },
  releaseSessionOptions: { index: 100, result: 'void', args: [P] },
  /** (session options, key, value) */
  addConfigEntry: { index: 130, result: P, args: [P, 'text', 'text'] },
  /** (string value, index, bytes, out buffer) */
  getStringElementBuffer: { index: 252, result: P, args: [P, 'size', 'size', P] },
  hasShape: { index: 390, result: 'bool', args: [P] },
  /** (value, out element type, out pointer to the dimensions, out rank) */
  getTensorTypeAndShape: { index: 414, result: P, args: [P, P, P, P] },
} as const satisfies Record<string, Signature>;

type Functions = typeof FUNCTIONS;
type Given<T extends NativeType> = T extends 'pointer' ? PointerLike : T extends 'text' ? string : number;
type Returned<T extends NativeType> = T extends 'pointer'
  ? Pointer
  : T extends 'text'
    ? string
    : T extends 'bool'
      ? boolean
      : T extends 'void'
        ? undefined
        : number;
type Args<T extends readonly NativeType[]> = { readonly [I in keyof T]: Given<T[I]> };
type Done<T extends NativeType> = (error: Error | null, result: Returned<T>) => void;

interface Native<F extends Signature> {
  (...args: Args<F['args']>): Returned<F['result']>;
  async(...args: [...Args<F['args']>, Done<F['result']>]): void;
}

export type Api = { readonly [K in keyof Functions]: Native<Functions[K]> };

/** The table of the loaded library. Throws UNIMPLEMENTED if the library is older than the table. */
export function readApiTable(library: Library): { readonly api: Api; readonly version: string } {
  const base = library.symbol('OrtGetApiBase', 'pointer', [])() as Pointer;
  if (base === null) throw new FloeError('UNIMPLEMENTED', 'libonnxruntime has no API');
  const [getApi = 0n, getVersion = 0n] = pointersAt(library, base, 2);
  const version = library.functionAt(getVersion, 'text', [])() as string;
  const minor = Number(version.split('.')[1]);
  if (!version.startsWith('1.') || !(minor >= API_VERSION))
    throw new FloeError('UNIMPLEMENTED', `libonnxruntime is ${version}, 1.${API_VERSION} or newer is needed`);
  const table = library.functionAt(getApi, 'pointer', ['int'])(API_VERSION) as Pointer;
  if (table === null) throw new FloeError('UNIMPLEMENTED', `libonnxruntime ${version} refuses API ${API_VERSION}`);
  return { api: bind(library, table), version };
}

function bind(library: Library, table: bigint): Api {
  const rows = Object.entries<Signature>(FUNCTIONS);
  const pointers = pointersAt(library, table, 1 + Math.max(...rows.map(([, row]) => row.index)));
  const functions = rows.map(([name, { index, result, args }]) => {
    const address = pointers[index];
    if (address === undefined || address === 0n)
      throw new FloeError('UNIMPLEMENTED', `libonnxruntime lacks function ${index} (${name})`);
    return [name, library.functionAt(address, result, args)];
  });
  return Object.fromEntries(functions) as Api;
}

function pointersAt(library: Library, address: bigint, count: number): BigUint64Array {
  const pointers = new BigUint64Array(count);
  library.copy(pointers, address, pointers.byteLength);
  return pointers;
}
