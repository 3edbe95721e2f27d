/**
 * Compares every case under DIR (see generate.py and nets.py) with TensorFlow's outputs: integers exactly, floats within 1e-5 of the
 * larger of 1 and the greatest value.
 *
 *     node conformance/ops/compare.ts DIR [--tolerance 1e-4] [--opset N] [--verbose] [--report FILE] [NAME...]
 *
 * With a report (the outcomes as JSON) docs.py says the sum. Processes of their own run the cases: where the engine ends one, that is a failure of the case that it was at.
 */
import { fork } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { judgeCase, type Options, type Outcome } from './judge-case.ts';

const PROCESSES = 2;
const MARKS = { equal: 'ok  ', refused: 'none', raised: 'ok  ', failed: 'FAIL' } as const;

interface Work {
  readonly root: string;
  readonly names: readonly string[];
  readonly options: Options;
}

/** Judges the cases in order, and says of each how it ended. */
async function work({ root, names, options }: Work): Promise<void> {
  for (const name of names) process.send?.(await judgeCase(root, name, options));
  process.disconnect();
}

/** Outcomes of all cases of `share`, by as many processes as it takes. */
async function judged(share: Work, tell: (outcome: Outcome) => void): Promise<void> {
  let left = share.names;
  while (left.length > 0) {
    const done = await judgedByOne({ ...share, names: left }, tell);
    left = left.slice(done);
    if (left.length === 0) return;
    const [name = '', ...rest] = left;
    tell({ name, result: 'failed', note: 'ended the process', ops: [] });
    left = rest;
  }
}

/** How many cases a process has judged before it ended. */
function judgedByOne(share: Work, tell: (outcome: Outcome) => void): Promise<number> {
  const child = fork(import.meta.filename, [], { env: { ...process.env, FLOE_COMPARE: 'child' } });
  let done = 0;
  child.on('message', (outcome: Outcome) => {
    done++;
    tell(outcome);
  });
  child.send(share);
  return new Promise((resolve) => child.on('exit', () => resolve(done)));
}

function casesOf(root: string, wanted: readonly string[]): readonly string[] {
  const all = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const names = all.map((entry) => basename(entry.name));
  return names.filter((name) => wanted.length === 0 || wanted.some((start) => name.startsWith(start))).sort();
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      tolerance: { type: 'string', default: '1e-5' },
      opset: { type: 'string' },
      verbose: { type: 'boolean', default: false },
      report: { type: 'string' },
    },
  });
  const [root = '.', ...wanted] = positionals;
  const { tolerance, opset } = values;
  const options = { tolerance: Number(tolerance), ...(opset === undefined ? {} : { opset: Number(opset) }) };
  const names = casesOf(root, wanted);
  const outcomes: Outcome[] = [];
  const tell = (outcome: Outcome): void => {
    outcomes.push(outcome);
    if (values.verbose || outcome.result === 'failed')
      process.stdout.write(`${MARKS[outcome.result]} ${outcome.name}: ${outcome.note}\n`);
  };
  const shares = Array.from({ length: PROCESSES }, (_, i) => names.filter((_, at) => at % PROCESSES === i));
  await Promise.all(shares.map((share) => judged({ root, names: share, options }, tell)));
  if (values.report !== undefined) writeFileSync(values.report, JSON.stringify(outcomes));
  const count = (result: Outcome['result']): number => outcomes.filter((outcome) => outcome.result === result).length;
  const failed = count('failed');
  process.stdout.write(`${count('refused')} of these refused with a typed error\n`);
  if (values.report === undefined) process.stdout.write(`${outcomes.length - failed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}

if (process.env['FLOE_COMPARE'] === 'child') process.once('message', (share: Work) => work(share));
else await main();
