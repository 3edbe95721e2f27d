/** Figures, limits on their ratios, the table that is printed and the file that is stored. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { output } from './children.ts';
import { RESULTS, ROOT } from './paths.ts';

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: 'ms' | 'us' | 's' | 'MB' | 'ratio' | '1/s';
  /** What was meant, as a maximum; only a ratio within one run can fail. */
  readonly limit?: { readonly most: number; readonly slack: number };
  /** For a figure that is an absolute aim: shown, never judged, as it depends on the machine. */
  readonly aim?: number;
  /** What was meant, as a minimum: shown, never judged. */
  readonly least?: number;
}

export function print(figure: Figure): void {
  const { name, value, unit } = figure;
  console.log(`${name.padEnd(74)} ${shown(value).padStart(8)} ${unit.padEnd(6)}${goalOf(figure)}`);
}

function goalOf({ limit, aim, least }: Figure): string {
  if (limit !== undefined) return `  (at most ${limit.most}, slack ${limit.slack})`;
  if (aim !== undefined) return `  (at most ${aim})`;
  return least === undefined ? '' : `  (at least ${least})`;
}

/** True for a figure without a limit, too. */
export function holds({ value, limit }: { readonly value: number; readonly limit?: Figure['limit'] }): boolean {
  return limit === undefined || value <= limit.most + limit.slack;
}

/** Prints a line for each limit and the summary; true where all hold. */
export function judge(figures: readonly Figure[]): boolean {
  let failed = 0;
  let passed = 0;
  for (const { name, value, limit } of figures) {
    if (limit === undefined) continue;
    const isWithin = holds({ value, limit });
    if (isWithin) passed++;
    else failed++;
    console.log(
      `${isWithin ? 'ok' : 'not ok'} - ${name}: ${shown(value)}, at most ${limit.most} and ${limit.slack} of slack`,
    );
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0;
}

/** Stores the figures, with the commit that was measured and the load, under a name made of the kind of machine and the cases, such as `amd-epyc-2-hit`. */
export async function store(figures: readonly Figure[], command: string, cases: readonly string[]): Promise<string> {
  const commit = (await output('git', ['-C', ROOT, 'describe', '--always', '--dirty'])).trim();
  const [cpu] = cpus();
  const model = cpu?.model.trim() ?? 'unknown';
  const machine = {
    cpu: model,
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release().split('-')[0],
    node: process.version,
    load: loadavg().map((load) => Number(load.toFixed(1))),
  };
  const name = [model.toLowerCase().replace(/[^a-z0-9]+/g, '-'), cpus().length, ...cases].join('-').replace(/^-/, '');
  const rounded = figures.map((figure) => ({ ...figure, value: Number(shown(figure.value)) }));
  const date = new Date().toISOString().slice(0, 10);
  const result = { command: [command, ...cases].join(' '), commit, date, machine, figures: rounded };
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  return `bench/results/${name}.json`;
}

function shown(value: number): string {
  return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
}
