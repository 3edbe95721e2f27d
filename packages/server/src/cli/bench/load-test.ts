/** One load test: asks the endpoint what its model takes, sends requests in the order of the plan, counts what came of them. */
import { readFile } from 'node:fs/promises';
import { invalid } from '@floe/graph/base';
import { unreadable } from '../../store/unreadable.ts';
import { random } from '../made-up.ts';
import { Client } from './client.ts';
import { cpuSeconds } from './cpu-seconds.ts';
import { type Described, JSON_HEADERS, type Payload, type Protocol } from './endpoint.ts';
import { Histogram } from './histogram.ts';
import { payloads, type Shapes } from './inputs.ts';
import { closedLoop, openLoop, poissonGaps, type Send } from './loops.ts';
import { drawFrom, type RequestClass } from './mix.ts';
import type { BenchOptions } from './options.ts';
import type { Curve } from './plot.ts';
import { type Report, reportOf } from './report.ts';
import { Tally } from './tally.ts';
import { tfs } from './tfs.ts';
import { v2, v2Bytes } from './v2.ts';

/** Requests under way in open loop; those due beyond wait, and their wait counts. */
const MOST_OPEN = 1024;
const PROTOCOLS: Readonly<Record<BenchOptions['protocol'], Protocol>> = { v2, 'v2-binary': v2Bytes, tfs };

export interface Outcome {
  readonly report: Report;
  readonly curves: readonly Curve[];
}

/**
 * Ends early, with what there is, once `stopped` fires. Throws UNAVAILABLE where no server answers, NOT_FOUND where it has no such model, and
 * INVALID_ARGUMENT where no request can be made for it.
 */
export async function loadTest(options: BenchOptions, stopped: AbortSignal): Promise<Outcome> {
  const connections = 'rate' in options.load ? MOST_OPEN : options.load.concurrency;
  const client = new Client(options.url, options.key, connections);
  const giveUp = (): void => void client.close();
  stopped.addEventListener('abort', giveUp);
  try {
    const requests = await requestsOf(options, client);
    return await measure(options, client, requests, stopped);
  } finally {
    stopped.removeEventListener('abort', giveUp);
    await client.close();
  }
}

/** Requests to choose from, by class. */
async function requestsOf(options: BenchOptions, client: Client): Promise<readonly (readonly Payload[])[]> {
  const { model, protocol, body, classes, shapes, seed } = options;
  const metadata = await client.about(PROTOCOLS[protocol].metadataPath(model), model);
  if (body !== undefined) {
    const bytes = await readFile(body).catch(unreadable(body));
    return [[{ body: bytes, headers: JSON_HEADERS }]];
  }
  const described = PROTOCOLS[protocol].describe(metadata);
  return classes.map((one, at) => payloads(described, one.rows, shapesOf(one, described, shapes), seed + at));
}

/** What is said of all classes, unless one says its own. */
function shapesOf({ name, shape }: RequestClass, { inputs }: Described, shapes: Shapes): Shapes {
  if (shape === undefined) return shapes;
  const [input] = inputs;
  if (input === undefined || inputs.length > 1)
    throw invalid(`--mix ${name}: a class has a shape where the model has one input, not ${inputs.length}`, {
      field: '--mix',
    });
  return new Map([[input.name, shape]]);
}

async function measure(
  options: BenchOptions,
  client: Client,
  requests: readonly (readonly Payload[])[],
  stopped: AbortSignal,
): Promise<Outcome> {
  const { classes, model, protocol, load, pid, url } = options;
  const tally = new Tally(classes);
  const before = pid === undefined ? 0 : cpuSeconds(pid);
  const started = performance.now();
  const send = sender(options, client, requests, tally, stopped);
  tally.fail('unsent', await run(options, send, stopped));
  const seconds = (performance.now() - started) / 1000;
  const used = pid === undefined ? undefined : cpuSeconds(pid) - before;
  const all = new Histogram();
  for (const histogram of tally.latencies) all.add(histogram);
  const target = `${url.origin}${PROTOCOLS[protocol].inferPath(model)}`;
  return {
    report: reportOf({ target, load, seconds, cpuSeconds: used }, classes, all, tally),
    curves: classes.map(({ name }, at) => ({ name, histogram: tally.latencies[at] ?? all })),
  };
}

function sender(
  { classes, seed, protocol, model }: BenchOptions,
  client: Client,
  requests: readonly (readonly Payload[])[],
  tally: Tally,
  stopped: AbortSignal,
): Send {
  const draw = drawFrom(classes, random(seed));
  const path = PROTOCOLS[protocol].inferPath(model);
  let sent = 0;
  return async (due) => {
    const at = draw();
    const variants = requests[at] ?? [];
    const payload = variants[sent++ % variants.length] as Payload;
    tally.lateness.record(performance.now() - due);
    const outcome = await client.post(path, payload);
    // What was under way when we were stopped has no outcome.
    if (!stopped.aborted) tally.record(at, outcome, performance.now() - due);
  };
}

function run({ load, limits, seed }: BenchOptions, send: Send, stopped: AbortSignal): Promise<number> {
  if ('concurrency' in load) return closedLoop(load.concurrency, limits, send, stopped);
  // A sequence of its own, so that times are the same whatever the mix.
  return openLoop(poissonGaps(load.rate, random(~seed)), MOST_OPEN, limits, send, stopped);
}
