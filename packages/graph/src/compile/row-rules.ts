/** How each ONNX op carries rows on; an op without a rule is denied (see row-independent.ts). */

import { sizeOf } from '../tensor.ts';
import { elementsOf, isFixed, product, shapeOf, sizes, sizesOf, takesAll, withoutRows } from './row-sizes.ts';
import { turnedThrough } from './row-turned.ts';
import { batchAt, ELEMENTWISE, FIXED, type RowContext, type RowState, type Rows, type SizeElement } from './rows.ts';

type Rule = (c: RowContext) => RowState | readonly RowState[];

/** Ops over the dimensions behind the batch of their first input. */
const PER_IMAGE =
  'AveragePool BatchNormalization Conv ConvTranspose DepthToSpace GlobalAveragePool LRN MaxPool RandomNormalLike RandomUniformLike SpaceToDepth';

const REDUCTIONS = 'ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum';

const elementwise: Rule = (c) => {
  const states = c.inputs;
  const rows = states.filter((state): state is Rows => state.kind === 'rows');
  const [first] = rows;
  if (first === undefined) return withoutRows(c);
  for (let i = 0; i < c.node.inputs.length; i++) {
    const state = c.state(i);
    if (state.kind === 'size') throw c.deny('it computes with the size of the batch');
    if (state.kind === 'rows' && (state.per !== first.per || state.rank !== first.rank))
      throw c.deny('its inputs have different rows');
    if (state.kind === 'fixed' && c.node.inputs[i] !== '' && !c.broadcasts(i, first.rank)) {
      throw c.deny(`its input ${i} has a first dimension of its own`);
    }
  }
  return first;
};

const perImage: Rule = (c) => {
  const rows = c.rows(0);
  c.fixedFrom(1);
  return rows ?? FIXED;
};

const matMul: Rule = (c) => {
  const [a, b] = [c.rows(0), c.rows(1)];
  const [rankA, rankB] = [c.rank(0), c.rank(1)];
  if (a === undefined && b === undefined) return FIXED;
  if (rankA === undefined || rankB === undefined) throw c.deny('a rank is unknown');
  if (a !== undefined && b !== undefined) {
    if (a.rank < 3 || a.rank !== b.rank || a.per !== b.per) throw c.deny('it multiplies rows with each other');
    return a;
  }
  if (a !== undefined && a.rank >= 2 && rankB <= 2) return { ...a, rank: rankB === 1 ? a.rank - 1 : a.rank };
  if (a !== undefined && a.rank >= 3 && c.broadcasts(1, a.rank)) return a;
  if (b !== undefined && b.rank >= 3 && c.broadcasts(0, b.rank)) return b;
  throw c.deny('it sums over the batch');
};

const gemm: Rule = (c) => {
  const a = c.rows(0);
  c.fixedFrom(1);
  if (a === undefined) return FIXED;
  if (c.int('transA', 0) !== 0) throw c.deny('it sums over the batch');
  if (c.node.inputs.length > 2 && !c.broadcasts(2, 2)) throw c.deny('its bias has a first dimension of its own');
  return a;
};

/** Ops along one axis, which is an attribute. */
function along(fallback: number): Rule {
  return (c) => {
    const rows = c.rows(0);
    c.fixedFrom(1);
    if (rows !== undefined) c.axis(c.int('axis', fallback), rows.rank);
    return rows ?? FIXED;
  };
}

/** A shape taken apart. */
const split: Rule = (c) => {
  const state = c.state(0);
  if (state.kind !== 'size') return along(0)(c);
  const { outputs } = c.node;
  const lengths = c.numbers(1) ?? outputs.map(() => (state.elements?.length ?? 0) / outputs.length);
  let at = 0;
  return lengths.map((length) => {
    const part = Number.isInteger(length) ? state.elements?.slice(at, at + length) : undefined;
    at += length;
    return sizes(part);
  });
};

const cumSum: Rule = (c) => {
  const rows = c.rows(0);
  if (rows === undefined) return perImage(c);
  const axis = c.numbers(1)?.[0];
  if (axis === undefined) throw c.deny('its axis is not constant');
  c.axis(axis, rows.rank);
  return rows;
};

const reduction: Rule = (c) => {
  const elements = elementsOf(c, 0);
  if (c.node.op === 'ReduceProd' && elements !== undefined) return sizes([product(elements)]);
  if (c.state(0).kind === 'size') return sizes(undefined);
  const rows = c.rows(0);
  c.fixedFrom(1);
  if (rows === undefined) return FIXED;
  const stated = c.node.attrs['axes'];
  const axes =
    c.node.inputs.length > 1 ? c.numbers(1) : Array.isArray(stated) ? (stated as readonly number[]) : undefined;
  if (axes === undefined) throw c.deny('it may work along the batch');
  for (const axis of axes) c.axis(axis, rows.rank);
  return { ...rows, rank: c.int('keepdims', 1) === 0 ? rows.rank - axes.length : rows.rank };
};

const arg: Rule = (c) => {
  const rows = c.rows(0);
  if (rows === undefined) return FIXED;
  c.axis(c.int('axis', 0), rows.rank);
  return { ...rows, rank: c.int('keepdims', 1) === 0 ? rows.rank - 1 : rows.rank };
};

const concat: Rule = (c) => {
  const states = c.inputs;
  if (states.every((state) => state.kind !== 'rows')) {
    const parts = c.node.inputs.map((_, i) => elementsOf(c, i));
    return sizesOf(c, parts.includes(undefined) ? undefined : parts.flatMap((part) => part ?? []));
  }
  const [first] = states;
  if (first?.kind !== 'rows') throw c.deny('it joins rows with something else');
  c.axis(c.int('axis', 0), first.rank);
  for (const state of states) {
    if (state.kind !== 'rows' || state.per !== first.per || state.rank !== first.rank)
      throw c.deny('it joins rows with something else');
  }
  return first;
};

const slice: Rule = (c) => {
  const state = c.state(0);
  if (state.kind === 'size') return sizes(slicedElements(c, state.elements));
  if (state.kind === 'fixed') return state.elements ? sizesOf(c, slicedElements(c, state.elements)) : fixedOnly(c);
  const axes = c.numbers(3);
  if (axes === undefined) throw c.deny('its axes are not constant');
  const rank = c.rank(0) ?? 0;
  for (const [i, axis] of axes.entries()) {
    const [start, end] = [argument(c, 1, i), argument(c, 2, i)];
    const step = c.node.inputs.length > 4 ? argument(c, 4, i) : 1;
    if (state.kind === 'rows' && axis === 0 && takesAll(start, end, step, state.per)) continue;
    c.axis(axis, rank);
    if (![start, end, step].every(isFixed)) throw c.deny('how much it takes depends on the batch');
  }
  return state;
};

/** Element `at` of input `i`, fixed where all of it is. */
function argument(c: RowContext, i: number, at: number): SizeElement {
  return elementsOf(c, i)?.[at] ?? (c.state(i).kind === 'fixed' ? 'fixed' : undefined);
}

function fixedOnly(c: RowContext): RowState {
  c.fixedFrom(1);
  return FIXED;
}

function slicedElements(
  c: RowContext,
  elements: readonly SizeElement[] | undefined,
): readonly SizeElement[] | undefined {
  const [start, end, step] = [c.numbers(1)?.[0], c.numbers(2)?.[0], c.node.inputs.length > 4 ? c.numbers(4)?.[0] : 1];
  return start === undefined || end === undefined || step !== 1 ? undefined : elements?.slice(start, end);
}

const gather: Rule = (c) => {
  const [data, indices] = [c.state(0), c.state(1)];
  if (data.kind === 'size' || (data.kind === 'fixed' && data.elements !== undefined && c.numbers(1) !== undefined))
    return sizes(c.numbers(1)?.map((index) => data.elements?.at(index)));
  const axis = c.int('axis', 0);
  if (indices.kind === 'size') throw c.deny('it computes with the size of the batch');
  if (data.kind === 'fixed' && indices.kind === 'fixed') return FIXED;
  const [rankData, rankIndices] = [c.rank(0), c.rank(1)];
  if (rankData === undefined || rankIndices === undefined) throw c.deny('a rank is unknown');
  if (data.kind === 'rows' && indices.kind === 'fixed') {
    c.axis(axis, rankData);
    return { ...data, rank: rankData - 1 + rankIndices };
  }
  if (data.kind === 'fixed' && indices.kind === 'rows' && (axis === 0 || axis === -rankData)) {
    return { ...indices, rank: rankData - 1 + rankIndices };
  }
  throw c.deny('it picks rows by rows');
};

const gatherNd: Rule = (c) => {
  const [data, indices] = [c.rows(0), c.rows(1)];
  const rank = c.graph.types.get(c.node.outputs[0] ?? '')?.shape?.length;
  if (data === undefined && indices === undefined) return FIXED;
  if (indices === undefined || indices.rank < 2) throw c.deny('it picks rows');
  const inStep =
    data === undefined ? c.int('batch_dims', 0) === 0 : c.int('batch_dims', 0) >= 1 && data.per === indices.per;
  if (!inStep || rank === undefined) throw c.deny('it picks rows by rows');
  return { ...indices, rank };
};

const transpose: Rule = (c) => {
  const rows = c.rows(0);
  const perm = c.node.attrs['perm'];
  if (rows === undefined) return FIXED;
  const axis = Array.isArray(perm) ? perm.indexOf(0) : rows.rank - 1;
  if (axis === 0) return rows;
  if (rows.per !== 1) throw c.deny('it moves the batch');
  return batchAt(axis, rows.rank);
};

const squeeze: Rule = (c) => {
  const state = c.state(0);
  if (state.kind === 'size' || state.kind === 'fixed') return state;
  const axes = c.numbers(1);
  if (axes === undefined) throw c.deny('it may drop the batch');
  for (const axis of axes) c.axis(axis, state.rank);
  return { ...state, rank: state.rank - axes.length };
};

const unsqueeze: Rule = (c) => {
  const state = c.state(0);
  if (state.kind === 'size' || state.kind === 'fixed') return state;
  const axes = c.numbers(1);
  const rows = c.rows(0);
  if (axes === undefined || rows === undefined) throw c.deny('its axes are not constant');
  const rank = rows.rank + axes.length;
  const added = new Set(axes.map((axis) => (axis < 0 ? axis + rank : axis)));
  if (!added.has(0)) return { ...rows, rank };
  if (rows.per !== 1) throw c.deny('it works along the batch');
  const batch = Array.from({ length: rank }, (_, i) => i).find((i) => !added.has(i));
  return batchAt(batch ?? 0, rank);
};

/** Rows stay whole where each of them makes a whole number of new ones. */
const reshape: Rule = (c) => {
  const state = c.state(0);
  if (state.kind === 'size') return state;
  const target = elementsOf(c, 1);
  const rows = c.rows(0);
  if (rows === undefined) return c.state(1).kind === 'fixed' ? state : notRows(c);
  const [first, ...rest] = target ?? [];
  const rank = target?.length;
  if (rank === undefined || rank === 0) throw c.deny('the shape it makes is unknown');
  if (first === 0 && c.int('allowzero', 0) === 0) return { ...rows, rank };
  if (typeof first === 'object') return { kind: 'rows', per: first.batch, rank };
  const own = c.shape(0)?.slice(1);
  if (first !== -1 || own === undefined || own.includes(-1)) throw c.deny('its rows may not be those of its input');
  const before = rows.per * sizeOf(own);
  const after = rest.every((size) => typeof size === 'number' && size > 0) ? sizeOf(rest as number[]) : 0;
  if (after === 0 || before % after !== 0) throw c.deny('its rows may not be those of its input');
  return { kind: 'rows', per: before / after, rank };
};

function notRows(c: RowContext): never {
  throw c.deny('it spreads a fixed value over the batch');
}

/** A fixed value repeated for each row is a row for each. */
const expand: Rule = (c) => {
  const state = c.state(0);
  const target = elementsOf(c, 1);
  if (state.kind === 'fixed' && c.state(1).kind === 'fixed') return FIXED;
  const first = target?.[0];
  if (state.kind === 'size' || target === undefined) throw c.deny('it computes with the size of the batch');
  const per = typeof first === 'object' ? first.batch : undefined;
  if (state.kind === 'fixed' && per !== undefined && c.broadcasts(0, target.length))
    return { kind: 'rows', per, rank: target.length };
  if (state.kind === 'fixed') return expandedBehind(c, target);
  if (state.kind === 'rows' && state.rank === target.length && (first === 1 || per === state.per)) return state;
  throw c.deny('its rows may not be those of its input');
};

/** A scalar repeated over a shape in which the batch is not first. */
function expandedBehind(c: RowContext, target: readonly SizeElement[]): RowState {
  const batches = target.flatMap((element, i) => (typeof element === 'object' ? [i] : []));
  const [axis = 0] = batches;
  const known = target.every((element, i) => i === axis || typeof element === 'number' || element === 'fixed');
  const once = typeof target[axis] === 'object' && (target[axis] as { batch: number }).batch === 1;
  if (!known || !once || c.rank(0) !== 0) throw c.deny('its rows may not be those of its input');
  return batchAt(axis, target.length);
}

const pad: Rule = (c) => {
  const rows = c.rows(0);
  c.fixedFrom(2);
  if (rows === undefined) return fixedOnly(c);
  const pads = Array.from({ length: 2 * rows.rank }, (_, i) => argument(c, 1, i));
  if (pads[0] !== 0 || pads[rows.rank] !== 0) throw c.deny('it may add rows');
  if (!pads.every(isFixed)) throw c.deny('how much it adds depends on the batch');
  return rows;
};

const tile: Rule = (c) => {
  const rows = c.rows(0);
  if (rows === undefined) return tiledFixed(c);
  const repeats = Array.from({ length: rows.rank }, (_, i) => argument(c, 1, i));
  if (repeats[0] !== 1 || !repeats.every(isFixed)) throw c.deny('it may repeat rows');
  return rows;
};

/** A fixed row repeated for each row is a row for each. */
function tiledFixed(c: RowContext): RowState {
  const [first, ...rest] = elementsOf(c, 1) ?? [];
  if (typeof first !== 'object' || !rest.every(isFixed) || c.shape(0)?.[0] !== 1) return fixedOnly(c);
  return { kind: 'rows', per: first.batch, rank: rest.length + 1 };
}

const resize: Rule = (c) => {
  const rows = c.rows(0);
  if (rows === undefined) return withoutRows(c);
  const first = elementsOf(c, 3)?.[0];
  if (typeof first !== 'object' || first.batch !== rows.per) throw c.deny('it may resize the batch');
  return rows;
};

const shape: Rule = (c) => {
  const [state, rank] = [c.state(0), c.rank(0)];
  if (rank === undefined) return FIXED;
  return shapeOf(c, rank, state.kind === 'rows' ? { axis: 0, per: state.per } : undefined);
};

const size: Rule = (c) => (c.state(0).kind === 'rows' ? { kind: 'size', elements: undefined } : FIXED);

/** The batch is the first letter of the result and of each operand with rows, and of no other. */
const einsum: Rule = (c) => {
  const [left = '', right = ''] = String(c.node.attrs['equation']).replaceAll(' ', '').split('->');
  const operands = left.split(',');
  const batch = right[0] ?? '';
  const states = operands.map((_, i) => c.rows(i));
  const first = states.find((state) => state !== undefined);
  if (first === undefined) return FIXED;
  const apart = operands.every((letters, i) =>
    states[i] === undefined ? !letters.includes(batch) : letters.lastIndexOf(batch) === 0,
  );
  const even = states.every((state) => state === undefined || state.per === first.per);
  if (batch === '' || left.includes('.') || !apart || !even) throw c.deny('it may sum over the batch');
  return { ...first, rank: right.length };
};

function rules(names: string, rule: Rule): (readonly [string, Rule])[] {
  return names.split(' ').map((name) => [name, rule] as const);
}

const RULES: ReadonlyMap<string, Rule> = new Map([
  ...rules(ELEMENTWISE, elementwise),
  ...rules(PER_IMAGE, perImage),
  ...rules(REDUCTIONS, reduction),
  ...rules('ArgMax ArgMin', arg),
  ...rules('LayerNormalization LogSoftmax Softmax TopK', along(-1)),
  ['Split', split],
  ['CumSum', cumSum],
  ['MatMul', matMul],
  ['Gemm', gemm],
  ['Einsum', einsum],
  ['Concat', concat],
  ['Slice', slice],
  ['Gather', gather],
  ['GatherND', gatherNd],
  ['Transpose', transpose],
  ['Squeeze', squeeze],
  ['Unsqueeze', unsqueeze],
  ['Reshape', reshape],
  ['Expand', expand],
  ['Pad', pad],
  ['Tile', tile],
  ['Resize', resize],
  ['Shape', shape],
  ['Size', size],
]);

/** The state of the outputs of a node, one for all or one for each. Throws Denied. */
export function rowsThrough(c: RowContext): RowState | readonly RowState[] {
  if (c.inputs.some((state) => state.kind === 'turned')) return turnedThrough(c);
  const rule = RULES.get(c.node.op);
  if (rule !== undefined) return rule(c);
  if (c.inputs.every((state) => state.kind === 'fixed')) return FIXED;
  throw c.deny('this op is not known to keep rows apart');
}
