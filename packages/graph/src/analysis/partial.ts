/** Elements of shape vectors, as far as they can be told although a feed decides some of them. */
import type { Element } from './facts.ts';
import type { OpContext } from './op-context.ts';

/** Elements of output `output`, `count` in number; undefined where nothing is known. */
export function partialElements(_op: OpContext, _output: number, _count: number): readonly Element[] | undefined {
  return undefined;
}
