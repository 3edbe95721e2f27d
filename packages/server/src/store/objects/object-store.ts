/**
 * Where models, datasets and checkpoints lie that more than one machine uses: bytes by key. Keys are paths with `/`, below whatever the store
 * was opened at.
 *
 *   const objects = await openObjectStore('s3://models/production?endpoint=https://s3.example.com');
 *   await objects.put('digits/channels.json', bytes, { ifMatch: etag });
 */
import { FloeError, invalid } from '@floe/graph/base';

export interface StoredObject {
  readonly bytes: Uint8Array;
  /** Another one as soon as the bytes are others. */
  readonly etag: string;
}

/** When to write: the object is as it was read, or there is none. */
export type Condition = { readonly ifMatch: string } | { readonly ifAbsent: true };

export interface ObjectEntry {
  readonly key: string;
  readonly bytes: number;
  readonly modified: Date;
}

/** All throw INVALID_ARGUMENT for what is no key, PERMISSION_DENIED, UNAVAILABLE, RESOURCE_EXHAUSTED (full), naming the object. */
export interface ObjectStore {
  /** As people name it, without secrets. */
  readonly url: string;
  /** Undefined where there is none; `unchanged` where it is the one of `etag` still. */
  get(key: string, etag?: string): Promise<StoredObject | 'unchanged' | undefined>;
  /** Writes it to a new file, whole or not at all. False where there is none. */
  download(key: string, file: string): Promise<boolean>;
  /** The new etag; undefined where the condition does not hold, and nothing was written. */
  put(key: string, bytes: Uint8Array, condition?: Condition): Promise<string | undefined>;
  upload(key: string, file: string): Promise<void>;
  /** Also where there is none. */
  delete(key: string): Promise<void>;
  /** Those whose keys begin with `prefix`, by key. */
  list(prefix: string): AsyncIterable<ObjectEntry>;
  close(): void;
}

const LONGEST_KEY = 900;

/** Throws INVALID_ARGUMENT for what could lead anywhere else. */
export function checkKey(key: string): void {
  const parts = key.split('/');
  const isPath = parts.every((part) => part !== '' && part !== '.' && part !== '..');
  if (isPath && key.length <= LONGEST_KEY && !/[\p{Cc}\\]/u.test(key) && key.isWellFormed()) return;
  throw invalid(`${JSON.stringify(key)} is no key of an object`, { field: 'key' });
}

/** The JSON of an object. Throws DATA_LOSS naming it. */
export function jsonOf({ bytes }: StoredObject, key: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new FloeError('DATA_LOSS', `${key} is not JSON: ${(cause as Error).message}`, { file: key }, cause);
  }
}

export function jsonBytes(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}
