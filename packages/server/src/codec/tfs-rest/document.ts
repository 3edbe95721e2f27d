/** What TensorFlow Serving asks of every body, and in which words it says what is wrong. */
import { type FloeError, invalid } from '@floe/graph/base';
import { JsonScanner } from '../json/scanner.ts';
import { debugString } from './debug-string.ts';

/** INVALID_ARGUMENT that shows the body. */
export function format(body: Uint8Array, reason: string): FloeError {
  return invalid(`JSON Value: ${debugString(body, 0)} ${reason}`);
}

/** Throws INVALID_ARGUMENT where the body is no object; its members are not looked at. */
export function checkDocument(body: Uint8Array): void {
  if (body.length === 0) throw invalid('JSON Parse error: The document is empty');
  const scanner = new JsonScanner(body);
  if (scanner.peek() === undefined) throw invalid(`JSON Parse error: The document is empty. at offset: ${scanner.pos}`);
  if (scanner.kind() === 'object') return;
  scanner.skip();
  throw format(body, 'Is not object');
}

/** The signature's name at `offset`; empty where there is none. */
export function nameAt(body: Uint8Array, offset: number | undefined): string {
  if (offset === undefined) return '';
  const scanner = new JsonScanner(body, offset);
  if (scanner.kind() === 'string') return scanner.string();
  throw format(body, "not formatted correctly. 'signature_name' key must be a string value.");
}
