/** The model that a command is about: a source of any format or a frozen version's folder, and which part of it is wanted. */
import { join, resolve } from 'node:path';
import { type FreezeOptions, invalid, readSource, type Source } from '@floe/graph';
import type { Manifest } from '../core/manifest.ts';
import { exists, FROZEN_FILE, MANIFEST_FILE, readManifest } from '../store/version-folder.ts';

export interface Model {
  /** Absolute, of what was read: a version's `frozen.pb`, or the source. */
  readonly path: string;
  readonly source: Source;
  /** Of a frozen version. */
  readonly manifest?: Manifest;
}

/** Throws what `readSource` throws, and what an unreadable manifest does. */
export async function openModel(path: string): Promise<Model> {
  if (!(await exists(join(path, MANIFEST_FILE))) || !(await exists(join(path, FROZEN_FILE)))) {
    const whole = resolve(path);
    return { path: whole, source: await readSource(whole) };
  }
  const frozen = resolve(join(path, FROZEN_FILE));
  return { path: frozen, manifest: await readManifest(path), source: await readSource(frozen) };
}

/** `--signature`, `--inputs`, `--outputs` and `--set` as freezing takes them. */
export function freezeOptions(options: Readonly<Record<string, unknown>>): FreezeOptions {
  const { signature, inputs, outputs, set } = options;
  return {
    ...(signature === undefined ? {} : { signatures: [signature as string] }),
    ...(inputs === undefined ? {} : { inputs: inputs as readonly string[] }),
    ...(outputs === undefined ? {} : { outputs: outputs as readonly string[] }),
    ...(set === undefined ? {} : { set: assignments(set as readonly string[]) }),
  };
}

/** `['keep_prob=1']` -> `{ keep_prob: '1' }`. */
export function assignments(list: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const item of list) {
    const equals = item.indexOf('=');
    if (equals < 1) throw invalid(`--set ${item}: write it as name=value`, { field: '--set' });
    values[item.slice(0, equals)] = item.slice(equals + 1);
  }
  return values;
}
