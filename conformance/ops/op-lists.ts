/** Prints which TensorFlow ops are compiled and which are folded where their inputs are constant, as JSON: for docs.py. */
import { foldableOps } from '../../packages/graph/src/analysis/evaluate/index.ts';
import { LOWERINGS } from '../../packages/graph/src/compile/ops/index.ts';

process.stdout.write(JSON.stringify({ compiled: [...LOWERINGS.keys()], folded: foldableOps }));
