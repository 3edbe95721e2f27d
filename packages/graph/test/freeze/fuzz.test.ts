import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FloeError } from '../../src/errors.ts';
import { freeze } from '../../src/freeze.ts';
import { readMetaGraph } from '../../src/read/meta-graph.ts';
import { readSavedModel } from '../../src/read/saved-model.ts';
import { frozenChunks } from '../../src/write/pb.ts';
import { filesOf, memoryFiles } from '../read/golden.ts';
import { damaged } from '../support/damage.ts';

const OPTIONS = { outputs: ['probs'], set: { keep_prob: 1 } };

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
