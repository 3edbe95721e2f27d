/** Finds the checkpoint that belongs to a graph. */
import { basename } from 'node:path';
import { FloeError, invalid } from '../errors.ts';
import type { FileAccess } from '../source.ts';

/** The text file in which `tf.train.Saver` names the newest checkpoint of a folder. */
export const LATEST_FILE = 'checkpoint';
const INDEX = '.index';

/** Only the file's name counts: folders are moved after training. Throws INVALID_ARGUMENT where the file names none. */
export async function latestCheckpoint(files: FileAccess): Promise<string> {
  const text = new TextDecoder().decode(await files.read(LATEST_FILE));
  const name = /^model_checkpoint_path: "([^"]+)"/m.exec(text)?.[1];
  if (name === undefined) throw invalid(`${LATEST_FILE} does not name a checkpoint`, { file: LATEST_FILE });
  return basename(name);
}

/**
 * Prefix of the checkpoint beside the graph in `file`: that of the same name, else the newest by `checkpoint`, else the only one.
 * Throws NOT_FOUND where there is none and INVALID_ARGUMENT where there are several.
 */
export async function checkpointBeside(files: FileAccess, file: string): Promise<string> {
  const found = (await files.list('.')).filter((name) => name.endsWith(INDEX) && name !== INDEX);
  const prefixes = found.map((name) => name.slice(0, -INDEX.length));
  const own = prefixes.find((prefix) => file.startsWith(`${prefix}.`));
  if (own !== undefined) return own;
  if ((await files.size(LATEST_FILE)) !== undefined) return latestCheckpoint(files);
  const [only] = prefixes;
  if (only === undefined) {
    const message = `no checkpoint (.index and .data files) lies beside ${file}, which would hold the values of its variables`;
    throw new FloeError('NOT_FOUND', message, { file });
  }
  if (prefixes.length === 1) return only;
  const shown = prefixes.slice(0, 10).join(', ');
  throw invalid(`several checkpoints lie beside ${file}: ${shown}; give the one to read by its name`, { file });
}
