/**
 * Which ops can work on a transposed value and how their axes follow. Each rule gives true if it has dealt with the node, false if the
 * node needs its inputs as they are.
 */

import { addConstant, type OnnxNode, type Value } from '../../onnx-graph.ts';
import { int64, toNumbers } from '../constant.ts';
import { type LayoutRule, type LayoutWalk, movesOnlyOnes } from './layout-walk.ts';

const ELEMENTWISE =
  'Abs Acos Acosh Asin Asinh Atan Atanh Cast Ceil Clip Cos Cosh Elu Erf Exp Floor Gelu HardSigmoid IsInf IsNaN LeakyRelu Log Neg Not Reciprocal Relu ' +
  'Round Selu Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Tan Tanh ' +
  'Add And Div Equal Greater GreaterOrEqual Less LessOrEqual Max Min Mod Mul Or Pow Sub Where Xor';

const REDUCTIONS = 'ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum';

/** All inputs are brought into the layout of the first view. */
const elementwise: LayoutRule = (node, walk) => {
  const view = walk.viewAmong(node.inputs);
  if (view === undefined) return false;
  const inputs = allInLayout(node.inputs, view.perm, walk);
  if (inputs === undefined) return false;
  walk.emitView(node, inputs, node.attrs, view.perm);
  return true;
};

function allInLayout(values: readonly Value[], perm: readonly number[], walk: LayoutWalk): Value[] | undefined {
  // Nothing may be transposed before it is certain that everything can be.
  if (!values.every((value) => walk.canFollow(value, perm.length))) return undefined;
  return values.map((value) => walk.inLayout(value, perm));
}

function axisOf(node: OnnxNode, rank: number): number {
  const axis = (node.attrs['axis'] as number | undefined) ?? (node.op.endsWith('Softmax') ? -1 : 0);
  return axis < 0 ? axis + rank : axis;
}

const concat: LayoutRule = (node, walk) => {
  const view = walk.viewAmong(node.inputs);
  const inputs = view && allInLayout(node.inputs, view.perm, walk);
  if (view === undefined || inputs === undefined) return false;
  walk.emitView(node, inputs, { ...node.attrs, axis: view.perm[axisOf(node, view.perm.length)] ?? 0 }, view.perm);
  return true;
};

/** Ops along one axis of their first input. */
const along: LayoutRule = (node, walk) => {
  const [first = '', ...others] = node.inputs;
  const view = walk.view(first);
  if (view === undefined) return false;
  const attrs = { ...node.attrs, axis: view.perm[axisOf(node, view.perm.length)] ?? 0 };
  walk.emitView(node, [view.source, ...others], attrs, view.perm);
  return true;
};

const pad: LayoutRule = (node, walk) => {
  const [first = '', pads = '', ...others] = node.inputs;
  const view = walk.view(first);
  const amounts = walk.graph.constants.get(pads);
  if (view === undefined || amounts === undefined || others.length > 1) return false;
  const rank = view.perm.length;
  const list = toNumbers(amounts);
  const turned = new Array<number>(2 * rank).fill(0);
  view.perm.forEach((axis, i) => {
    turned[axis] = list[i] ?? 0;
    turned[rank + axis] = list[rank + i] ?? 0;
  });
  walk.emitView(
    node,
    [view.source, addConstant(walk.graph, `${pads}/turned`, int64(...turned)), ...others],
    node.attrs,
    view.perm,
  );
  return true;
};

/** Axes are an attribute or the second input, by operator set; without them everything is reduced. */
const reduction: LayoutRule = (node, walk) => {
  const [first = '', input] = node.inputs;
  const view = walk.view(first);
  if (view === undefined) return false;
  const stated =
    input === undefined ? (node.attrs['axes'] as readonly number[] | undefined) : constantInts(walk, input);
  if (stated === undefined) return false;
  const rank = view.perm.length;
  const axes = stated.map((axis) => (axis < 0 ? axis + rank : axis));
  const turned = axes.map((axis) => view.perm[axis] ?? 0).sort((a, b) => a - b);
  const inputs =
    input === undefined ? [view.source] : [view.source, addConstant(walk.graph, `${input}/turned`, int64(...turned))];
  const attrs = input === undefined ? { ...node.attrs, axes: turned } : node.attrs;
  walk.emitView(node, inputs, attrs, node.attrs['keepdims'] === 0 ? without(view.perm, axes) : view.perm);
  return true;
};

const squeeze: LayoutRule = (node, walk) => {
  const [first = '', input] = node.inputs;
  const view = walk.view(first);
  const stated = input === undefined ? undefined : constantInts(walk, input);
  if (view === undefined || stated === undefined) return false;
  const axes = stated.map((axis) => (axis < 0 ? axis + view.perm.length : axis));
  const turned = addConstant(walk.graph, `${input}/turned`, int64(...axes.map((axis) => view.perm[axis] ?? 0)));
  walk.emitView(node, [view.source, turned], node.attrs, without(view.perm, axes));
  return true;
};

/** A new dimension goes into the source before the one that it precedes in the view, so that both stay neighbours. */
const unsqueeze: LayoutRule = (node, walk) => {
  const [first = '', input = ''] = node.inputs;
  const view = walk.view(first);
  const stated = constantInts(walk, input);
  if (view === undefined || stated === undefined) return false;
  const rank = view.perm.length + stated.length;
  const added = new Set(stated.map((axis) => (axis < 0 ? axis + rank : axis)));
  const old = range(rank).filter((axis) => !added.has(axis));
  // Dimensions of the new source by what they are in the result.
  const order = [...old].sort((a, b) => (view.perm[old.indexOf(a)] ?? 0) - (view.perm[old.indexOf(b)] ?? 0));
  for (const axis of [...added].sort((a, b) => a - b)) {
    const next = old.find((other) => other > axis);
    order.splice(next === undefined ? order.length : order.indexOf(next), 0, axis);
  }
  const axes = range(rank).filter((place) => added.has(order[place] ?? -1));
  const inputs = [view.source, addConstant(walk.graph, `${input}/turned`, int64(...axes))];
  walk.emitView(
    node,
    inputs,
    node.attrs,
    range(rank).map((axis) => order.indexOf(axis)),
  );
  return true;
};

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

const slice: LayoutRule = (node, walk) => {
  const [first = '', starts = '', ends = '', input = '', ...steps] = node.inputs;
  const view = walk.view(first);
  const axes = constantInts(walk, input);
  if (view === undefined || axes === undefined) return false;
  const turned = axes.map((axis) => view.perm[axis < 0 ? axis + view.perm.length : axis] ?? 0);
  const vector = addConstant(walk.graph, `${input}/turned`, int64(...turned));
  walk.emitView(node, [view.source, starts, ends, vector, ...steps], node.attrs, view.perm);
  return true;
};

/** A reshape reads the elements in order, which stays the same where only dimensions of size 1 have moved. */
const reshape: LayoutRule = (node, walk) => {
  const [first = '', target = ''] = node.inputs;
  const view = walk.view(first);
  const shape = view && walk.graph.types.get(view.source)?.shape;
  const entries = constantInts(walk, target);
  if (view === undefined || shape == null || entries === undefined || !movesOnlyOnes(shape, view.perm)) return false;
  // A 0 copies the dimension in the same place, which must still be there.
  if (entries.some((entry, i) => entry === 0 && view.perm[i] !== i)) return false;
  walk.emitView(node, [view.source, target], node.attrs, []);
  return true;
};

function constantInts(walk: LayoutWalk, value: Value): readonly number[] | undefined {
  const constant = walk.graph.constants.get(value);
  return constant === undefined ? undefined : toNumbers(constant);
}

/** The permutation of what is left when `axes` (of the view) are dropped. */
function without(perm: readonly number[], axes: readonly number[]): readonly number[] {
  const left = perm.filter((_, i) => !axes.includes(i));
  return left.map((axis) => left.filter((other) => other < axis).length);
}

function rules(names: string, rule: LayoutRule): (readonly [string, LayoutRule])[] {
  return names.split(' ').map((name) => [name, rule] as const);
}

export const LAYOUT_RULES: ReadonlyMap<string, LayoutRule> = new Map([
  ...rules(ELEMENTWISE, elementwise),
  ...rules(REDUCTIONS, reduction),
  ...rules('Softmax LogSoftmax Split', along),
  ['Concat', concat],
  ['Pad', pad],
  ['Squeeze', squeeze],
  ['Unsqueeze', unsqueeze],
  ['Slice', slice],
  ['Reshape', reshape],
]);
