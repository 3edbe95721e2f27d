/** Lines of a stream of bytes, each as soon as it is whole; of one that is too long, the beginning. */
import { StringDecoder } from 'node:string_decoder';

const LONGEST = 64 * 1024;

export async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let begun = '';
  for await (const chunk of bytes) {
    const [first = '', ...others] = decoder.write(chunk as Buffer).split('\n');
    const last = others.pop();
    begun = cut(begun + first);
    if (last === undefined) continue;
    yield trimmed(begun);
    for (const line of others) yield trimmed(cut(line));
    begun = cut(last);
  }
  begun = cut(begun + decoder.end());
  if (begun !== '') yield trimmed(begun);
}

function cut(line: string): string {
  return line.length > LONGEST ? line.slice(0, LONGEST) : line;
}

function trimmed(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
