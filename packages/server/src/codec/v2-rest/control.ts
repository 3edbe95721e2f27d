/** Bodies of Triton's requests about the repository of models: `{"ready": true}`, `{"parameters": {...}}`, or none. */
import { invalid } from '@floe/graph/base';
import { JsonScanner } from '../json/scanner.ts';

/** Whether only what serves is asked for. Throws INVALID_ARGUMENT. */
export function readIndexRequest(body: Uint8Array): boolean {
  let ready = false;
  readMembers(body, 'ready', (scanner) => {
    const kind = scanner.kind();
    if (kind !== 'true' && kind !== 'false') throw invalid("Unable to parse 'ready'", { field: 'ready' });
    ready = scanner.boolean();
  });
  return ready;
}

/** Names of the parameters. Throws INVALID_ARGUMENT. */
export function readModelRequest(body: Uint8Array): readonly string[] {
  const names: string[] = [];
  readMembers(body, 'parameters', (scanner) => {
    if (scanner.kind() !== 'object') throw invalid("Unable to parse 'parameters'", { field: 'parameters' });
    scanner.object((name) => {
      names.push(name);
      scanner.skip();
    });
  });
  return names;
}

/** Passes over all members but the one. */
function readMembers(body: Uint8Array, wanted: string, read: (scanner: JsonScanner) => void): void {
  if (body.length === 0) return;
  const scanner = new JsonScanner(body);
  scanner.object((member) => {
    if (member === wanted) read(scanner);
    else scanner.skip();
  });
  if (scanner.peek() !== undefined) throw invalid(`unexpected bytes after the JSON at offset: ${scanner.pos}`);
}
