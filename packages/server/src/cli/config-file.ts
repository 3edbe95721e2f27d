/** Where options come from beside the command line: `floe.yaml`, the environment, and files that the environment names. */
import { readFile } from 'node:fs/promises';
import { FloeError } from '@floe/graph/base';
import { environmentName, resolveConfig, ServeConfig } from '../core/config.ts';
import { unreadable } from '../store/unreadable.ts';

export const DEFAULT_FILE = 'floe.yaml';
const FROM_FILE = '_FILE';

type Environment = Readonly<Record<string, string | undefined>>;

/** All layers put together. Throws NOT_FOUND, INVALID_ARGUMENT naming each wrong option and where it came from. */
export async function readConfig(
  flags: Readonly<Record<string, unknown>>,
  environment: Environment,
  file?: string,
): Promise<ServeConfig> {
  return resolveConfig(flags, await withSecretFiles(environment), await readFileOptions(file));
}

/** `FLOE_SQL_FILE=/run/secrets/sql` is `FLOE_SQL` with what is in that file, and so for every option: secrets stay out of the environment. */
async function withSecretFiles(environment: Environment): Promise<Environment> {
  const read = { ...environment };
  for (const option of Object.keys(ServeConfig.shape)) {
    const name = environmentName(option);
    const path = environment[`${name}${FROM_FILE}`];
    if (path === undefined) continue;
    if (environment[name] !== undefined) throw both(name);
    read[name] = (await readSecret(path, `${name}${FROM_FILE}`)).trim();
  }
  return read;
}

async function readSecret(path: string, field: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: Error) => {
    throw new FloeError(
      'NOT_FOUND',
      `${field}: ${path} cannot be read: ${cause.message}`,
      { field, file: path },
      cause,
    );
  });
}

function both(name: string): FloeError {
  return new FloeError('INVALID_ARGUMENT', `${name} and ${name}${FROM_FILE} are both there: which is meant?`, {
    field: name,
  });
}

/** Empty where no file is named and there is no default one. Throws NOT_FOUND, INVALID_ARGUMENT. */
export async function readFileOptions(path: string | undefined): Promise<Record<string, unknown>> {
  const file = path ?? DEFAULT_FILE;
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (path === undefined && cause.code === 'ENOENT') return '';
    return unreadable(file)(cause);
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
