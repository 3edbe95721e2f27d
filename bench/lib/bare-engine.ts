/** The bare engine (`peers/engine.ts`) with a model, two runs in flight. */
import type { ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { cpuSeconds } from '../../packages/server/src/cli/bench/cpu-seconds.ts';
import type { Runs } from '../peers/engine.ts';
import { ask, startPeer } from './children.ts';
import type { Model } from './models.ts';
import { ENGINE_PEER } from './paths.ts';
import { oneRow } from './requests.ts';
import { pidOf } from './server.ts';

const IN_FLIGHT = 2;

export interface RunCost {
  readonly answers: number;
  readonly seconds: number;
  /** CPU seconds of one run. */
  readonly cpu: number;
}

export async function bareEngine(model: Model): Promise<ChildProcess> {
  const peer = startPeer(ENGINE_PEER, { UV_THREADPOOL_SIZE: String(2 * availableParallelism() + 4) });
  const inputs = Object.values(model.inputs).map((spec) => {
    const shape = oneRow(spec);
    return { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.3) };
  });
  await ask<Runs>(peer, { open: model.compiled, inputs, slots: IN_FLIGHT });
  return peer;
}

export async function engineCost(peer: ChildProcess, runs: number): Promise<RunCost> {
  const pid = pidOf(peer);
  const before = cpuSeconds(pid);
  const { seconds } = await ask<Runs>(peer, { runs, inFlight: IN_FLIGHT });
  return { answers: runs, seconds, cpu: (cpuSeconds(pid) - before) / runs };
}

/** The port on which it runs once for each byte, and answers with one. */
export async function enginePort(peer: ChildProcess): Promise<number> {
  return (await ask<{ port: number }>(peer, { listen: true, inFlight: IN_FLIGHT })).port;
}
