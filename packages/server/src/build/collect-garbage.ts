/** V8's collector, asked at a moment when most of what there is has just become garbage: it would grow the heap by as much again first. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export function collectGarbage(): void {
  // The flag gives contexts that are made from now on a function of this name.
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
}
