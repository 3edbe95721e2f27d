/**
 * Small tasks among large ones: 90 % of one row and 10 % of 20, which cost 20 times as much, at random times (open loop, the same for both
 * policies). The load is stated as part of what `--policy fifo`, which never splits, can do in closed loop just before, with `floe bench`
 * on the same CPUs. Latencies count from when a request was due.
 */
import type { Report } from '../../packages/server/src/cli/bench/report.ts';
import type { Case } from '../lib/case.ts';
import { floeBench } from '../lib/floe-bench.ts';
import type { Figure } from '../lib/report.ts';
import { type Served, serve } from '../lib/server.ts';
import { median, medianOf } from '../lib/stats.ts';

const MODEL = 'cnn';
const MIX = ['--mix', 'small=1:0.9,large=20:0.1'];
const LOADS = [0.85, 0.5, 0.75, 0.95];
/** The load that has limits, and is all that the short run measures. */
const JUDGED = 0.85;
const SECONDS = 8;
const CAPACITY_SECONDS = 3;
const CALLERS = 8;
const TURNS = 5;

type Policy = 'fifo' | 'size-first';
type Turn = Readonly<Record<Policy, Report>>;

export const mixed: Case = async (models, { length }) => {
  const { root } = await models.get(MODEL);
  const servers = { fifo: await serve(root, ['--policy', 'fifo']), 'size-first': await serve(root) };
  const loads = length < 1 ? [JUDGED] : LOADS;
  const turns = new Map<number, Turn[]>(loads.map((load) => [load, []]));
  await capacityOf(servers['size-first'], length);
  for (let turn = 1; turn <= TURNS; turn++) {
    for (const [load, results] of turns) results.push(await compare(servers, load, turn, length));
  }
  for (const server of Object.values(servers)) await server.close();
  return [...turns].flatMap(([load, results]) => figuresOf(load, results));
};

/** Answers per second in closed loop. */
async function capacityOf(server: Served, length: number): Promise<number> {
  const seconds = ['--duration', String(CAPACITY_SECONDS * length), '--concurrency', String(CALLERS)];
  return (await floeBench(server.port, MODEL, [...MIX, ...seconds])).answersPerSecond;
}

/** Each policy comes first in every other turn. */
async function compare(
  servers: Readonly<Record<Policy, Served>>,
  load: number,
  turn: number,
  length: number,
): Promise<Turn> {
  const rate = load * (await capacityOf(servers.fifo, length));
  const args = ['--rate', rate.toFixed(3), '--duration', String(SECONDS * length), '--seed', String(turn)];
  const measure = (policy: Policy): Promise<Report> => floeBench(servers[policy].port, MODEL, [...MIX, ...args]);
  const early = turn % 2 === 0 ? await measure('size-first') : undefined;
  const fifo = await measure('fifo');
  return { fifo, 'size-first': early ?? (await measure('size-first')) };
}

function figuresOf(load: number, turns: readonly Turn[]): readonly Figure[] {
  const name = (what: string): string => `mixed at ${load}: ${what}`;
  const limit = (most: number, slack: number): Pick<Figure, 'limit'> =>
    load === JUDGED ? { limit: { most, slack } } : {};
  const times = (policy: Policy, figure: (report: Report) => number, what: string): Figure => ({
    name: name(`${what}, ${policy}`),
    value: median(turns.map((turn) => figure(turn[policy]))),
    unit: 'ms',
  });
  const ratio = (figure: (report: Report) => number): number =>
    medianOf(turns, turns, (turn) => figure(turn['size-first']) / figure(turn.fifo));
  return [
    times('fifo', smallMean, 'mean of small tasks'),
    times('size-first', smallMean, 'mean of small tasks'),
    { name: name('mean of small tasks / fifo'), value: ratio(smallMean), unit: 'ratio', ...limit(1 / 8, 3 / 8) },
    { name: name('99 % of small tasks within / fifo'), value: ratio(smallP99), unit: 'ratio' },
    times('fifo', largeMean, 'mean of large tasks'),
    { name: name('mean of large tasks / fifo'), value: ratio(largeMean), unit: 'ratio', ...limit(1.35, 0.65) },
  ];
}

const classOf = (report: Report, name: string) => report.classes.find((one) => one.name === name);
const smallMean = (report: Report): number => classOf(report, 'small')?.mean ?? Number.NaN;
const smallP99 = (report: Report): number => classOf(report, 'small')?.p99 ?? Number.NaN;
const largeMean = (report: Report): number => classOf(report, 'large')?.mean ?? Number.NaN;
