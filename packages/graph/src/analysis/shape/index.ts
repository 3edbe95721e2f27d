/** Shape and dtype inference by op name; one file per op family. An op that no file knows has outputs of unknown shape. */
import type { Typed } from '../facts.ts';
import type { InferTable, OpContext } from '../op-context.ts';
import { audio } from './audio.ts';
import { complex } from './complex.ts';
import { detection } from './detection.ts';
import { diagonal } from './diagonal.ts';
import { elementwise } from './elementwise.ts';
import { generating } from './generate.ts';
import { image } from './image.ts';
import { joining } from './join.ts';
import { linearAlgebra } from './linear-algebra.ts';
import { matmul } from './matmul.ts';
import { normalise } from './normalise.ts';
import { padding } from './pad.ts';
import { recurrent } from './recurrent.ts';
import { reduction } from './reduction.ts';
import { reshaping } from './reshape.ts';
import { scattering } from './scatter.ts';
import { selecting } from './select.ts';
import { source, undeclaredTypes } from './source.ts';
import { sparse } from './sparse.ts';
import { tensorList } from './tensor-list.ts';
import { text } from './text.ts';
import { window } from './window.ts';

export { undeclaredType } from './source.ts';

const FAMILIES: readonly InferTable[] = [
  source,
  elementwise,
  reduction,
  linearAlgebra,
  matmul,
  window,
  normalise,
  reshaping,
  joining,
  selecting,
  scattering,
  padding,
  generating,
  image,
  detection,
  diagonal,
  complex,
  audio,
  recurrent,
  sparse,
  tensorList,
  text,
];

const RULES = new Map(FAMILIES.flatMap((family) => Object.entries(family)));

/** Ops whose outputs inference can tell. */
export const inferableOps: readonly string[] = [...RULES.keys()];

/** Types of the outputs of a node. Throws INVALID_ARGUMENT where its inputs contradict each other. */
export function inferTypes(op: OpContext): readonly Typed[] {
  const infer = RULES.get(op.node.op);
  return infer === undefined ? undeclaredTypes(op) : infer(op);
}
