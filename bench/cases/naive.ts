/**
 * What serving costs the ways that one tries first, on the MLP: a script started for each request, a session built for each request, and
 * one session without a server's duties. CPU seconds of a thousand requests, in turns with ours.
 */
import process from 'node:process';
import type { Case } from '../lib/case.ts';
import { firstLine, startNode, stop } from '../lib/children.ts';
import { type LoadCost, loadCost } from '../lib/loads.ts';
import type { Model } from '../lib/models.ts';
import { NAIVE_PEER } from '../lib/paths.ts';
import { scriptCost } from '../lib/python.ts';
import type { Figure } from '../lib/report.ts';
import { bodyOf, v2Json } from '../lib/requests.ts';
import { pidOf, serve } from '../lib/server.ts';
import { inTurns, median, medianOf } from '../lib/stats.ts';

const CALLERS = 8;
const REQUESTS = { floe: 10_000, once: 10_000, each: 1000 };
const PER = 1000;

export const naive: Case = async (models, { repeats, length }) => {
  const model = await models.get('mlp');
  const request = v2Json(model);
  const server = await serve(model.root);
  const [once, each] = [await startNaive(model, 'once'), await startNaive(model, 'each')];
  const cost = async (peer: { pid: number; port: number }, requests: number): Promise<number> => {
    const count = Math.round(requests * length);
    const load: LoadCost = await loadCost(peer.pid, { port: peer.port, request, concurrency: CALLERS, count });
    return PER * load.cpu;
  };
  const ways = {
    floe: () => cost(server, REQUESTS.floe),
    once: () => cost(once, REQUESTS.once),
    each: () => cost(each, REQUESTS.each),
    script: async () => PER * (await scriptCost(model, bodyOf(request))),
  };
  for (const warmUp of Object.values(ways)) await warmUp();
  const cpu = await inTurns(repeats, ways);
  await server.close();
  await once.close();
  await each.close();
  return [
    figure('floe', cpu.floe),
    ...against('one session behind fastify', cpu.once, cpu.floe),
    ...against('a session for each request', cpu.each, cpu.floe),
    ...against('a script for each request', cpu.script, cpu.floe),
  ];
};

async function startNaive(model: Model, when: 'once' | 'each') {
  // ONNX Runtime would report to its makers, and the figure would count it.
  const env = { ...process.env, ORT_DISABLE_TELEMETRY: '1' };
  const child = startNode([NAIVE_PEER, model.compiled, when], { env });
  return { pid: pidOf(child), port: Number(await firstLine(child)), close: () => stop(child) };
}

function figure(way: string, seconds: readonly number[]): Figure {
  return { name: `mlp: CPU of ${PER} requests, ${way}`, value: median(seconds), unit: 's' };
}

function against(way: string, theirs: readonly number[], ours: readonly number[]): readonly Figure[] {
  const value = medianOf(theirs, ours, (a, b) => a / b);
  return [figure(way, theirs), { name: `mlp: CPU, ${way} / floe`, value, unit: 'ratio' }];
}
