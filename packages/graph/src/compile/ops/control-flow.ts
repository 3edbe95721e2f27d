/** While, If and Case of TensorFlow 2 as ONNX's Loop and If. Functions become subgraphs that use outer values as they are. */
import type { AnalysedRegion, BranchFlow, LoopFlow } from '../../analysis/index.ts';
import type { DType } from '../../dtype.ts';
import { bodyOf, type OnnxGraph, type Value, type ValueType, withOutputs } from '../../onnx-graph.ts';
import { scalarOf } from '../constant.ts';
import { type Carried, loopPlan } from '../loop-plan.ts';
import { each, type Lowering } from '../lowering.ts';
import { cast, ints, reshape } from './common.ts';
import { dimsOf, joined, lengthOf, zeros } from './list-shape.ts';

const BOOL: ValueType = { dtype: 'bool', shape: [] };

function whileLoop(l: Lowering): readonly Value[] {
  const flow = l.flow();
  if (flow?.kind !== 'loop') throw l.refuse('its functions were not analysed');
  const plan = loopPlan(flow, (i) => l.isFreshList(i));
  if (plan.every(({ kind }) => kind === 'invariant')) return l.inputs();
  return new LoopWriter(l, flow, plan).write();
}

/** Puts one Loop together. Its inputs: number of turns, condition, states; its body's: turn, condition, states. */
class LoopWriter {
  private readonly l: Lowering;
  private readonly flow: LoopFlow;
  private readonly plan: readonly Carried[];
  /** Numbers of the variables that are carried, and of those that are collected. */
  private readonly states: readonly number[];
  private readonly collected: readonly number[];

  constructor(l: Lowering, flow: LoopFlow, plan: readonly Carried[]) {
    this.l = l;
    this.flow = flow;
    this.plan = plan;
    const numbers = (kind: Carried['kind']) => plan.flatMap((carried, i) => (carried.kind === kind ? [i] : []));
    this.states = numbers('state');
    this.collected = numbers('collected');
  }

  write(): readonly Value[] {
    const { l, flow, states, collected } = this;
    const initial = this.plan.map(({ kind }, i) => (kind === 'collected' ? undefined : this.initial(i)));
    const [first = ''] = l.region(flow.first, initial);
    const start = asCondition(l, first, this.conditionType(flow.first));
    const stacked = collected
      .map((i) => this.itemType(i))
      .map((item) => ({ ...item, shape: item.shape && [-1, ...item.shape] }));
    const types = [...states.map((i) => this.stateType(i)), ...stacked];
    const inputs = ['', start, ...states.map((i) => initial[i] ?? '')];
    const results = l.emitFlow('Loop', inputs, types, { body: this.body(initial) });
    return this.plan.map((carried, i) => {
      if (carried.kind === 'invariant') return l.input(i);
      if (carried.kind === 'state') return results[states.indexOf(i)] ?? '';
      return this.wholeList(i, carried.counter, results[states.length + collected.indexOf(i)] ?? '');
    });
  }

  private initial(i: number): Value {
    const { l } = this;
    if (this.plan[i]?.kind === 'invariant' || !l.isFreshList(i)) return l.input(i);
    const { dtype, shape } = this.stateType(i);
    if (shape === null) throw l.refuse(`nothing tells the rank of the items in list ${i}`);
    const item = shape.slice(1).map((size) => (size < 0 ? 1 : size));
    const whole = joined(l, [lengthOf(l, l.input(i), l.shape(i)), ints(l, item)]);
    return zeros(l, dtype, whole, [l.shape(i)?.[0] ?? -1, ...item]);
  }

  private body(initial: readonly (Value | undefined)[]): OnnxGraph {
    const { l, flow, states } = this;
    const name = (label: string): Value => l.named(label, { dtype: 'bool', shape: [] });
    const given = states.map((i) => ({ name: name(`state_${i}`), ...this.stateType(i) }));
    const body = bodyOf(l.graph, [
      { name: name('turn'), dtype: 'int64', shape: [] },
      { name: name('goes_on'), dtype: 'bool', shape: [] },
      ...given,
    ]);
    const before = this.plan.map(({ kind }, i) => (kind === 'state' ? given[states.indexOf(i)]?.name : initial[i]));
    const results = l.region({ ...flow.body, results: this.wanted() }, before, body);
    const after = results.map((result, i) => (this.plan[i]?.kind === 'state' ? result : before[i]));
    const [goesOn = ''] = l.region(flow.condition, after, body);
    const condition = asCondition(l.inside(body), goesOn, this.conditionType(flow.condition));
    return withOutputs(body, [condition, ...this.carried(results)], [BOOL, ...this.carriedTypes()]);
  }

  /** What the body has to compute: of what is collected only the item. */
  private wanted(): readonly string[] {
    const { args, results } = this.flow.body;
    return this.plan.map((carried, i) => {
      if (carried.kind === 'collected') return carried.item;
      return (carried.kind === 'state' ? results[i] : args[i]) ?? '';
    });
  }

  private carried(values: readonly Value[]): readonly Value[] {
    return [...this.states, ...this.collected].map((i) => values[i] ?? '');
  }

  private carriedTypes(): readonly ValueType[] {
    return [...this.states.map((i) => this.stateType(i)), ...this.collected.map((i) => this.itemType(i))];
  }

  private conditionType({ analysis, results }: AnalysedRegion): DType {
    return analysis.type(results[0] ?? '').dtype;
  }

  private stateType(i: number): ValueType {
    return this.flow.body.analysis.type(this.flow.body.args[i] ?? '');
  }

  private itemType(i: number): ValueType {
    const carried = this.plan[i];
    return this.flow.body.analysis.type(carried?.kind === 'collected' ? carried.item : '');
  }

  /** The list with what was collected where the counter began, and zeros where nothing was written. */
  private wholeList(i: number, counter: number, items: Value): Value {
    const { l } = this;
    const { dtype, shape } = this.itemType(i);
    const item = dimsOf(l, items, 1);
    const start = reshape(l, cast(l, l.input(counter), l.dtype(counter), 'int64'), [1], 'int64');
    const int64 = { dtype: 'int64' as const, shape: [1] };
    const after = l.emit('Sub', [lengthOf(l, l.input(i), l.shape(i)), start], {}, int64);
    const missing = l.emit('Sub', [after, dimsOf(l, items, 0, 1)], {}, int64);
    const back = l.emit('Max', [missing, ints(l, [0])], {}, int64);
    const filler = (count: Value): Value => zeros(l, dtype, joined(l, [count, item]), shape && [-1, ...shape]);
    const front = l.numbers(counter)?.[0] === 0 ? [] : [filler(start)];
    return l.emit('Concat', [...front, items, filler(back)], { axis: 0 }, l.outType(i));
  }
}

/** A scalar as a condition: a number other than zero holds. */
function asCondition(l: Lowering, value: Value, dtype: DType): Value {
  if (dtype === 'string') throw l.refuse('its condition is a string');
  return cast(l, value, dtype, 'bool');
}

function conditional(l: Lowering): readonly Value[] {
  const flow = branchesOf(l);
  const args = l.inputs(1);
  if (flow.taken !== undefined) return l.region(flow.branches[0] as AnalysedRegion, args);
  if ((l.shape(0)?.length ?? 0) > 0) throw l.refuse('its condition is no scalar');
  const [yes, no] = flow.branches as [AnalysedRegion, AnalysedRegion];
  const condition = asCondition(l, l.input(0), l.dtype(0));
  return either(
    l,
    condition,
    (into) => into.region(yes, args),
    (into) => into.region(no, args),
  );
}

/** Halves the branches until one is left: nested as deep as the logarithm of their number. */
function selection(l: Lowering): readonly Value[] {
  const flow = branchesOf(l);
  const args = l.inputs(1);
  if (flow.taken !== undefined) return l.region(flow.branches[0] as AnalysedRegion, args);
  const last = l.fresh('last', scalarOf('int32', flow.branches.length - 1));
  const outside = l.emit(
    'Or',
    [compared(l, 'Less', l.input(0), 0), l.emit('Greater', [l.input(0), last], {}, BOOL)],
    {},
    BOOL,
  );
  const index = l.emit('Where', [outside, last, l.input(0)], {}, { dtype: 'int32', shape: [] });
  const choose = (into: Lowering, from: number, to: number): readonly Value[] => {
    if (to - from === 1) return into.region(flow.branches[from] as AnalysedRegion, args);
    const middle = Math.floor((from + to) / 2);
    const condition = compared(into, 'Less', index, middle);
    return either(
      into,
      condition,
      (low) => choose(low, from, middle),
      (high) => choose(high, middle, to),
    );
  };
  return choose(l, 0, flow.branches.length);
}

function compared(l: Lowering, op: string, value: Value, with_: number): Value {
  return l.emit(op, [value, l.fresh('number', scalarOf('int32', with_))], {}, BOOL);
}

type Filled = (into: Lowering) => readonly Value[];

/** An If with what the two callbacks put into its branches. */
function either(l: Lowering, condition: Value, yes: Filled, no: Filled): readonly Value[] {
  const types = outTypes(l);
  const branch = (fill: Filled): OnnxGraph => {
    const body = bodyOf(l.graph, []);
    return withOutputs(body, fill(l.inside(body)), types);
  };
  const bodies = { then_branch: branch(yes), else_branch: branch(no) };
  return types.length === 0 ? [] : l.emitFlow('If', [condition], types, bodies);
}

function outTypes(l: Lowering): readonly ValueType[] {
  const [first] = branchesOf(l).branches;
  return (first?.results ?? []).map((_, i) => l.outType(i));
}

function branchesOf(l: Lowering): BranchFlow {
  const flow = l.flow();
  if (flow?.kind !== 'branches') throw l.refuse('its functions were not analysed');
  return flow;
}

export const CONTROL_FLOW = {
  ...each('While StatelessWhile', whileLoop),
  ...each('If StatelessIf', conditional),
  ...each('Case StatelessCase', selection),
};
