/** Measures the cases, one after the other. `node bench/main.ts run|limits [--store] [CASE...]`; see `bench/run` and `bench/limits`. */
import process from 'node:process';
import { client } from './cases/client.ts';
import { compiled } from './cases/compiled.ts';
import { convert } from './cases/convert.ts';
import { grpc } from './cases/grpc.ts';
import { hit } from './cases/hit.ts';
import { image } from './cases/image.ts';
import { jobs } from './cases/jobs.ts';
import { largeImage } from './cases/large-image.ts';
import { largeJson } from './cases/large-json.ts';
import { miss } from './cases/miss.ts';
import { mixed } from './cases/mixed.ts';
import { naive } from './cases/naive.ts';
import { peers } from './cases/peers.ts';
import { serverScenario } from './cases/server-scenario.ts';
import { small } from './cases/small.ts';
import { start } from './cases/start.ts';
import { swap } from './cases/swap.ts';
import { swaps } from './cases/swaps.ts';
import { training } from './cases/training.ts';
import { weights } from './cases/weights.ts';
import type { Case, Effort } from './lib/case.ts';
import { Models } from './lib/models.ts';
import { type Figure, holds, judge, print, store } from './lib/report.ts';

const CASES: Readonly<Record<string, Case>> = {
  start,
  image,
  small,
  hit,
  grpc,
  client,
  json: largeJson,
  miss,
  weights,
  swap,
  swaps,
  mixed,
  'large-image': largeImage,
  naive,
  convert,
  compiled,
  jobs,
  training,
  peers,
  'server-scenario': serverScenario,
};
/** Without a limit: how much the others cost, and tails beside other work. */
const ONLY_RUN: ReadonlySet<string> = new Set([
  'naive',
  'client',
  'training',
  'swaps',
  'large-image',
  'peers',
  'server-scenario',
]);
const EFFORT: Readonly<Record<string, Effort>> = {
  run: { repeats: 7, length: 1 },
  limits: { repeats: 3, length: 0.5 },
};

/** What is over a limit is measured again: somebody else's work on the machine passes, a loss stays. */
const ATTEMPTS = 3;

const [mode = '', ...args] = process.argv.slice(2);
const wanted = args.filter((arg) => arg !== '--store');
const effort = EFFORT[mode];
const names = wanted.length > 0 ? wanted : Object.keys(CASES).filter((name) => mode === 'run' || !ONLY_RUN.has(name));
if (effort === undefined || names.some((name) => CASES[name] === undefined)) {
  console.error(`usage: bench/${mode || 'run'} [--store] [${Object.keys(CASES).join('|')}...]`);
  process.exit(64);
}

const models = new Models();
const figures: Figure[] = [];
for (const name of names) {
  figures.push(...(await measured(name, mode === 'limits' ? ATTEMPTS : 1)));
}
async function measured(name: string, attempts: number): Promise<readonly Figure[]> {
  const found = (await CASES[name]?.(models, effort as Effort)) ?? [];
  for (const figure of found) print(figure);
  return attempts > 1 && !found.every(holds) ? measured(name, attempts - 1) : found;
}

if (mode === 'limits') process.exitCode = judge(figures) ? 0 : 1;
if (wanted.length < args.length || (mode === 'run' && wanted.length === 0))
  console.log(`stored as ${await store(figures, ['bench', mode].join('/'), wanted)}`);
