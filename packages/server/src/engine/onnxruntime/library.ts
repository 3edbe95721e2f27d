/**
 * libonnxruntime in this process: found inside the package `onnxruntime-node`, loaded through koffi once, held for the process's life
 * (koffi unloads a library whose handle is collected, and the next call crashes). The only file that imports koffi.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { FloeError } from '@floe/graph/base';
import { forbidTelemetry } from '../no-telemetry.ts';

/** Address of native memory; null is the null pointer. */
export type Pointer = bigint | null;

/** What a native function takes as a pointer: an address, or a typed array, whose memory is passed in place. */
export type PointerLike = Pointer | ArrayBufferView;

export type NativeType = 'pointer' | 'text' | 'int' | 'size' | 'bool' | 'void';

/** A native function; `async` runs it on a thread of libuv's pool. */
export interface NativeFunction {
  // biome's and TypeScript's types end at this border: `api-table.ts` gives every function its own.
  (...args: readonly unknown[]): unknown;
  async(...args: readonly unknown[]): void;
}

/** The few native powers that the engine is built on. */
export interface Library {
  /** Version of the package that the library came with, such as `1.30.0`. */
  readonly packageVersion: string;
  /** An exported function of libonnxruntime. */
  symbol(name: string, result: NativeType, args: readonly NativeType[]): NativeFunction;
  /** The function at an address. */
  functionAt(address: bigint, result: NativeType, args: readonly NativeType[]): NativeFunction;
  /** Address of an array's memory. It stays put while the array is reachable; koffi does not keep it so. */
  addressOf(array: ArrayBufferView): bigint;
  copy(to: PointerLike, from: PointerLike, bytes: number): void;
  /** The zero-terminated UTF-8 text at an address. */
  text(address: bigint): string;
  /** Gives freed memory back to the system, where the C library can (glibc). */
  trim(): Promise<void>;
}

/** Native stacks are koffi's: the default of 128 KiB overflows on nested `If`s. Pages that are never touched cost nothing. */
const STACK_BYTES = 4 << 20;
const RESIDENT_STACKS = 32;

const FILES: Readonly<Record<string, string>> = {
  'linux-x64': 'linux/x64/libonnxruntime.so.1',
  'linux-arm64': 'linux/arm64/libonnxruntime.so.1',
  'darwin-arm64': 'darwin/arm64/libonnxruntime.1.dylib',
};
const SUPPORTED = 'Linux x64 and arm64 with glibc, macOS arm64';

const TYPES: Readonly<Record<NativeType, string>> = {
  pointer: 'void *',
  text: 'const char *',
  int: 'int',
  size: 'size_t',
  bool: 'bool',
  void: 'void',
};

/** Path of the library inside the package's `bin` folder. Throws UNIMPLEMENTED on a platform that has none. */
export function libraryFile(platform: string, arch: string): string {
  const file = FILES[`${platform}-${arch}`];
  if (file === undefined) throw unsupported(`${platform} ${arch}`);
  return join('bin', 'napi-v6', file);
}

let loaded: Promise<Library> | undefined;

/** The library, loaded by the first call. Throws UNIMPLEMENTED where it cannot be. */
export function loadLibrary(): Promise<Library> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Library> {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve('onnxruntime-node/package.json');
  const path = join(dirname(manifest), libraryFile(process.platform, process.arch));
  const { default: koffi } = await import('koffi');
  forbidTelemetry();
  koffi.config({
    sync_stack_size: STACK_BYTES,
    async_stack_size: STACK_BYTES,
    resident_async_pools: RESIDENT_STACKS,
  });
  const native = open(() => koffi.load(path));
  const process_ = koffi.load(null);
  const types = (list: readonly NativeType[]): string[] => list.map((type) => TYPES[type]);
  const { version } = require(manifest) as { version: string };
  return {
    packageVersion: version,
    symbol: (name, result, args) => native.func(name, TYPES[result], types(args)),
    functionAt: (address, result, args) => koffi.decode(address, koffi.proto(TYPES[result], types(args))),
    addressOf: (array) => koffi.address(array),
    copy: process_.func('memcpy', 'void *', ['void *', 'void *', 'size_t']),
    text: (address) => koffi.decode(address, 'char', -1),
    trim: trimmer(() => process_.func('malloc_trim', 'int', ['size_t'])),
  };
}

function open<T>(load_: () => T): T {
  try {
    return load_();
  } catch (error) {
    throw unsupported(`${process.platform} ${process.arch} as it is here`, error);
  }
}

function trimmer(find: () => NativeFunction): () => Promise<void> {
  if (process.platform !== 'linux') return async () => {};
  const trim = find();
  return () => new Promise((resolve) => trim.async(0, () => resolve()));
}

function unsupported(platform: string, cause?: unknown): FloeError {
  const message = `the onnxruntime engine does not run on ${platform}; supported are ${SUPPORTED}`;
  return new FloeError('UNIMPLEMENTED', message, [], cause);
}
