/**
 * The figures and the plot of `docs/scheduling.md`: the server's own scheduler in simulated time, fixed seeds.
 *
 *   node bench/simulate.ts                # all of them, 30 s; writes docs/scheduling.svg
 *   node bench/simulate.ts ageing flood   # some: load, ageing, chunks, flood, lane
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { type Line, svg } from '../packages/server/src/cli/bench/line-chart.ts';
import type { SchedulerOptions } from '../packages/server/src/queue/settings.ts';
import { ROOT } from './lib/paths.ts';
import {
  type Finished,
  flood,
  LARGE,
  mixedLoad,
  ROW,
  type Spread,
  simulate,
  spread,
  type World,
} from './lib/simulation.ts';

const SLOTS = 2;
const TASKS = 30_000;
const BASE: SchedulerOptions = { slots: SLOTS, queueSeconds: 60 };
const NEVER = 1000;
const POLICIES: Readonly<Record<string, SchedulerOptions>> = {
  'first come first served': { ...BASE, policy: 'fifo' },
  'by size, unsplit': { ...BASE, chunkSeconds: NEVER },
  'by size, in chunks': BASE,
};

interface Result {
  readonly small: Spread;
  readonly large: Spread;
}

const SECTIONS: Readonly<Record<string, () => Promise<void>>> = { load, ageing, chunks, flood: flooded, lane };

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => SECTIONS[name] === undefined);
if (unknown.length > 0) {
  console.error(`usage: node bench/simulate.ts [${Object.keys(SECTIONS).join('|')}...]`);
  process.exit(64);
}
for (const name of wanted.length > 0 ? wanted : Object.keys(SECTIONS)) await SECTIONS[name]?.();

async function load(): Promise<void> {
  const loads = [0.5, 0.75, 0.85, 0.95];
  const results = new Map<string, Result[]>();
  for (const [name, options] of Object.entries(POLICIES)) {
    results.set(name, []);
    for (const at of loads) results.get(name)?.push(await mixed(at, options));
  }
  loads.forEach((at, i) => {
    const rows = [...results].map(([name, all]) => [name, all[i]] as const);
    table(`${at * 100} % load: 10 % of the tasks cost ${LARGE} times as much as the others, ${SLOTS} slots`, rows);
  });
  const colours = ['#c0392b', '#e0a030', '#2471a3'];
  const lines = (figure: (result: Result) => number, dashed = false): Line[] =>
    [...results].map(([name, all], i) => ({
      name,
      colour: colours[i] ?? '#000',
      dashed,
      points: all.map((result, at) => [loads[at] ?? 0, figure(result)] as const),
    }));
  const axes = { xLabel: 'load', yLabel: 'times the cost of a small task', xTicks: loads };
  const small = [...lines(({ small: { mean } }) => mean), ...lines(({ small: { p99 } }) => p99, true)];
  const panels = [
    { ...axes, title: 'Small tasks: mean, p99 dashed', yTicks: [1, 3, 10, 30, 100, 300], lines: small },
    { ...axes, title: 'Large tasks: mean', yTicks: [10, 20, 40, 80, 160], lines: lines(({ large: { mean } }) => mean) },
  ];
  const file = join(ROOT, 'docs/scheduling.svg');
  writeFileSync(file, svg('Time to answer by load, for each order', panels));
  console.log(`${file} written\n`);
}

async function ageing(): Promise<void> {
  for (const at of [0.85, 0.95]) {
    const rows: [string, Result][] = [['first come first served', await mixed(at, { ...BASE, policy: 'fifo' })]];
    for (const r of [0.005, 0.02, 0.05, 0.1, 0.2]) rows.push([`r = ${r}`, await mixed(at, { ...BASE, ageing: r })]);
    table(`Ageing, ${at * 100} % load`, rows);
  }
}

async function chunks(): Promise<void> {
  const rows: [string, Result][] = [];
  for (const overhead of [0, 0.02, 0.1, 0.3]) {
    const world = { overhead: overhead * ROW, perRow: ROW, splits: true };
    rows.push([`${overhead * 100} % of a small task per run`, await mixed(0.85, BASE, world)]);
  }
  table('What every run costs again, 85 % load', rows);
}

async function flooded(): Promise<void> {
  const usual = mixedLoad({ load: 0.5, tasks: 6000, seed: 2, slots: SLOTS, caller: 'a' });
  const arrivals = [...usual, ...flood({ load: 1.5, from: 5, to: 10, seed: 3, slots: SLOTS })];
  arrivals.sort((a, b) => a.at - b.at);
  const rows: [string, Result][] = [];
  for (const [name, options] of Object.entries(POLICIES)) {
    const during = (await simulate(arrivals, options)).filter(({ at, caller }) => at > 5 && at < 10 && caller === 'a');
    rows.push([name, resultOf(during)]);
  }
  table("One caller asks for 1.5 times all slots for 5 s, others for half of them: the others' tasks", rows);
}

async function lane(): Promise<void> {
  const world = { overhead: 0, perRow: ROW, splits: false };
  const fifo: SchedulerOptions = { ...BASE, policy: 'fifo' };
  for (const at of [0.5, 0.75, 0.85, 0.95]) {
    table(`Large tasks that cannot be cut, ${at * 100} % load`, [
      ['first come first served', await mixed(at, fifo, world)],
      ['by size, neither', await mixed(at, { ...BASE, chunkSeconds: NEVER }, world)],
      ['by size, express lane', await mixed(at, BASE, world)],
      ['by size, low priority', await mixed(at, BASE, { ...world, behind: true })],
    ]);
  }
}

async function mixed(at: number, options: SchedulerOptions, world?: World): Promise<Result> {
  const arrivals = mixedLoad({ load: at, tasks: TASKS, seed: 1, slots: SLOTS, caller: 'a' });
  return resultOf(await simulate(arrivals, options, world));
}

function resultOf(finished: readonly Finished[]): Result {
  const of = (rows: number): Spread => spread(finished.filter((one) => one.rows === rows));
  return { small: of(1), large: of(LARGE) };
}

/** Times in units of a small task; the ratios are against the first line. */
function table(title: string, rows: readonly (readonly [string, Result | undefined])[]): void {
  const base = rows[0]?.[1];
  console.log(title);
  console.log(`${''.padEnd(30)}small mean    p99   most   large mean    p99   most   gain: mean   p99   large`);
  for (const [name, result] of rows) {
    if (result === undefined || base === undefined) continue;
    const { small, large } = result;
    const times = [small.mean, small.p99, small.most, large.mean, large.p99, large.most].map((value) => shown(value));
    const gains = [base.small.mean / small.mean, base.small.p99 / small.p99, large.mean / base.large.mean];
    console.log(`${name.padEnd(30)}   ${times.join('')}      ${gains.map((gain) => shown(gain, 2)).join('')}`);
  }
  console.log();
}

function shown(value: number, digits = 1): string {
  return value.toFixed(digits).padStart(8);
}
