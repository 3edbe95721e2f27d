/** `floe.yaml`: options in a file. */
import { readFile } from 'node:fs/promises';
import { FloeError } from '@floe/graph/base';

const DEFAULT_FILE = 'floe.yaml';

/** Empty where no file is named and there is no default one. Throws NOT_FOUND, INVALID_ARGUMENT. */
export async function readFileOptions(path: string | undefined): Promise<Record<string, unknown>> {
  const file = path ?? DEFAULT_FILE;
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (path === undefined && cause.code === 'ENOENT') return '';
    throw new FloeError('NOT_FOUND', `${file} cannot be read: ${cause.message}`, { file }, cause);
  });
  if (text === '') return {};
  const { parse } = await import('yaml');
  try {
    const options: unknown = parse(text) ?? {};
    if (typeof options === 'object' && !Array.isArray(options)) return options as Record<string, unknown>;
  } catch (cause) {
    throw new FloeError('INVALID_ARGUMENT', `${file} is not YAML: ${(cause as Error).message}`, { file }, cause);
  }
  throw new FloeError('INVALID_ARGUMENT', `${file} has to be a list of option: value`, { file });
}
