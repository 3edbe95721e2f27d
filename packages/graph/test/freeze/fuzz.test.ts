import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FloeError } from '../../src/errors.ts';
import { freeze } from '../../src/freeze.ts';
import { readMetaGraph } from '../../src/read/meta-graph.ts';
import { readSavedModel } from '../../src/read/saved-model.ts';
import { frozenChunks } from '../../src/write/pb.ts';
import { filesOf, memoryFiles } from '../read/golden.ts';

const OPTIONS = { outputs: ['probs'], set: { keep_prob: 1 } };

/** Bytes with some changed and perhaps the end cut off. */
function damaged(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.tuple(fc.nat(bytes.byteLength - 1), fc.nat(255));
  const end = fc.oneof({ weight: 4, arbitrary: fc.constant(bytes.byteLength) }, fc.nat(bytes.byteLength));
  return fc.tuple(fc.array(change, { minLength: 1, maxLength: 12 }), end).map(([changes, cut]) => {
    const copy = bytes.slice();
    for (const [at, value] of changes) copy[at] = value;
    return copy.subarray(0, cut);
  });
}

test.each([
  ['saved_model.pb', 'nested', (files: ReadonlyMap<string, Uint8Array>) => readSavedModel(memoryFiles(files)), {}],
  [
    'model-17.meta',
    'checkpoint',
    (files: ReadonlyMap<string, Uint8Array>) => readMetaGraph(memoryFiles(files), 'model-17'),
    OPTIONS,
  ],
] as const)('a damaged %s is frozen or gives a FloeError, nothing else', async (file, model, read, options) => {
  const files = filesOf(model);
  await fc.assert(
    fc.asyncProperty(damaged(files.get(file) as Uint8Array), async (bytes) => {
      const work = async () => frozenChunks(await freeze(await read(new Map(files).set(file, bytes)), options));
      const thrown = await work().then(
        () => undefined,
        (error: unknown) => error,
      );
      if (thrown !== undefined) expect(thrown).toBeInstanceOf(FloeError);
    }),
    { numRuns: 400 },
  );
});
