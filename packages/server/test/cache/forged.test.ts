/** Entries whose digest is right but whose header lies: whoever can write to the second level may write these. */
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { readEntry } from '../../src/cache/entry-format.ts';

interface Forged {
  readonly header?: unknown;
  readonly elements?: Uint8Array;
  readonly magic?: string;
  readonly headerLength?: number;
}

const STAMP = { key: 'key', version: 1, band: 0, epoch: 0, purges: 0 };
const output = (change: object): unknown => ({
  ...STAMP,
  outputs: [{ name: 'y', dtype: 'float32', shape: [2], bytes: 8, ...change }],
});

function forge({ header = output({}), elements = new Uint8Array(8), magic = 'FLC1', headerLength }: Forged): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const fixed = Buffer.alloc(8);
  fixed.write(magic, 'latin1');
  fixed.writeUInt32LE(headerLength ?? text.length, 4);
  const body = Buffer.concat([fixed, text, elements]);
  return Buffer.concat([body, createHash('sha256').update(body).digest()]);
}

it('the forger writes what is read', () => {
  expect(readEntry('key', forge({}))).toMatchObject({ version: 1, outputs: [{ name: 'y' }] });
});

it.each<[string, Forged]>([
  ['another format', { magic: 'FLC2' }],
  ['a header that is no JSON', { header: '{' }],
  ['a header that ends behind the end', { headerLength: 2 ** 32 - 1 }],
  ['a header of another shape', { header: { ...STAMP, outputs: 'none' } }],
  ['a version that is no number', { header: { ...STAMP, version: '1', outputs: [] }, elements: new Uint8Array(0) }],
  ['a negative band', { header: { ...STAMP, band: -1, outputs: [] }, elements: new Uint8Array(0) }],
  ['an unknown dtype', { header: output({ dtype: 'complex64' }) }],
  ['a dtype without elements', { header: output({ dtype: 'resource' }) }],
  ['a shape that does not fit', { header: output({ shape: [3] }) }],
  ['a shape of astronomical size', { header: output({ shape: [2 ** 52, 2 ** 52] }) }],
  ['fewer elements than said', { elements: new Uint8Array(4) }],
  ['more elements than said', { elements: new Uint8Array(12) }],
  [
    'strings that end behind the end',
    { header: output({ dtype: 'string', shape: [1], bytes: 4 }), elements: Uint8Array.of(9, 0, 0, 0) },
  ],
  [
    'fewer strings than said',
    { header: output({ dtype: 'string', shape: [2], bytes: 4 }), elements: new Uint8Array(4) },
  ],
  ['half a length', { header: output({ dtype: 'string', shape: [0], bytes: 2 }), elements: new Uint8Array(2) }],
])('%s is no entry', (_, forged) => {
  expect(readEntry('key', forge(forged))).toBeUndefined();
});
