/**
 * The Server scenario of MLPerf's LoadGen: MobileNetV2 at the times of a Poisson process, and the highest rate at which 99 % are answered
 * within a bound: 100 ms, or on a machine that others use too three times the 99 % of the bare engine at a low rate. Floe is asked over V2 binary with pictures of 224x224, the bare engine by a byte for each run; each step of the search is
 * taken by both, so that what else the machine does meets both alike.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bareEngine, engineCost, enginePort } from '../lib/bare-engine.ts';
import type { Case } from '../lib/case.ts';
import { output, stop } from '../lib/children.ts';
import type { Models } from '../lib/models.ts';
import { LOADGEN_PEER, LOADGEN_REQUIREMENTS, PYTHON_ENV } from '../lib/paths.ts';
import { v2Binary } from '../lib/requests.ts';
import { serve } from '../lib/server.ts';
import { median, medianOf } from '../lib/stats.ts';

/** About ten times what a picture takes where nobody else asks. */
const BOUND_MS = 100;
const TIMES_CALM = 3;
const SECONDS = 6;
const TURNS = 5;
const STEPS = 6;
/** Of what the bare engine does in closed loop. */
const LOWEST = 0.2;
const HIGHEST = 1.1;
const WARM_UP = 200;

interface Target {
  readonly port: number;
  /** A file. */
  readonly request: string;
  readonly answers: 'http' | 'byte';
}

type Name = 'floe' | 'engine';

export const serverScenario: Case = async (models, { repeats, length }) => {
  const python = (await output(PYTHON_ENV, [LOADGEN_REQUIREMENTS, 'mlperf_loadgen, numpy'])).trim();
  const model = await models.get('mobilenet_v2');
  const server = await serve(model.root);
  const engine = await bareEngine(model);
  const targets: Record<Name, Target> = {
    floe: { port: server.port, request: fileOf(models, v2Binary(model)), answers: 'http' },
    engine: { port: await enginePort(engine), request: fileOf(models, Buffer.from('.')), answers: 'byte' },
  };
  const p99 = (name: Name, rate: number, seed: number): Promise<number> =>
    testOf(python, { ...targets[name], rate, seconds: SECONDS * length, seed, folder: models.scratch() });
  const turns: (Record<Name, number> & { bound: number })[] = [];
  for (let turn = 1; turn <= Math.min(repeats, TURNS); turn++) {
    const { answers, seconds } = await engineCost(engine, WARM_UP);
    const bound = Math.max(BOUND_MS, TIMES_CALM * (await p99('engine', (LOWEST * answers) / seconds, turn)));
    const passes = async (name: Name, rate: number): Promise<boolean> => (await p99(name, rate, turn)) <= bound;
    turns.push({ bound, ...(await highestRates(answers / seconds, passes)) });
  }
  await server.close();
  await stop(engine);
  const name = 'mobilenet_v2: highest Poisson rate within the bound';
  return [
    { name: 'mobilenet_v2: bound of 99 % of answers', value: median(turns.map(({ bound }) => bound)), unit: 'ms' },
    { name: `${name}, Floe`, value: median(turns.map(({ floe }) => floe)), unit: '1/s' },
    { name: `${name}, bare engine`, value: median(turns.map((turn) => turn.engine)), unit: '1/s' },
    {
      name: `${name}, Floe / bare engine`,
      value: medianOf(turns, turns, (a) => a.floe / a.engine),
      unit: 'ratio',
      least: 0.9,
    },
  ];
};

/** Halves what is between a rate that passes and one that does not, for both in turns. */
async function highestRates(capacity: number, passes: (name: Name, rate: number) => Promise<boolean>) {
  const low = { floe: LOWEST * capacity, engine: LOWEST * capacity };
  const high = { floe: HIGHEST * capacity, engine: HIGHEST * capacity };
  for (let step = 0; step < STEPS; step++) {
    for (const name of ['floe', 'engine'] as const) {
      const rate = (low[name] + high[name]) / 2;
      // A moment of somebody else's work fails one test; a rate that is too high fails the next as well.
      const holds = (await passes(name, rate)) || (await passes(name, rate));
      if (holds) low[name] = rate;
      else high[name] = rate;
    }
  }
  return low;
}

/** Milliseconds within which 99 % were answered; Infinity where any was refused. */
async function testOf(python: string, test: object): Promise<number> {
  const { p99, failed } = JSON.parse(await output(python, [LOADGEN_PEER, JSON.stringify(test)]));
  return failed === 0 ? p99 : Number.POSITIVE_INFINITY;
}

function fileOf(models: Models, request: Uint8Array): string {
  const file = join(models.scratch(), 'request');
  writeFileSync(file, request);
  return file;
}
