import { type ErrorCode, FloeError } from '@floe/graph/base';

const CODES: ReadonlyMap<string | undefined, ErrorCode> = new Map([
  ['EACCES', 'PERMISSION_DENIED'],
  ['EPERM', 'PERMISSION_DENIED'],
  ['EMFILE', 'RESOURCE_EXHAUSTED'],
  ['ENFILE', 'RESOURCE_EXHAUSTED'],
  ['ENOMEM', 'RESOURCE_EXHAUSTED'],
]);

/** Why a version's file cannot be read: what this process lacks, else `otherwise`; absent: that it is not there, or that its disk does not give it. */
export function readError(cause: NodeJS.ErrnoException, file: string, otherwise?: ErrorCode): FloeError {
  const code = CODES.get(cause.code) ?? otherwise ?? (cause.code === 'ENOENT' ? 'NOT_FOUND' : 'UNAVAILABLE');
  return new FloeError(code, `${file} cannot be read: ${cause.message}`, { file }, cause);
}
