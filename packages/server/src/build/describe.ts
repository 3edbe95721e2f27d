/** What a person says of a model in `floe.json`: labels, preprocessing, padding and measured accuracy. */
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Description, parseDescription } from '../core/manifest.ts';
import { unreadable } from '../store/unreadable.ts';

const DESCRIPTION_FILE = 'floe.json';

/** Reads `path`, or the `floe.json` in or beside the source; an empty description where there is none. Throws NOT_FOUND, DATA_LOSS. */
export async function describeSource(source: string, path?: string): Promise<Description> {
  const file = path ?? (await besideSource(source));
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (path === undefined && cause.code === 'ENOENT') return undefined;
    return unreadable(file)(cause);
  });
  return text === undefined ? Description.parse({}) : parseDescription(text, file);
}

async function besideSource(source: string): Promise<string> {
  const isFolder = await stat(source).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  return join(isFolder ? source : dirname(resolve(source)), DESCRIPTION_FILE);
}
