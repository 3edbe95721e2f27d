/** `{"b64": "..."}`, TensorFlow Serving's way to put bytes into JSON: standard alphabet, padding optional. */
import { FloeError, invalid } from '@floe/graph/base';
import type { JsonScanner } from './scanner.ts';

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Throws INVALID_ARGUMENT where `text` is not base64. */
export function decodeBase64(text: string): Buffer {
  const bare = text.endsWith('=') ? text.replace(/=+$/, '') : text;
  if (!BASE64.test(text) || bare.length % 4 === 1) throw invalid('Unable to base64 decode');
  return Buffer.from(bare, 'base64');
}

/** Takes the object that comes next, whose one member has to be `b64`. */
export function base64Object(scanner: JsonScanner): Buffer {
  scanner.peek();
  const start = scanner.pos;
  let decoded: Buffer | undefined;
  let members = 0;
  scanner.object((name) => {
    members += 1;
    if (name === 'b64' && scanner.kind() === 'string') decoded = decodeBase64(scanner.string());
    else scanner.skip();
  });
  if (decoded === undefined || members !== 1) {
    throw new FloeError('INVALID_ARGUMENT', 'an object that is no {"b64": "..."}', { offset: start });
  }
  return decoded;
}
