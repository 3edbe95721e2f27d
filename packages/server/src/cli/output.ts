/** What the commands print: results on standard output, progress and errors on standard error, and the exit codes. */
import process from 'node:process';
import { asFloeError, type ErrorCode } from '@floe/graph/base';
import type { Progress } from '../build/freeze-version.ts';
import { lastWords } from './last-words.ts';

/** Exit codes, after `sysexits.h`. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 64,
  data: 65,
  noInput: 66,
  unavailable: 69,
  software: 70,
  cannotCreate: 73,
  permission: 77,
} as const;

const BY_CODE: Partial<Record<ErrorCode, number>> = {
  INVALID_ARGUMENT: EXIT.usage,
  DATA_LOSS: EXIT.data,
  UNIMPLEMENTED: EXIT.data,
  FAILED_PRECONDITION: EXIT.data,
  OUT_OF_RANGE: EXIT.data,
  NOT_FOUND: EXIT.noInput,
  UNAVAILABLE: EXIT.unavailable,
  INTERNAL: EXIT.software,
  ALREADY_EXISTS: EXIT.cannotCreate,
  PERMISSION_DENIED: EXIT.permission,
  UNAUTHENTICATED: EXIT.permission,
};

/** At most this many places are printed; `--json` has all of them. */
const MOST_DETAILS = 20;

/** Whoever reads standard output may leave early (`floe inspect x | head`); that is no failure of ours. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

/** Where a command's sentences go. */
export type Say = (text: string) => void;

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value));
}

/** Prints an error for people, or as JSON, and returns the exit code it stands for. */
export function fail(thrown: unknown, json: boolean): number {
  const error = asFloeError(thrown);
  lastWords(`floe: ${error.message}`);
  if (json)
    process.stderr.write(
      `${JSON.stringify({ error: { code: error.code, message: error.message, details: error.details } })}\n`,
    );
  else process.stderr.write(`floe: ${error.message}\n${details(error.details)}`);
  return BY_CODE[error.code] ?? EXIT.failed;
}

function details(list: readonly object[]): string {
  if (list.length < 2) return '';
  const lines = list.slice(0, MOST_DETAILS).map((detail) => {
    const parts = Object.entries(detail).map(([key, value]) => `${key} ${value}`);
    return `  - ${parts.join(', ')}\n`;
  });
  const more = list.length > MOST_DETAILS ? `  … and ${list.length - MOST_DETAILS} more (--json lists all)\n` : '';
  return lines.join('') + more;
}

/** A progress bar on a terminal, nothing elsewhere. */
export async function progressBar(quiet: boolean): Promise<{ update: Progress; stop(): void }> {
  if (quiet || process.stderr.isTTY !== true) return { update: () => {}, stop: () => {} };
  const { SingleBar, Presets } = await import('cli-progress');
  const format = '{bar} {percentage}% {step}';
  const bar = new SingleBar(
    { format, stream: process.stderr, hideCursor: true, clearOnComplete: true },
    Presets.shades_classic,
  );
  bar.start(1, 0, { step: '' });
  return { update: (step, share) => bar.update(share, { step }), stop: () => bar.stop() };
}

/** `12.3 MB` for people. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 1)} MB`;
}

const UNITS = ['', ' k', ' M', ' G', ' T', ' P'];

/** `25.6 M` for people; `812` stays as it is. */
export function big(count: number): string {
  let [value, unit] = [count, 0];
  for (; value >= 999.5 && unit < UNITS.length - 1; unit++) value /= 1000;
  return unit === 0 ? String(Math.round(value)) : `${value.toPrecision(3)}${UNITS[unit]}`;
}

/** `4.20 MB`, `157 kB`, `12 B` for people. */
export function bytes(count: number): string {
  return count < 999.5 ? `${count} B` : `${big(count)}B`;
}

/** Rows under each other: the first and the last column to the left, numbers to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  const lines = rows.map((row) =>
    row
      .map((cell, i) => (i === 0 || i === row.length - 1 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  return lines.join('\n');
}
