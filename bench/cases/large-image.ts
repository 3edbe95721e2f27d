/**
 * One large image cannot be cut by rows: a U-Net, 90 % of the requests of 224 px and 10 % of a size that costs some 30 times as much, at
 * random times. Size-first with its threads of low priority, the same without them (the express lane alone), and `--policy fifo` get the
 * same requests, at 85 % of what fifo does in closed loop just before. Turns are short and many: other work on the machine meets all three.
 */
import type { Report } from '../../packages/server/src/cli/bench/report.ts';
import type { Case } from '../lib/case.ts';
import { floeBench } from '../lib/floe-bench.ts';
import type { Models } from '../lib/models.ts';
import { WITHOUT_BEHIND_PEER } from '../lib/paths.ts';
import type { Figure } from '../lib/report.ts';
import { type Served, serve } from '../lib/server.ts';
import { median, medianOf } from '../lib/stats.ts';

const MODEL = 'unet';
const MIX = ['--binary', '--mix', 'small=1x224x224x3:0.9,large=1x896x896x3:0.1'];
const LOAD = 0.85;
const SECONDS = 6;
const CAPACITY_SECONDS = 3;
const CALLERS = 6;
const TURNS = 10;

const WAYS = ['fifo', 'express lane', 'low priority'] as const;
type Way = (typeof WAYS)[number];
type Turn = Readonly<Record<Way, Report>>;

export const largeImage: Case = async (models, { length }) => {
  const { root } = await models.get(MODEL);
  const servers = await started(models, root);
  for (const way of WAYS) await capacityOf(servers[way]);
  const turns: Turn[] = [];
  for (let turn = 1; turn <= TURNS * length; turn++) turns.push(await compare(servers, turn));
  for (const way of WAYS) await servers[way].close();
  return WAYS.flatMap((way) => figuresOf(way, turns));
};

/** What each learns of costs is its own. Where the machine slows down after the capacity was measured, nobody is refused. */
async function started(models: Models, root: string): Promise<Record<Way, Served>> {
  const own = (): string[] => ['--cache-dir', models.scratch(), '--queue-seconds', '300'];
  return {
    fifo: await serve(root, ['--policy', 'fifo', ...own()]),
    'express lane': await serve(root, own(), ['--import', WITHOUT_BEHIND_PEER]),
    'low priority': await serve(root, own()),
  };
}

/** Answers per second in closed loop. */
async function capacityOf(server: Served): Promise<number> {
  const args = ['--duration', String(CAPACITY_SECONDS), '--concurrency', String(CALLERS)];
  return (await floeBench(server.port, MODEL, [...MIX, ...args])).answersPerSecond;
}

/** Each comes first, second and last in turn. */
async function compare(servers: Readonly<Record<Way, Served>>, turn: number): Promise<Turn> {
  const rate = LOAD * (await capacityOf(servers.fifo));
  const args = ['--rate', rate.toFixed(3), '--duration', String(SECONDS), '--seed', String(turn)];
  const reports = new Map<Way, Report>();
  for (let at = 0; at < WAYS.length; at++) {
    const way = WAYS[(at + turn) % WAYS.length] as Way;
    reports.set(way, await floeBench(servers[way].port, MODEL, [...MIX, ...args]));
  }
  return Object.fromEntries(reports) as Turn;
}

function figuresOf(way: Way, turns: readonly Turn[]): readonly Figure[] {
  const figure = (what: string, of: (report: Report) => number): readonly Figure[] => [
    { name: `large image: ${what}, ${way}`, value: median(turns.map((turn) => of(turn[way]))), unit: 'ms' },
    ...(way === 'fifo' ? [] : [against(way, what, of, turns)]),
  ];
  return [
    ...figure('mean of small tasks', (report) => classOf(report, 'small').mean),
    ...figure('99 % of small tasks within', (report) => classOf(report, 'small').p99),
    ...figure('mean of large tasks', (report) => classOf(report, 'large').mean),
  ];
}

function against(way: Way, what: string, of: (report: Report) => number, turns: readonly Turn[]): Figure {
  const value = medianOf(turns, turns, (turn) => of(turn[way]) / of(turn.fifo));
  return { name: `large image: ${what}, ${way} / fifo`, value, unit: 'ratio' };
}

/** A short turn may have no large task. */
function classOf(report: Report, name: string): Pick<Report['latency'], 'mean' | 'p99'> {
  const found = report.classes.find((one) => one.name === name);
  return found === undefined || found.answers === 0 ? { mean: Number.NaN, p99: Number.NaN } : found;
}
