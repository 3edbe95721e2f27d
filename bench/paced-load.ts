/**
 * `floe bench` over and over in one process: in a fresh one the first requests wait for its code to be compiled, and these are then the slowest
 * hundredth of a short load. The parent sends one `PacedLoad` after the other and gets a `Report` for each, or `{ error }`.
 */
import process from 'node:process';
import { loadTest } from '../packages/server/src/cli/bench/load-test.ts';
import { benchOptions } from '../packages/server/src/cli/bench/options.ts';

export interface PacedLoad {
  readonly url: string;
  readonly model: string;
  /** Requests a second, of a Poisson process. */
  readonly rate: number;
  readonly seconds: number;
}

const SEED = 1;
const NEVER = new AbortController().signal;

process.on('message', ({ url, model, rate, seconds }: PacedLoad) => {
  const options = benchOptions(url, { model, protocol: 'v2', rate, duration: seconds, seed: SEED });
  loadTest(options, NEVER).then(
    ({ report }) => process.send?.(report),
    (error: Error) => process.send?.({ error: error.message }),
  );
});
