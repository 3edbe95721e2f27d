import { FloeError } from '@floe/graph/base';

/** For the reading of a file that a person named, as its `catch`: throws NOT_FOUND, which says the file and why. */
export function unreadable(file: string): (cause: Error) => never {
  return (cause) => {
    throw new FloeError('NOT_FOUND', `${file} cannot be read: ${cause.message}`, { file }, cause);
  };
}
