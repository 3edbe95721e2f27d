/**
 * MobileNetV2 on 224x224 pictures (600 KB a request), V2 binary, eight callers: what the server costs over the bare engine with two
 * runs in flight, in CPU per answer and in answers per second.
 */
import type { ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { cpuSeconds } from '../../packages/server/src/cli/bench/cpu-seconds.ts';
import type { Case } from '../lib/case.ts';
import { ask, startPeer, stop } from '../lib/children.ts';
import { type LoadCost, loadCost } from '../lib/loads.ts';
import type { Model } from '../lib/models.ts';
import { ENGINE_PEER } from '../lib/paths.ts';
import { oneRow, v2Binary } from '../lib/requests.ts';
import { pidOf, serve } from '../lib/server.ts';
import { inTurns, median, medianOf } from '../lib/stats.ts';
import type { Runs } from '../peers/engine.ts';

const CALLERS = 8;
const REQUESTS = 500;
const IN_FLIGHT = 2;
/** 0.9 ms over an engine that took 3.6 ms, on the machine for which both were stated. */
const MOST_RATIO = 1.25;

export const image: Case = async (models, { repeats, length }) => {
  const model = await models.get('mobilenet_v2');
  const count = Math.round(REQUESTS * length);
  const server = await serve(model.root);
  const engine = await bareEngine(model);
  const spec = { port: server.port, request: v2Binary(model), concurrency: CALLERS };
  await loadCost(server.pid, { ...spec, count: count / 2 });
  await engineCost(engine, count / 2);
  const { served, bare } = await inTurns<'served' | 'bare', LoadCost | RunCost>(repeats, {
    served: () => loadCost(server.pid, { ...spec, count }),
    bare: () => engineCost(engine, count),
  });
  await server.close();
  await stop(engine);
  const perAnswer = (samples: readonly RunCost[]): number => 1e3 * median(samples.map(({ cpu }) => cpu));
  const perSecond = (samples: readonly RunCost[]): number =>
    median(samples.map(({ answers, seconds }) => answers / seconds));
  return [
    { name: 'mobilenet_v2: CPU per answer', value: perAnswer(served), unit: 'ms' },
    { name: 'mobilenet_v2: CPU per run of the bare engine', value: perAnswer(bare), unit: 'ms' },
    {
      name: 'mobilenet_v2: CPU per answer over the bare engine',
      value: medianOf(served, bare, (a, b) => 1e3 * (a.cpu - b.cpu)),
      unit: 'ms',
      aim: 0.9,
    },
    {
      name: 'mobilenet_v2: CPU per answer / per run of the bare engine',
      value: medianOf(served, bare, (a, b) => a.cpu / b.cpu),
      unit: 'ratio',
      limit: { most: MOST_RATIO, slack: 0.1 },
    },
    { name: 'mobilenet_v2: answers', value: perSecond(served), unit: '1/s' },
    { name: 'mobilenet_v2: runs of the bare engine', value: perSecond(bare), unit: '1/s' },
    {
      name: 'mobilenet_v2: time of an answer / of a run of the bare engine',
      value: medianOf(served, bare, (a, b) => a.seconds / a.answers / (b.seconds / b.answers)),
      unit: 'ratio',
    },
  ];
};

interface RunCost {
  readonly answers: number;
  readonly seconds: number;
  /** CPU seconds of one run. */
  readonly cpu: number;
}

async function bareEngine(model: Model): Promise<ChildProcess> {
  const peer = startPeer(ENGINE_PEER, { UV_THREADPOOL_SIZE: String(2 * availableParallelism() + 4) });
  const inputs = Object.values(model.inputs).map((spec) => {
    const shape = oneRow(spec);
    return { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.3) };
  });
  await ask<Runs>(peer, { open: model.compiled, inputs, slots: IN_FLIGHT });
  return peer;
}

async function engineCost(peer: ChildProcess, runs: number): Promise<RunCost> {
  const pid = pidOf(peer);
  const before = cpuSeconds(pid);
  const { seconds } = await ask<Runs>(peer, { runs, inFlight: IN_FLIGHT });
  return { answers: runs, seconds, cpu: (cpuSeconds(pid) - before) / runs };
}
