/** The passes on TensorFlow's own graph, before it is compiled for an engine; one file each. */
import type { Feeds } from '../analysis/index.ts';
import type { Graph } from '../graph.ts';
import { commonSubexpressions } from './common-subexpressions.ts';
import { takeApartComplex } from './complex/index.ts';
import { dilate } from './dilate.ts';
import { foldClamps } from './fold-clamps.ts';
import { foldConstants } from './fold-constants.ts';
import type { Pass } from './pass.ts';
import { prune } from './prune.ts';
import { removeDropout } from './remove-dropout.ts';
import { removeIdentities } from './remove-identities.ts';
import { signBits } from './sign-bits.ts';
import { unflattenProducts } from './unflatten-products.ts';
import { widenBfloat16 } from './widen-bfloat16.ts';

/** Names and order of the passes: what is dead is not analysed, and what became equal or dead on the way goes at the end. */
export const PASSES: readonly (readonly [name: string, pass: Pass])[] = [
  ['prune', prune],
  ['widen-bfloat16', widenBfloat16],
  ['take-apart-complex', takeApartComplex],
  ['remove-identities', removeIdentities],
  ['fold-constants', foldConstants],
  ['fold-clamps', foldClamps],
  ['remove-dropout', removeDropout],
  ['sign-bits', signBits],
  ['dilate', dilate],
  ['unflatten-products', unflattenProducts],
  ['common-subexpressions', commonSubexpressions],
  ['prune', prune],
];

/**
 * The graph with the same results and less to do. `keep` holds the tensors that stay under their names (the fetches), `feeds` those
 * that are given at run time, both canonical (`node:index`); `after` is told of each pass and what it made. Throws INVALID_ARGUMENT
 * where the graph contradicts itself.
 */
export function optimise(
  graph: Graph,
  keep: ReadonlySet<string>,
  feeds: Feeds,
  after: (pass: string, graph: Graph) => void = () => {},
): Graph {
  return PASSES.reduce((current, [name, pass]) => {
    const next = pass(current, keep, feeds);
    after(name, next);
    return next;
  }, graph);
}
