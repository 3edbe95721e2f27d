import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FloeError } from '../../src/errors.ts';
import { freeze } from '../../src/freeze.ts';
import { readTfjsModel } from '../../src/read/tfjs-model.ts';
import { frozenChunks } from '../../src/write/pb.ts';
import { filesOf, memoryFiles } from './golden.ts';
import { changedModel, type Place } from './tfjs-fixture.ts';

async function onlyFloeErrors(files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const work = async () => frozenChunks(await freeze(await readTfjsModel(memoryFiles(files), 'model.json')));
  const thrown = await work().then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown !== undefined) expect(thrown).toBeInstanceOf(FloeError);
}

/** Every place in a JSON value. */
function placesIn(json: unknown, place: Place = []): readonly Place[] {
  if (typeof json !== 'object' || json === null) return [place];
  return [place, ...Object.entries(json).flatMap(([key, value]) => placesIn(value, [...place, key]))];
}

const ODD = [
  null,
  true,
  -1,
  0,
  0.5,
  2 ** 53,
  1e308,
  '',
  'DT_FLOAT',
  '-1',
  '9'.repeat(40),
  'x:0',
  '^x',
  [],
  {},
  [[]],
  '__proto__',
];

test.each(['loop', 'weights', 'table'])(
  '%s with other values anywhere in its JSON is read or gives a FloeError',
  async (name) => {
    const model = JSON.parse(new TextDecoder().decode(filesOf(`tfjs/${name}`).get('model.json')));
    const place = fc.constantFrom(...placesIn(model).filter((path) => path.length > 0));
    const change = fc.tuple(place, fc.oneof(fc.constantFrom(...ODD), fc.jsonValue()));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        // A change may take away the place of the next one.
        const [first, ...rest] = changes;
        const outside = rest.filter(([inner]) => !inner.join().startsWith(String(first?.[0].join())));
        await onlyFloeErrors(changedModel(name, [first as (typeof changes)[0], ...outside.slice(0, 1)]));
      }),
      { numRuns: 300 },
    );
  },
);

test('a damaged text or damaged weights are read or give a FloeError', async () => {
  const files = filesOf('tfjs/weights');
  const names = [...files.keys()].filter((name) => name !== 'expected.json');
  const change = fc.record({
    name: fc.constantFrom(...names),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    byte: fc.nat(255),
  });
  const cut = fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.double({ min: 0, max: 1, noNaN: true }));
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), cut, async (changes, end) => {
      const damaged = new Map(files);
      for (const { name, at, byte } of changes) {
        const bytes = (damaged.get(name) as Uint8Array).slice();
        bytes[Math.floor(at * (bytes.byteLength - 1))] = byte;
        damaged.set(name, bytes.subarray(0, Math.ceil(bytes.byteLength * end)));
      }
      await onlyFloeErrors(damaged);
    }),
    { numRuns: 300 },
  );
});
