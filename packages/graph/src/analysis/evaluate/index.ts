/**
 * Exact evaluation of ops whose inputs are constants: shape arithmetic, and what batch norm and preprocessing do to weights. Only ops
 * whose results are exact or correctly rounded are evaluated, so that folding changes no answer by more than the last bit of a
 * reciprocal (TensorFlow approximates 1/x and 1/sqrt(x)). What an op cannot compute (an integer division by zero) stays in the graph for the run to report.
 */

import { constValue } from '../../constants.ts';
import { DTYPES } from '../../dtype.ts';
import { sizeOf, type Tensor } from '../../tensor.ts';
import { isKnown } from '../dims.ts';
import { Lazy, type Typed } from '../facts.ts';
import type { OpContext } from '../op-context.ts';
import { PASS_ON } from '../pass-on.ts';
import { binary } from './binary.ts';
import type { Evaluate, Known } from './evaluate.ts';
import { layout } from './layout.ts';
import { random } from './random.ts';
import { reduce } from './reduce.ts';
import { unary } from './unary.ts';

const MIB = 2 ** 20;

/** Results above this stay ops: folding must not blow a graph up. */
const MAX_RESULT = 16 * MIB;

/** All results together, so that no graph makes analysis slow or large. */
const MAX_TOTAL = 256 * MIB;

/** Ops that only repeat what they are given are folded up to this times their inputs, and always below `SMALL`. */
const MAX_GROWTH = 4;
const GROWING = new Set(['Fill', 'Tile', 'BroadcastTo']);
const SMALL = 4096;

const RULES = new Map<string, Evaluate>(
  [unary, binary, layout, random, reduce].flatMap((family) => Object.entries(family)),
);

/** Ops that are evaluated on constants. */
export const foldableOps: readonly string[] = [...PASS_ON, ...RULES.keys()];

export class Evaluator {
  private left = MAX_TOTAL;
  private readonly growth: number;

  /** `growth`: how many times their inputs' size the results of ops that repeat may have. */
  constructor(growth = MAX_GROWTH) {
    this.growth = growth;
  }

  /** Values of the outputs of a node whose inputs are all constant; undefined where it is not to be folded. */
  evaluate(op: OpContext, types: readonly Typed[]): readonly Lazy<Tensor>[] | undefined {
    if (types.some(({ dtype }) => dtype.startsWith('complex'))) return undefined;
    if (op.node.op === 'Const') return [new Lazy(() => constValue(op.node))];
    if (op.inputs.length === 0 || !op.inputs.every((input) => input.value !== undefined)) return undefined;
    if (PASS_ON.has(op.node.op)) return passOn(op, types);
    const rule = RULES.get(op.node.op);
    if (rule === undefined || !types.every(isComplete) || !this.affords(op, types)) return undefined;
    const inputs = op.inputs.map(({ constant }) => constant as Tensor);
    const values = rule(op, inputs, types);
    const asInferred = values?.every(({ dtype }, i) => dtype === types[i]?.dtype);
    return asInferred ? values?.map((tensor) => new Lazy(() => tensor)) : undefined;
  }

  /** Charges the results of a node to the total; false where they are too large. */
  private affords(op: OpContext, types: readonly Known[]): boolean {
    const bytes = types.reduce((total, type) => total + bytesOf(type), 0);
    const given = op.inputs.reduce(
      (total, { dtype, dims }) => total + (isKnown(dims) ? bytesOf({ dtype, dims }) : 0),
      0,
    );
    if (bytes > MAX_RESULT || bytes > this.left) return false;
    if (GROWING.has(op.node.op) && bytes > Math.max(SMALL, this.growth * given)) return false;
    this.left -= bytes;
    return true;
  }
}

/** The very values of the inputs, unless an attribute states another dtype. */
function passOn(op: OpContext, types: readonly Typed[]): readonly Lazy<Tensor>[] | undefined {
  const asInferred = types.every(({ dtype }, i) => dtype === op.inputs[i]?.dtype);
  return asInferred ? op.inputs.map(({ value }) => value as Lazy<Tensor>) : undefined;
}

function isComplete(type: Typed): type is Known {
  return isKnown(type.dims);
}

/** A string counts as the pointer that it takes at least. */
function bytesOf({ dtype, dims }: Known): number {
  return sizeOf(dims) * (DTYPES[dtype].size || 8);
}
