/**
 * Training beside inference: what the head trainer takes, what a worker at work costs requests on the same two cores, and how long a version that is
 * published takes to serve. A PostgreSQL server of its own.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Tensor } from '@floe/graph/base';
import { PostgresProcess } from '../../conformance/postgres/postgres-process.ts';
import type { Report } from '../../packages/server/src/cli/bench/report.ts';
import { npzBytes } from '../../packages/server/src/store/npz.ts';
import { fit as train } from '../../packages/server/src/train/head/fit.ts';
import { type Layer, Network } from '../../packages/server/src/train/head/network.ts';
import { headParameters } from '../../packages/server/src/train/head/parameters.ts';
import { openProducts } from '../../packages/server/src/train/head/products.ts';
import type { Case } from '../lib/case.ts';
import { ask, firstLine, output, startNode, startPeer, stop } from '../lib/children.ts';
import { MAIN, PACED_LOAD, POSTGRES_INSTALL, ROOT } from '../lib/paths.ts';
import { random } from '../lib/random.ts';
import type { Figure } from '../lib/report.ts';
import { serveArguments } from '../lib/server.ts';
import { inTurns, median } from '../lib/stats.ts';
import type { PacedLoad } from '../paced-load.ts';

const EXAMPLES = 10_000;
const WIDTH = 1280;
const CLASSES = 100;
/** Requests a second: about a third of what one core answers. */
const RATES = { digits: 400, mobilenet_v2: 20 } as const;
const SECONDS = 8;
const POLL_SECONDS = 0.5;
const SWAPS = 5;

export const training: Case = async (models, { repeats, length }) => {
  const head = await headSeconds();
  await output(POSTGRES_INSTALL, []);
  const postgres = await PostgresProcess.start();
  const folder = models.scratch();
  const root = join(folder, 'repository');
  const common = ['--models', root, '--sql', postgres.url, '--cache-dir', join(folder, 'cache')];
  await prepare(folder, root);
  await floe('models', 'publish', join((await models.get('mobilenet_v2')).root, 'mobilenet_v2/1'), '--models', root);
  const server = startNode(serveArguments(root, 0, [...common.slice(2), '--poll-seconds', String(POLL_SECONDS)]));
  const { http, admin } = JSON.parse(await firstLine(server)) as { http: string; admin: string };
  const load = startPeer(PACED_LOAD);
  const tail = async (model: keyof typeof RATES): Promise<number> => {
    const paced: PacedLoad = { url: http, model, rate: RATES[model], seconds: SECONDS * length };
    return (await ask<Report>(load, paced)).latency.p99;
  };
  const tails: Figure[] = [];
  for (const model of ['digits', 'mobilenet_v2'] as const) {
    await tail(model);
    const { alone, beside } = await inTurns(repeats, {
      alone: () => tail(model),
      beside: async () => {
        const worker = await startTraining(common, admin);
        return tail(model).finally(() => stop(worker));
      },
    });
    const what = `${model} at ${RATES[model]} requests/s`;
    // A tail is not steady from turn to turn: medians first, then their ratio.
    const ratio = median(beside) / median(alone);
    tails.push({ name: `${what}: p99 alone`, value: median(alone), unit: 'ms' });
    tails.push({ name: `${what}: p99 while a worker trains`, value: median(beside), unit: 'ms' });
    tails.push({ name: `${what}: p99 beside training / alone`, value: ratio, unit: 'ratio', aim: 1.5 });
  }
  load.kill();
  const swaps: number[] = [];
  for (let n = 0; n < SWAPS; n++) swaps.push(await publishedToServed(root, join(folder, 'frozen/digits/1'), http));
  await stop(server);
  await postgres.remove();
  return [
    { name: `head: one layer on ${EXAMPLES} examples of ${WIDTH} features`, value: head, unit: 's', aim: 10 },
    ...tails,
    {
      name: `published to served, looked for every ${POLL_SECONDS} s, the longest of ${SWAPS}`,
      value: Math.max(...swaps),
      unit: 's',
      aim: POLL_SECONDS + 2,
    },
  ];
};

/** Until it ends by itself, as a training does. */
async function headSeconds(): Promise<number> {
  const draw = random(1);
  const centres = Float32Array.from({ length: CLASSES * WIDTH }, () => draw() - 0.5);
  const labels = Int32Array.from({ length: EXAMPLES }, (_, row) => row % CLASSES);
  const data = new Float32Array(EXAMPLES * WIDTH);
  for (const [row, label] of labels.entries())
    for (let at = 0; at < WIDTH; at++)
      data[row * WIDTH + at] = (centres[label * WIDTH + at] as number) + 4 * (draw() - 0.5);
  const layer: Layer = {
    inputs: WIDTH,
    outputs: CLASSES,
    weights: new Float32Array(WIDTH * CLASSES),
    bias: new Float32Array(CLASSES),
  };
  const started = performance.now();
  const hooks = { signal: new AbortController().signal, onEpoch: async () => {} };
  const products = await openProducts();
  const network = new Network([layer], products);
  await train({ data, width: WIDTH, labels, feedback: new Uint8Array(EXAMPLES) }, network, headParameters({}), hooks);
  await products.close();
  return (performance.now() - started) / 1000;
}

async function floe(...args: readonly string[]): Promise<string> {
  return output(process.execPath, [MAIN, ...args, '--json'], { cwd: ROOT });
}

async function prepare(folder: string, root: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const source = join(ROOT, 'examples/digits/undertrained/model.ckpt-30.meta');
  await floe(
    'freeze',
    source,
    '--models',
    join(folder, 'frozen'),
    '--name',
    'digits',
    '--outputs',
    'probs,klass',
    '--set',
    'keep_prob=1',
  );
  await floe('models', 'publish', join(folder, 'frozen/digits/1'), '--models', root);
  await floe('models', 'promote', 'digits', '1', '--models', root);
  const n = 4000;
  const draw = random(2);
  const arrays = new Map<string, Tensor>([
    ['inputs/x', { dtype: 'float32', shape: [n, 28, 28, 1], data: Float32Array.from({ length: n * 784 }, draw) }],
    ['label', { dtype: 'int32', shape: [n], data: Int32Array.from({ length: n }, () => Math.floor(10 * draw())) }],
    ['split', { dtype: 'uint8', shape: [n], data: Uint8Array.from({ length: n }, (_, at) => (at % 5 === 0 ? 1 : 0)) }],
  ]);
  writeFileSync(join(folder, 'set.npz'), npzBytes(arrays));
  await floe('datasets', 'add', 'set', join(folder, 'set.npz'), '--models', root);
}

/** A worker in the midst of a training that has no end. */
async function startTraining(common: readonly string[], admin: string): Promise<ChildProcess> {
  const worker = startNode([MAIN, 'worker', ...common, '--log-level', 'error', '--json']);
  await firstLine(worker);
  const plan = { dataset: 'set', rollout: false, parameters: { layers: 2, steps: 10_000_000, patience: 1_000_000 } };
  const asked = await fetch(`${admin}/admin/models/digits/train`, { method: 'POST', body: JSON.stringify(plan) });
  const { id } = (await asked.json()) as { id: string };
  for (let progress = 0; progress < 0.45; await pause(100)) {
    const job = (await (await fetch(`${admin}/admin/jobs/${id}`)).json()) as { progress: number };
    progress = job.progress;
  }
  return worker;
}

/** Seconds. */
async function publishedToServed(root: string, folder: string, http: string): Promise<number> {
  const { version } = JSON.parse(await floe('models', 'publish', folder, '--models', root)) as { version: number };
  await floe('models', 'promote', 'digits', String(version), '--models', root);
  const started = performance.now();
  for (;;) {
    const reply = await fetch(`${http}/v1/models/digits/versions/${version}`);
    const { model_version_status: [status] = [] } = (await reply.json()) as {
      model_version_status?: { state: string }[];
    };
    if (status?.state === 'AVAILABLE') return (performance.now() - started) / 1000;
    await pause(10);
  }
}
