/** What TensorFlow 1's `Saver` writes: `<prefix>.meta` (the graph), `<prefix>.index` and `<prefix>.data-*` (the variables). */
import { sha256 } from '../digest.ts';
import { FloeError } from '../errors.ts';
import { MetaGraphDef } from '../proto/tensorflow.ts';
import type { FileAccess, Source } from '../source.ts';
import { sourceFromMeta } from './meta-source.ts';
import { decodeFile } from './text-format.ts';

const PARTS = /\.(meta|index|data-\d{5}-of-\d{5})$/;

/** The prefix that names a checkpoint, from the name of any of its files. */
export function checkpointPrefix(name: string): string {
  return name.replace(PARTS, '');
}

/**
 * `name` is the `.meta` or `.index` file, or their prefix; `file` the MetaGraph where it has another name.
 * Throws NOT_FOUND, DATA_LOSS, UNIMPLEMENTED.
 */
export async function readMetaGraph(
  files: FileAccess,
  name: string,
  file = `${checkpointPrefix(name)}.meta`,
): Promise<Source> {
  const prefix = checkpointPrefix(name);
  if ((await files.size(file)) === undefined) {
    throw new FloeError('NOT_FOUND', `${file} is missing: a checkpoint without its graph cannot be frozen`, { file });
  }
  const bytes = await files.read(file);
  const meta = decodeFile(MetaGraphDef, bytes, file);
  return sourceFromMeta({
    files,
    format: 'meta-graph',
    meta,
    file,
    digest: sha256(bytes),
    checkpoint: await checkpointOf(files, prefix),
  });
}

/** `prefix`, where it is a checkpoint that can be read. Throws NOT_FOUND, UNIMPLEMENTED (version 1). */
export async function checkpointOf(files: FileAccess, prefix: string): Promise<string> {
  if ((await files.size(`${prefix}.index`)) !== undefined) return prefix;
  if ((await files.size(prefix)) !== undefined) {
    throw new FloeError(
      'UNIMPLEMENTED',
      `${prefix} is a checkpoint of the old version 1; save it again with write_version=V2`,
      { file: prefix },
    );
  }
  throw new FloeError('NOT_FOUND', `${prefix}.index is missing: the graph has no checkpoint`, {
    file: `${prefix}.index`,
  });
}
