/** CPU of a thousand small requests: a script for each, a session for each, and Floe, as `bench/run naive` measures them. */
import { naive } from '../../../bench/cases/naive.ts';
import { Models } from '../../../bench/lib/models.ts';

export interface CpuSeconds {
  readonly script_per_request: number;
  readonly session_per_request: number;
  readonly floe: number;
}

/** A short run: the ways are orders of magnitude apart. */
const EFFORT = { repeats: 1, length: 0.1 };

export async function cpuSeconds(): Promise<CpuSeconds> {
  const figures = await naive(new Models(), EFFORT);
  const of = (way: string): number => {
    const found = figures.find(({ name }) => name.endsWith(`requests, ${way}`));
    return Number((found?.value ?? Number.NaN).toPrecision(3));
  };
  return {
    script_per_request: of('a script for each request'),
    session_per_request: of('a session for each request'),
    floe: of('floe'),
  };
}
