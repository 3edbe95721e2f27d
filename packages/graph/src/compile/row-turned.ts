/** How ops carry rows on where the batch is not the first dimension: recurrent layers put time in front of it. */
import { shapeOf } from './row-sizes.ts';
import { batchAt, ELEMENTWISE, type RowContext, type RowState, type Turned } from './rows.ts';

type Rule = (c: RowContext) => RowState;

/** The state of input 0, the only one that may depend on the batch. */
function only(c: RowContext): Turned {
  const state = c.state(0);
  c.fixedFrom(1);
  if (state.kind !== 'turned') throw c.deny('it mixes rows with something else');
  return state;
}

function otherAxis(c: RowContext, axis: number, { axis: batch, rank }: Turned): number {
  const at = axis < 0 ? axis + rank : axis;
  if (at === batch) throw c.deny('it works along the batch');
  return at;
}

/** The batch has to be equally far from the end in all of them, since that is how broadcasting aligns them. */
const elementwise: Rule = (c) => {
  const fromEnd = c.inputs.flatMap((state) => (state.kind === 'turned' ? [state.rank - state.axis] : []))[0] ?? 0;
  const ranks = c.node.inputs.map((_, i) => {
    const [state, rank] = [c.state(i), c.rank(i)];
    if (state.kind === 'size' || rank === undefined) throw c.deny('it computes with the size of the batch');
    if (state.kind === 'rows' && (state.per !== 1 || rank !== fromEnd)) throw c.deny('its inputs have different rows');
    if (state.kind === 'turned' && rank - state.axis !== fromEnd) throw c.deny('its inputs have different rows');
    if (state.kind === 'fixed' && rank >= fromEnd && c.shape(i)?.[rank - fromEnd] !== 1)
      throw c.deny(`its input ${i} has a dimension of its own where the batch is`);
    return rank;
  });
  const rank = Math.max(...ranks);
  return batchAt(rank - fromEnd, rank);
};

const matMul: Rule = (c) => {
  const state = only(c);
  if (c.rank(1) !== 2 || state.axis === state.rank - 1) throw c.deny('it sums over the batch');
  return state;
};

const gather: Rule = (c) => {
  const state = only(c);
  const at = otherAxis(c, c.int('axis', 0), state);
  const picked = c.rank(1);
  if (picked === undefined) throw c.deny('a rank is unknown');
  return batchAt(state.axis > at ? state.axis - 1 + picked : state.axis, state.rank - 1 + picked);
};

const transpose: Rule = (c) => {
  const state = only(c);
  const perm = c.node.attrs['perm'];
  const axis = Array.isArray(perm) ? perm.indexOf(state.axis) : state.rank - 1 - state.axis;
  return batchAt(axis, state.rank);
};

const slice: Rule = (c) => {
  const state = only(c);
  const axes = c.numbers(3);
  if (axes === undefined) throw c.deny('its axes are not constant');
  for (const axis of axes) otherAxis(c, axis, state);
  return state;
};

const concat: Rule = (c) => {
  const [first] = c.inputs;
  if (first?.kind !== 'turned') throw c.deny('it joins rows with something else');
  otherAxis(c, c.int('axis', 0), first);
  for (const state of c.inputs) {
    if (state.kind !== 'turned' || state.axis !== first.axis || state.rank !== first.rank)
      throw c.deny('it joins rows with something else');
  }
  return first;
};

/** Ops along one axis, which is an attribute. */
function along(fallback: number): Rule {
  return (c) => {
    const state = only(c);
    otherAxis(c, c.int('axis', fallback), state);
    return state;
  };
}

const reduction: Rule = (c) => {
  const state = only(c);
  const axes = c.node.inputs.length > 1 ? c.numbers(1) : undefined;
  if (axes === undefined) throw c.deny('it may work along the batch');
  const left = without(c, state, axes);
  return c.int('keepdims', 1) === 0 ? left : state;
};

function otherAxes(c: RowContext, axes: readonly number[], state: Turned): readonly number[] {
  return axes.map((axis) => otherAxis(c, axis, state));
}

/** Dimensions taken out. */
function without(c: RowContext, state: Turned, axes: readonly number[]): RowState {
  const before = otherAxes(c, axes, state).filter((axis) => axis < state.axis).length;
  return batchAt(state.axis - before, state.rank - axes.length);
}

const squeeze: Rule = (c) => {
  const axes = c.numbers(1);
  if (axes === undefined) throw c.deny('it may drop the batch');
  return without(c, only(c), axes);
};

const unsqueeze: Rule = (c) => {
  const state = only(c);
  const axes = c.numbers(1);
  if (axes === undefined) throw c.deny('its axes are not constant');
  const rank = state.rank + axes.length;
  const added = axes.map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b);
  const axis = added.reduce((at, next) => (next <= at ? at + 1 : at), state.axis);
  return batchAt(axis, rank);
};

const shape: Rule = (c) => {
  const { axis, rank } = only(c);
  return shapeOf(c, rank, { axis, per: 1 });
};

const REDUCTIONS = ['ReduceMax', 'ReduceMean', 'ReduceMin', 'ReduceProd', 'ReduceSum'] as const;

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...ELEMENTWISE.split(' ').map((op): [string, Rule] => [op, elementwise]),
  ...REDUCTIONS.map((op): [string, Rule] => [op, reduction]),
  ['Concat', concat],
  ['Gather', gather],
  ['LayerNormalization', along(-1)],
  ['LogSoftmax', along(-1)],
  ['MatMul', matMul],
  ['Shape', shape],
  ['Slice', slice],
  ['Softmax', along(-1)],
  ['Split', along(0)],
  ['Squeeze', squeeze],
  ['TopK', along(-1)],
  ['Transpose', transpose],
  ['Unsqueeze', unsqueeze],
]);

/** The state of the outputs of a node of which an input is turned. Throws Denied. */
export function turnedThrough(c: RowContext): RowState {
  const rule = RULES.get(c.node.op);
  if (rule === undefined) throw c.deny('the batch is not its first dimension');
  return rule(c);
}
