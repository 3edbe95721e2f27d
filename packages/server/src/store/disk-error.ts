/** What the disk refused, as a FloeError that says what to do about it. */
import { type ErrorCode, FloeError } from '@floe/graph/base';

const REASONS: ReadonlyMap<string, readonly [code: ErrorCode, reason: string]> = new Map([
  ['ENOSPC', ['RESOURCE_EXHAUSTED', 'the disk is full']],
  ['EDQUOT', ['RESOURCE_EXHAUSTED', 'the quota of the disk is used up']],
  ['EMFILE', ['RESOURCE_EXHAUSTED', 'too many files are open']],
  ['ENFILE', ['RESOURCE_EXHAUSTED', 'too many files are open']],
  ['ENOMEM', ['RESOURCE_EXHAUSTED', 'there is no memory for it']],
  ['EIO', ['UNAVAILABLE', 'the disk fails']],
  ['EACCES', ['PERMISSION_DENIED', 'it may not be written']],
  ['EPERM', ['PERMISSION_DENIED', 'it may not be written']],
  ['EROFS', ['PERMISSION_DENIED', 'the file system is read-only']],
  // What Node says of folders in a read-only file system that it is to make one within the other.
  ['ENOENT', ['PERMISSION_DENIED', 'its folder cannot be made: the file system may be read-only']],
  ['ENOTDIR', ['INVALID_ARGUMENT', 'a part of the path is a file, not a folder']],
  ['EEXIST', ['INVALID_ARGUMENT', 'there is a file of that name']],
]);

/** `thrown` while something was written below `path`; what is no error of the file system stays as it is. */
export function diskError(thrown: unknown, path: string): unknown {
  const { code = '', path: at = path } = (thrown ?? {}) as NodeJS.ErrnoException;
  const known = thrown instanceof FloeError ? undefined : REASONS.get(code);
  if (known === undefined) return thrown;
  return new FloeError(known[0], `${at} cannot be written: ${known[1]}`, { file: at }, thrown);
}
