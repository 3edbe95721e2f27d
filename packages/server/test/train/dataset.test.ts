import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FloeError, type Tensor } from '@floe/graph';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { npyBytes } from '../../src/store/npy.ts';
import { npzBytes } from '../../src/store/npz.ts';
import { parseExamples, readDataset, writeDataset } from '../../src/train/dataset.ts';
import type { Examples } from '../../src/train/examples.ts';

const vector = (dtype: Tensor['dtype'], data: Tensor['data']): Tensor => ({ dtype, shape: [data.length], data });

function examples(labels: Examples['labels'] = Int32Array.of(0, 2, 2, 1)): Examples {
  const n = labels.length;
  const x: Tensor = { dtype: 'float32', shape: [n, 3], data: Float32Array.from({ length: 3 * n }, (_, at) => at / 7) };
  return {
    inputs: new Map([['x', x]]),
    labels,
    holdout: Uint8Array.from({ length: n }, (_, row) => row % 2),
    feedback: new Uint8Array(n),
  };
}

describe('a dataset snapshot', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'floe-dataset-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is read as it was written, and says what is in it', async () => {
    const manifest = await writeDataset(join(folder, 'a'), 'digits', examples());
    expect(manifest).toMatchObject({ n: 4, kind: 'classes', classes: { 0: 1, 2: 1 }, holdout: { n: 2 } });
    expect(await readDataset(join(folder, 'a'))).toEqual({ manifest, examples: examples() });
  });

  it('keeps numbers to come near to', async () => {
    const manifest = await writeDataset(join(folder, 'b'), 'prices', examples(Float64Array.of(0.5, -3)));
    expect(manifest).toMatchObject({ kind: 'numbers', classes: {} });
    expect((await readDataset(join(folder, 'b'))).examples.labels).toEqual(Float64Array.of(0.5, -3));
  });

  it('has the same digest of what is held out when examples to train on are added', async () => {
    const more = examples(Int32Array.of(0, 2, 2, 1, 1));
    const manifest = await writeDataset(join(folder, 'c'), 'digits', more);
    const first = await readDataset(join(folder, 'a'));
    expect(manifest.holdout).toEqual(first.manifest.holdout);
    expect(manifest.digest).not.toBe(first.manifest.digest);
  });

  it('is never overwritten', async () => {
    await expect(writeDataset(join(folder, 'a'), 'digits', examples())).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
  });

  it('is refused when its content is not what it says', async () => {
    await writeDataset(join(folder, 'd'), 'digits', examples());
    const file = join(folder, 'd', 'examples.npz');
    const bytes = await readFile(file);
    bytes[bytes.indexOf('NUMPY') + 140] = 1;
    await writeFile(file, bytes);
    await expect(readDataset(join(folder, 'd'))).rejects.toMatchObject({ code: 'DATA_LOSS' });
  });

  it('is missed by name', async () => {
    await expect(readDataset(join(folder, 'nowhere'))).rejects.toThrow(/nowhere\/dataset\.json cannot be read/);
  });

  const wrong: [string, Partial<Examples>, RegExp][] = [
    ['labels than rows', { labels: Int32Array.of(1) }, /input x has 4 rows, there are 1 labels/],
    ['than 0 and 1 in its split', { holdout: Uint8Array.of(0, 1, 2, 0) }, /holdout holds something else/],
    ['than classes', { labels: Int32Array.of(0, -1, 0, 0) }, /label of example 1 is -1/],
    ['than finite numbers', { labels: Float64Array.of(0, 1, 0, Number.NaN) }, /label of example 3 is NaN/],
    ['than inputs', { inputs: new Map() }, /no input/],
  ];
  for (const [what, change, message] of wrong) {
    it(`is not written with other ${what}`, () =>
      expect(writeDataset(join(folder, 'never'), 'x', { ...examples(), ...change })).rejects.toThrow(message));
  }
});

describe('the arrays of a snapshot', () => {
  const { inputs, holdout } = examples();
  const arrays = new Map<string, Tensor>([
    ['inputs/x', inputs.get('x') as Tensor],
    ['label', vector('int64', BigInt64Array.of(0n, 2n, 2n, 1n))],
    ['split', vector('uint8', holdout)],
    ['feedback', vector('uint8', new Uint8Array(4))],
  ]);
  const whole = npzBytes(arrays);

  it('may be compressed, and have any integers for labels', () => {
    const files = Object.fromEntries([...arrays].map(([name, tensor]) => [`${name}.npy`, npyBytes(tensor)]));
    expect(parseExamples(zipSync(files, { level: 9 }), 'a.npz')).toEqual(examples());
    expect(parseExamples(whole, 'a.npz')).toEqual(examples());
  });

  const bad: [string, string, Tensor | undefined, RegExp][] = [
    ['without labels', 'label', undefined, /array label is missing/],
    ['with strange labels', 'label', vector('bool', new Uint8Array(4)), /labels are bool/],
    [
      'with a table of labels',
      'label',
      { dtype: 'int32', shape: [2, 2], data: new Int32Array(4) },
      /instead of one dim/,
    ],
    ['with too large classes', 'label', vector('uint32', Uint32Array.of(0, 0, 0, 2 ** 32 - 1)), /example 3 is 21474/],
    ['with a wide split', 'split', vector('int32', new Int32Array(4)), /flags are int32/],
  ];
  for (const [what, name, tensor, message] of bad) {
    it(`are refused ${what}`, () => {
      const changed = new Map(arrays);
      if (tensor === undefined) changed.delete(name);
      else changed.set(name, tensor);
      expect(() => parseExamples(npzBytes(changed), 'a.npz')).toThrow(message);
    });
  }

  it('that are damaged are an error of ours or what they were', () => {
    const property = fc.property(
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      fc.nat(whole.length),
      (changes, end) => {
        const bytes = new Uint8Array(whole);
        for (const [at, value] of changes) bytes[at] = value;
        for (const part of [bytes, bytes.subarray(0, end)]) {
          try {
            parseExamples(part, 'a.npz');
          } catch (error) {
            expect(error).toBeInstanceOf(FloeError);
          }
        }
      },
    );
    fc.assert(property, { numRuns: 2000 });
  });
});
