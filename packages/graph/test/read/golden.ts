/** The models under `golden/`, and files in memory for changed copies of them. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { corrupt, FloeError } from '../../src/errors.ts';
import type { FileAccess } from '../../src/source.ts';
import { bytesOf, type Tensor } from '../../src/tensor.ts';

export function golden(path: string): string {
  return fileURLToPath(new URL(`../golden/${path}`, import.meta.url));
}

export interface Expected {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Bytes in hex; a list of them for strings. */
  readonly data: string | readonly string[];
}

export function expectedTensors(model: string): Readonly<Record<string, Expected>> {
  return JSON.parse(readFileSync(golden(`${model}/expected.json`), 'utf8')) as Record<string, Expected>;
}

export function describeTensor(tensor: Tensor): Expected {
  const { dtype, shape, data } = tensor;
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  return { dtype, shape, data: dtype === 'string' ? (data as readonly Uint8Array[]).map(hex) : hex(bytesOf(tensor)) };
}

/** All files of a model by relative path. */
export function filesOf(model: string): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const root = golden(model);
  for (const path of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (statSync(join(root, path)).isFile()) files.set(path, new Uint8Array(readFileSync(join(root, path))));
  }
  return files;
}

export function memoryFiles(files: ReadonlyMap<string, Uint8Array>): FileAccess {
  const get = (path: string): Uint8Array => {
    const bytes = files.get(path);
    if (bytes === undefined) throw new FloeError('NOT_FOUND', `there is no ${path}`, { file: path });
    return bytes;
  };
  return {
    list: (folder) => Promise.resolve([...files.keys()].filter((path) => folder === '.' || path.startsWith(folder))),
    read: async (path) => get(path).slice(),
    readRange: async (path, offset, length) => {
      if (offset + length > get(path).byteLength) throw corrupt(`${path} is cut off`, { file: path });
      return get(path).slice(offset, offset + length);
    },
    pieces: async function* (path, length) {
      for (let at = 0; at < get(path).byteLength; at += length) yield get(path).slice(at, at + length);
    },
    size: (path) => Promise.resolve(files.get(path)?.byteLength),
  };
}
