/** A data scientist's Keras script, run by `floe worker`: killed on the way, gone on with elsewhere, frozen, measured, published. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tensor } from '@floe/graph/base';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { npzBytes } from '../../packages/server/src/store/npz.ts';
import { digitExamples } from '../../packages/server/test/support/digits-set.ts';
import { frozenDigits } from '../../packages/server/test/support/frozen-digits.ts';
import { server } from '../postgres/server.ts';
import { FloeProcess, floe } from './processes.ts';

const postgres = server();
let folder = '';
const started: FloeProcess[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'floe-keras-'));
});
afterAll(async () => {
  for (const process of started) await process.end('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

async function start(...args: readonly string[]): Promise<FloeProcess> {
  const process = await new FloeProcess(args).start();
  started.push(process);
  return process;
}

interface JobView {
  readonly id: string;
  readonly state: string;
  readonly attempt: number;
  readonly progress: number;
  readonly result: { readonly version: number; readonly score: { readonly value: number } };
}

it('trains the whole network, on the worker that is left when the first is killed', async () => {
  const models = join(folder, 'models');
  const sql = await postgres.process.database('keras');
  const { inputs, labels, holdout } = await digitExamples(1996);
  const arrays = new Map<string, Tensor>([
    ['inputs/x', inputs.get('x') as Tensor],
    ['label', { dtype: 'int32', shape: [labels.length], data: labels as Int32Array }],
    ['split', { dtype: 'uint8', shape: [labels.length], data: holdout }],
  ]);
  await writeFile(join(folder, 'digits.npz'), npzBytes(arrays));
  await floe('models', 'publish', await frozenDigits(folder), '--models', models);
  await floe('models', 'promote', 'digits', '1', '--models', models);
  await floe('datasets', 'add', 'digits', join(folder, 'digits.npz'), '--models', models);
  await floe('plans', 'set', 'digits', 'examples/keras-digits/plan.yaml', '--models', models);
  const common = ['--models', models, '--sql', sql, '--cache-dir', join(folder, 'cache')];
  const serving = await start('serve', ...common, '--http-port', '0', '--admin-port', '0', '--grpc-port', 'off');
  const url = ['--url', String(serving.ready['admin'])];
  const trainers = ['--trainers', 'examples/keras-digits/trainers.yaml'];
  const first = await start('worker', ...common, ...trainers);
  const { id } = (await floe('train', 'digits', ...url)) as unknown as JobView;
  for (let job = {} as JobView; !(job.progress > 0.1); )
    job = (await floe('jobs', 'show', id, ...url)) as unknown as JobView;
  await first.end('SIGKILL');
  await start('worker', ...common, ...trainers);
  const job = (await floe('jobs', 'follow', id, ...url)) as unknown as JobView;
  expect(job).toMatchObject({ state: 'succeeded', attempt: 2, result: { version: 2, base: 1, isBetter: true } });
  expect(job.result.score.value).toBeGreaterThan(0.9);
  const shown = await floe('models', 'show', 'digits', '--models', models);
  expect(shown).toMatchObject({
    channels: { stable: 1, canary: { version: 2, percent: 10, steps: [10, 50] } },
    versions: [{ version: 1 }, { version: 2, trainer: 'keras' }],
  });
});
