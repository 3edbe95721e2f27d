/** Damaged files of each kind that is read: whatever they say, the reader gives a value or a FloeError that names the file. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { constNode } from '../../src/constants.ts';
import { FloeError } from '../../src/errors.ts';
import { freeze } from '../../src/freeze.ts';
import { METADATA_NODE, metadataText } from '../../src/metadata.ts';
import { BundleHeaderProto, GraphDef, MetaGraphDef, SavedModel } from '../../src/proto/tensorflow.ts';
import { crc32c, maskCrc } from '../../src/read/crc32c.ts';
import { frozenSource } from '../../src/read/frozen-graph.ts';
import { readTable } from '../../src/read/table.ts';
import { openBundle } from '../../src/read/tensor-bundle.ts';
import { parseText } from '../../src/read/text-format.ts';
import { damaged } from '../support/damage.ts';
import { filesOf, memoryFiles } from './golden.ts';

const FILE = 'the file';
const utf8 = new TextEncoder();

async function onlyFloeErrors(work: () => unknown): Promise<void> {
  const thrown = await Promise.resolve()
    .then(work)
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  if (thrown === undefined) return;
  expect(thrown).toBeInstanceOf(FloeError);
  expect((thrown as FloeError).details, String(thrown)).not.toEqual([]);
}

function holds(original: Uint8Array, read: (bytes: Uint8Array) => unknown, runs = 150): Promise<void> {
  const property = fc.asyncProperty(damaged(original), (bytes) => onlyFloeErrors(() => read(bytes)));
  return fc.assert(property, { numRuns: runs, seed: 7 });
}

const file = (model: string, path: string): Uint8Array => filesOf(model).get(path) as Uint8Array;

describe('damaged messages', () => {
  it.each([
    ['saved_model.pb', file('nested', 'saved_model.pb'), SavedModel],
    ['a MetaGraph', file('checkpoint', 'model-17.meta'), MetaGraphDef],
    ['a GraphDef', file('nested', 'saved_model.pb').subarray(0, 4000), GraphDef],
  ] as const)('%s', (_, bytes, message) => holds(bytes, (changed) => message.decode(changed, FILE)));

  it.each([...filesOf('text').keys()].filter((path) => path.endsWith('.pbtxt')))('%s', (path) => {
    const message = path.startsWith('nested') ? SavedModel : GraphDef;
    return holds(file('text', path), (changed) => parseText<unknown>(message, changed, FILE), 60);
  });

  it('text that nests a million messages', () => {
    const text = utf8.encode('library { function { node_def { '.repeat(350_000));
    expect(() => parseText(GraphDef, text, FILE)).toThrow(FloeError);
  });
});

/** A table of one block, its checksums right. */
function tableOf(block: Uint8Array): Uint8Array {
  const signed = (contents: Uint8Array): Uint8Array => {
    const bytes = new Uint8Array(contents.byteLength + 5);
    bytes.set(contents);
    new DataView(bytes.buffer).setUint32(contents.byteLength + 1, maskCrc(crc32c(bytes.subarray(0, -4))), true);
    return bytes;
  };
  const data = signed(block);
  const handle = [...varint(0), ...varint(block.byteLength)];
  const index = signed(Uint8Array.from([0, 1, handle.length, 0x7a, ...handle, 0, 0, 0, 0]));
  const footer = new Uint8Array(48);
  footer.set([0, 0, ...varint(data.byteLength), ...varint(index.byteLength - 5)]);
  new DataView(footer.buffer).setBigUint64(40, 0xdb4775248b80fb57n, true);
  return Uint8Array.from([...data, ...index, ...footer]);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

/** A block of a table with these entries. */
function blockOf(entries: readonly (readonly [key: string, value: Uint8Array])[]): Uint8Array {
  const bytes = entries.flatMap(([key, value]) => {
    const name = Buffer.from(key, 'latin1');
    return [0, ...varint(name.byteLength), ...varint(value.byteLength), ...name, ...value];
  });
  return Uint8Array.from([...bytes, 0, 0, 0, 0]);
}

describe('damaged checkpoints', () => {
  const files = filesOf('checkpoint');
  const index = files.get('model-17.index') as Uint8Array;
  const block = blockOf([...readTable(index, FILE)]);

  it('an index', () => holds(index, (changed) => readTable(changed, FILE)));

  it('an index whose checksums are right, and all tensors that it speaks of', async () => {
    expect(readTable(tableOf(block), FILE)).toEqual(readTable(index, FILE));
    await holds(block, async (changed) => {
      const bundle = await openBundle(memoryFiles(new Map(files).set('model-17.index', tableOf(changed))), 'model-17');
      for (const key of bundle.keys) await onlyFloeErrors(() => bundle.read({ key }));
    });
  });

  it('an index of few bytes with more keys than fit', () => {
    // Each entry has all of the key before it, and one more byte.
    const entries = Array.from({ length: 30_000 }, (_, i) => [...varint(i), 1, 0, 0x61]).flat();
    const header = blockOf([
      ['', BundleHeaderProto.encode({ num_shards: 1, endianness: 0, version: undefined })],
    ]).subarray(0, -4);
    const bytes = tableOf(Uint8Array.from([...header, ...entries, 0, 0, 0, 0]));
    expect(() => readTable(bytes, FILE)).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
  });
});

describe('damaged frozen graphs', () => {
  const signatures = {
    s: { inputs: {}, outputs: { y: { name: 'y:0', dtype: 'float32', shape: [-1] } }, methodName: '' },
  } as const;
  const checkpoint = {
    format: 'tfjs',
    globalStep: null,
    producers: { tensorflow: '', graphProducer: 0, graphMinConsumer: 0 },
    tags: [],
    digests: {},
  } as const;
  const text = utf8.encode(metadataText({ signatures, checkpoint }));

  it('metadata', () =>
    holds(text, (changed) => {
      const metadata = constNode(METADATA_NODE, { dtype: 'string', shape: [], data: [changed] });
      const y = constNode('y', { dtype: 'float32', shape: [1], data: Float32Array.of(1) });
      return freeze(
        frozenSource(GraphDef.encode({ node: [y, metadata], versions: undefined, library: undefined }), FILE),
      );
    }));
});
