import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constValue, readSource } from '@floe/graph';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freezeVersion } from '../../../src/build/freeze-version.ts';
import type { TrainContext, TrainRequest } from '../../../src/core/trainer.ts';
import { readManifest } from '../../../src/store/version-folder.ts';
import { readDataset, writeDataset } from '../../../src/train/dataset.ts';
import { driftBetween, evaluate } from '../../../src/train/evaluate/evaluate.ts';
import { trainHead } from '../../../src/train/head/trainer.ts';
import { EXAMPLE, FREEZE } from '../../support/digits.ts';
import { digitExamples } from '../../support/digits-set.ts';

let folder = '';
let base = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'floe-head-'));
  const source = join(EXAMPLE, 'undertrained', 'model.ckpt-30.meta');
  base = (await freezeVersion({ ...FREEZE, source, root: join(folder, 'models'), version: 1 })).folder;
  await writeDataset(join(folder, 'digits'), 'digits', await digitExamples(1996));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Keeps what was said. */
function listener(controller = new AbortController()) {
  const heard = { logs: [] as string[], epochs: [] as number[], progress: [] as number[] };
  const context: TrainContext = {
    signal: controller.signal,
    progress: (share) => heard.progress.push(share),
    log: (text) => heard.logs.push(text),
    metric: ({ epoch = 0 }) => heard.epochs.push(epoch),
    checkpointed: async () => {},
  };
  return { ...heard, context, controller };
}

function request(name: string, parameters: TrainRequest['parameters'] = {}): TrainRequest {
  const output = join(folder, name);
  return {
    dataset: join(folder, 'digits'),
    base,
    output,
    version: 2,
    checkpoint: join(folder, `${name}-checkpoint`),
    parameters,
  };
}

describe('the head trainer', () => {
  it('makes a better version of the undertrained digits, with one layer and more so with two', async () => {
    const dataset = await readDataset(join(folder, 'digits'));
    const before = (await evaluate(base, dataset)).metrics['accuracy'] as number;
    const heard = listener();
    const one = await trainHead(request('one'), heard.context);
    const two = await trainHead(request('two', { layers: 2 }), listener().context);
    const [after, later] = [await evaluate(one.folder, dataset), await evaluate(two.folder, dataset)];
    expect(before).toBeLessThan(0.8);
    expect(after.metrics['accuracy']).toBeGreaterThan(0.8);
    expect(later.metrics['accuracy']).toBeGreaterThan(0.88);
    expect(heard.progress.at(-1)).toBeGreaterThan(0.5);
    expect(heard.progress).toEqual([...heard.progress].sort((a, b) => a - b));
  });

  it('changes the bytes of the weights and no other, and says where the version comes from', async () => {
    const [old, made] = await Promise.all(
      [base, join(folder, 'one/digits/2')].map((version) => readFile(join(version, 'frozen.pb'))),
    );
    const { graph } = await readSource(join(base, 'frozen.pb'));
    let changed = (old?.length ?? 0) === made?.length ? 0 : Number.POSITIVE_INFINITY;
    for (let at = 0; at < (old?.length ?? 0); at++) if (old?.[at] !== made?.[at]) changed++;
    const weights = constValue(graph.byName.get('dense2/kernel') as never);
    expect(changed).toBeGreaterThan(480);
    expect(changed).toBeLessThanOrEqual(4 * (weights.data.length + 10));
    const manifest = await readManifest(join(folder, 'one/digits/2'));
    expect(manifest).toMatchObject({
      version: 2,
      labels: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
      lineage: { source: 'digits/1', training: { trainer: 'head', baseVersion: 1, seed: 1 } },
    });
    expect(manifest.accuracy).toBeUndefined();
  });

  it('gives the same bytes again, also when it was interrupted and goes on', async () => {
    const heard = listener();
    const interrupted = request('again');
    const stopped = trainHead(interrupted, {
      ...heard.context,
      metric: ({ epoch }) => {
        if (epoch === 3) heard.controller.abort(new Error('the worker stops'));
      },
    });
    await expect(stopped).rejects.toThrow('the worker stops');
    const second = listener();
    const { folder: made } = await trainHead(interrupted, second.context);
    expect(second.logs).toEqual(['features of 1597 examples, 1597 known already', 'goes on after epoch 3']);
    const frozen = (path: string) => readFile(join(path, 'frozen.pb'));
    expect((await frozen(made)).equals(await frozen(join(folder, 'one/digits/2')))).toBe(true);
  });

  it('begins anew where the checkpoint is of another training, or damaged', async () => {
    const { checkpoint } = request('one');
    for (const [name, parameters] of [
      ['other', { seed: 2 }],
      ['damaged', {}],
    ] as const) {
      const again = request(name, { ...parameters, steps: 1 });
      await cp(checkpoint, again.checkpoint, { recursive: true });
      if (name === 'damaged') await writeFile(join(again.checkpoint, 'head.npz'), 'PK no zip');
      const heard = listener();
      await trainHead(again, heard.context);
      expect(heard.logs.join('\n')).toMatch(/checkpoint is not gone on from: .*(another training|no whole zip)/);
      expect(heard.epochs[0]).toBe(1);
    }
  });

  it('fails where the loss is no number any more', async () => {
    const wild = request('wild', { learningRate: 10, l2: 10, steps: 5000, patience: 5000 });
    await expect(trainHead(wild, listener().context)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  });

  const wrong: [string, TrainRequest['parameters'], RegExp][] = [
    ['that does not exist', { epoch: 3 }, /parameter set of the head trainer: .*epoch/],
    ['out of its range', { batch: 0 }, /parameter batch of the head trainer/],
  ];
  for (const [what, parameters, message] of wrong) {
    it(`refuses a parameter ${what}`, () =>
      expect(trainHead(request('never', parameters), listener().context)).rejects.toThrow(message));
  }

  it('refuses a class that the model does not have', async () => {
    const examples = await digitExamples(10);
    examples.labels[3] = 10;
    await writeDataset(join(folder, 'strange'), 'strange', examples);
    const strange = { ...request('never'), dataset: join(folder, 'strange') };
    await expect(trainHead(strange, listener().context)).rejects.toThrow('example 3 is of class 10, the model has 10');
  });

  it('changes little where there is little to learn from', async () => {
    const dataset = await readDataset(join(folder, 'digits'));
    const { folder: made } = await trainHead(request('little', { learningRate: 1e-6, steps: 1 }), listener().context);
    const { meanAbsolute } = await driftBetween(base, made, dataset);
    expect(meanAbsolute).toBeGreaterThan(0);
    expect(meanAbsolute).toBeLessThan(1e-3);
  });
});
