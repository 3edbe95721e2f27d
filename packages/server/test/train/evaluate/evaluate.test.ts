import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readManifest } from '../../../src/store/version-folder.ts';
import { type Dataset, readDataset, writeDataset } from '../../../src/train/dataset.ts';
import { driftBetween, evaluate, scoreOf, storeEvaluation } from '../../../src/train/evaluate/evaluate.ts';
import { digitsFolder, type ModelsFolder } from '../../support/digits.ts';
import { digitExamples } from '../../support/digits-set.ts';

describe('an evaluation of the digits', () => {
  let models: ModelsFolder;
  let folder = '';
  let dataset: Dataset;
  const version = (n: number) => join(models.root, 'digits', String(n));

  beforeAll(async () => {
    models = await digitsFolder();
    folder = await mkdtemp(join(tmpdir(), 'floe-evaluate-'));
    await models.addVersion(2);
    const all = await digitExamples(1996);
    await writeDataset(join(folder, 'all'), 'digits', { ...all, holdout: new Uint8Array(1996).fill(1) });
    dataset = await readDataset(join(folder, 'all'));
  });
  afterAll(async () => {
    await models.remove();
    await rm(folder, { recursive: true, force: true });
  });

  it('finds what TensorFlow found, and writes it into the manifest', async () => {
    const evaluation = await evaluate(version(2), dataset);
    expect(evaluation).toMatchObject({ n: 1996, output: 'probs', dataset: { digest: dataset.manifest.digest } });
    expect(evaluation.metrics['accuracy']).toBeCloseTo(0.9815, 4);
    expect(evaluation.metrics['top5']).toBeGreaterThan(0.99);
    expect(evaluation.interval?.low).toBeGreaterThan(0.97);
    expect(evaluation.confusion?.reduce((sum, [, , count]) => sum + count, 0)).toBe(1996);
    await storeEvaluation(version(2), evaluation);
    const manifest = await readManifest(version(2));
    expect(manifest.evaluation).toEqual(evaluation);
    expect(manifest.accuracy).toMatchObject({ value: evaluation.metrics['accuracy'], n: 1996, split: 'holdout' });
    expect(scoreOf(evaluation)).toMatchObject({ metric: 'accuracy', holdout: dataset.manifest.holdout.digest });
  });

  it('finds no drift between equal versions', async () => {
    expect(await driftBetween(version(1), version(2), dataset)).toEqual({ meanAbsolute: 0, disagreement: 0 });
  });

  it('needs something that is held out', async () => {
    const none = { ...dataset, examples: { ...dataset.examples, holdout: new Uint8Array(1996) } };
    await expect(evaluate(version(1), none)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  });

  it('needs the inputs that the version takes', async () => {
    const inputs = new Map([['pixels', dataset.examples.inputs.get('x') as never]]);
    const other = { ...dataset, examples: { ...dataset.examples, inputs } };
    await expect(evaluate(version(1), other)).rejects.toThrow(/pixels/);
  });

  it('ends when it is cancelled', async () => {
    const reason = new Error('enough');
    await expect(evaluate(version(1), dataset, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
