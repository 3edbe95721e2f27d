/**
 * Looks into a registry root: `<model>/<version>/` with a frozen version (`model.json`) or a plain SavedModel (`saved_model.pb`).
 * Hidden names and anything else are passed over.
 */
import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FloeError } from '@floe/graph/base';
import { exists, FROZEN_FILE, listVersions, MANIFEST_FILE, readManifest } from '../store/version-folder.ts';

/** A version that is there to be loaded. */
export interface FoundVersion {
  readonly model: string;
  readonly version: number;
  /** Where it lies; of one that is published elsewhere, where it will. */
  readonly folder: string;
  readonly kind: 'frozen' | 'saved-model' | 'published';
  /** Changes when a file of the version does: a version that failed is tried again then. */
  readonly fingerprint: string;
  /** Bytes of graph and weights on disk. */
  readonly bytes: number;
}

/** Versions by model, ascending. Throws NOT_FOUND where the root is no folder. */
export async function scanRoot(root: string): Promise<ReadonlyMap<string, readonly FoundVersion[]>> {
  const entries = await readdir(root, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    throw new FloeError(
      'NOT_FOUND',
      `the models folder ${root} cannot be read: ${cause.message}`,
      { file: root },
      cause,
    );
  });
  const models = new Map<string, readonly FoundVersion[]>();
  for (const entry of entries) {
    if (entry.isFile() || entry.name.startsWith('.')) continue;
    const found = await scanModel(join(root, entry.name), entry.name);
    if (found.length > 0) models.set(entry.name, found);
  }
  return models;
}

/** Versions of one model, ascending; none where the folder is not there. */
export async function scanModel(folder: string, model: string): Promise<readonly FoundVersion[]> {
  const found: FoundVersion[] = [];
  for (const version of await listVersions(folder)) {
    const one = await scanVersion(join(folder, String(version)), model, async () => version);
    if (one !== undefined) found.push(one);
  }
  return found;
}

/** A version that lies straight in the model's folder; it has the number of its manifest, else 1. */
export async function scanLone(folder: string, model: string): Promise<readonly FoundVersion[]> {
  const numberOf = async (kind: FoundVersion['kind']): Promise<number> => {
    if (kind !== 'frozen') return 1;
    // One that is damaged is found all the same: loading it says what is wrong.
    return readManifest(folder).then(
      ({ version }) => version,
      () => 1,
    );
  };
  const one = await scanVersion(folder, model, numberOf);
  return one === undefined ? [] : [one];
}

async function scanVersion(
  folder: string,
  model: string,
  numberOf: (kind: FoundVersion['kind']) => Promise<number>,
): Promise<FoundVersion | undefined> {
  const kind = await kindOf(folder);
  if (kind === undefined) return undefined;
  const files = kind === 'frozen' ? [MANIFEST_FILE, FROZEN_FILE] : await savedModelFiles(folder);
  return { model, version: await numberOf(kind), folder, kind, ...(await measure(folder, files)) };
}

async function kindOf(folder: string): Promise<FoundVersion['kind'] | undefined> {
  if (await exists(join(folder, MANIFEST_FILE))) return 'frozen';
  return (await exists(join(folder, 'saved_model.pb'))) ? 'saved-model' : undefined;
}

async function savedModelFiles(folder: string): Promise<readonly string[]> {
  const variables = await readdir(join(folder, 'variables')).catch(() => []);
  return ['saved_model.pb', ...variables.sort().map((name) => join('variables', name))];
}

async function measure(folder: string, files: readonly string[]): Promise<{ fingerprint: string; bytes: number }> {
  const hash = createHash('sha256').update(folder);
  let bytes = 0;
  for (const file of files) {
    const entry = await stat(join(folder, file), { bigint: true }).catch(() => undefined);
    hash.update(`${file} ${entry?.size} ${entry?.mtimeNs}\n`);
    bytes += Number(entry?.size ?? 0n);
  }
  return { fingerprint: hash.digest('hex').slice(0, 24), bytes };
}
