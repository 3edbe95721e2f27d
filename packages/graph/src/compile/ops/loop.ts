/** While of TensorFlow 2 as ONNX's Loop. Its functions become one subgraph that uses outer values as they are. */
import type { AnalysedRegion, LoopFlow } from '../../analysis/index.ts';
import type { DType } from '../../dtype.ts';
import { bodyOf, type OnnxGraph, type Value, type ValueType, withOutputs } from '../../onnx-graph.ts';
import { scalarOf } from '../constant.ts';
import { type Carried, type LoopPlan, loopPlan } from '../loop-plan.ts';
import type { Lowering } from '../lowering.ts';
import { cast, ints, reshape } from './common.ts';
import { dimsOf, joined, lengthOf, zeros } from './list-shape.ts';

const BOOL: ValueType = { dtype: 'bool', shape: [] };
const SCALAR: ValueType = { dtype: 'int64', shape: [] };
const VECTOR: ValueType = { dtype: 'int64', shape: [1] };
/** A size of which nothing is known. */
const UNKNOWN = -1;

export function whileLoop(l: Lowering): readonly Value[] {
  const flow = l.flow();
  if (flow?.kind !== 'loop') throw l.refuse('its functions were not analysed');
  const plan = loopPlan(flow, { isFresh: (i) => l.isFreshList(i), start: (i) => l.numbers(i)?.[0] });
  if (plan.variables.every(({ kind }) => kind === 'invariant')) return l.inputs();
  return new LoopWriter(l, flow, plan).write();
}

/** Puts one Loop together. Its inputs: number of turns, condition, states; its body's: turn, condition, states. */
class LoopWriter {
  private readonly l: Lowering;
  private readonly flow: LoopFlow;
  private readonly plan: readonly Carried[];
  private readonly limits: LoopPlan['limits'];
  /** Numbers of the variables that are carried, and of those that are collected. */
  private readonly states: readonly number[];
  private readonly collected: readonly number[];

  constructor(l: Lowering, flow: LoopFlow, { variables: plan, limits }: LoopPlan) {
    this.l = l;
    this.flow = flow;
    this.plan = plan;
    this.limits = limits;
    const numbers = (kind: Carried['kind']) => plan.flatMap((carried, i) => (carried.kind === kind ? [i] : []));
    this.states = numbers('state');
    this.collected = numbers('collected');
  }

  write(): readonly Value[] {
    const { l, states, collected } = this;
    const initial = this.plan.map(({ kind }, i) => (kind === 'collected' ? undefined : this.initial(i)));
    const stacked = collected
      .map((i) => this.itemType(i))
      .map((item) => ({ ...item, shape: item.shape && [-1, ...item.shape] }));
    const types = [...states.map((i) => this.stateType(i)), ...stacked];
    const turns = this.turns();
    const first = turns === '' ? this.firstCondition(initial) : '';
    const inputs = [turns, first, ...states.map((i) => initial[i] ?? '')];
    const results = l.emitFlow('Loop', inputs, types, { body: this.body(initial) });
    return this.plan.map((carried, i) => {
      if (carried.kind === 'invariant') return l.input(i);
      if (carried.kind === 'state') return results[states.indexOf(i)] ?? '';
      if (carried.kind === 'counted') return this.counted(l, i, carried.start, turns);
      return this.wholeList(i, carried.counter, results[states.length + collected.indexOf(i)] ?? '');
    });
  }

  /** How many turns there are, as an int64 scalar; empty where only the condition tells. */
  private turns(): Value {
    const { l, limits } = this;
    if (limits === undefined) return '';
    const known = limits.flatMap(({ start, limit }) => (typeof limit === 'number' ? [Math.max(0, limit - start)] : []));
    const most = known.length === 0 ? [] : [l.fresh('turns', scalarOf('int64', Math.min(...known)))];
    const all = [...most, ...this.variableTurns()];
    return all.length === 1 ? (all[0] ?? '') : l.emit('Min', all, {}, SCALAR);
  }

  /** Of limits that are one and the same size, as Keras states twice how many steps there are, the first will do. */
  private variableTurns(): readonly Value[] {
    const seen = new Set<string>();
    return (this.limits ?? []).flatMap(({ start, limit }) => {
      if (typeof limit === 'number') return [];
      const size = this.l.size(limit.variable);
      const key = `${start} ${size === UNKNOWN ? `variable ${limit.variable}` : size}`;
      return seen.has(key) ? [] : seen.add(key) && [this.left(limit.variable, start)];
    });
  }

  /** Turns until a counter from `start` reaches a variable's value. */
  private left(variable: number, start: number): Value {
    const { l } = this;
    const limit = cast(l, l.input(variable), l.dtype(variable), 'int64');
    if (start === 0 && l.size(variable) !== UNKNOWN) return limit;
    const left = l.emit('Sub', [limit, l.fresh('start', scalarOf('int64', start))], {}, SCALAR);
    return l.emit('Max', [left, l.fresh('none', scalarOf('int64', 0))], {}, SCALAR);
  }

  private firstCondition(initial: readonly (Value | undefined)[]): Value {
    const { l, flow } = this;
    const [first = ''] = l.region(flow.first, initial);
    return asCondition(l, first, this.conditionType(flow.first));
  }

  /** A counter's value after `turns`. */
  private counted(l: Lowering, i: number, start: number, turns: Value): Value {
    const { dtype } = this.stateType(i);
    const count = cast(l, turns, 'int64', dtype);
    if (start === 0) return count;
    return l.emit('Add', [count, l.fresh('start', scalarOf(dtype, start))], {}, { dtype, shape: [] });
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
    const name = (label: string, type: ValueType): Value => l.named(label, type);
    const given = states.map((i) => ({ name: name(`state_${i}`, this.stateType(i)), ...this.stateType(i) }));
    const turn = { name: name('turn', SCALAR), ...SCALAR };
    const body = bodyOf(l.graph, [turn, { name: name('goes_on', BOOL), ...BOOL }, ...given]);
    const inside = l.inside(body);
    const before = this.plan.map((carried, i) => {
      if (carried.kind === 'state') return given[states.indexOf(i)]?.name;
      return carried.kind === 'counted' ? this.counted(inside, i, carried.start, turn.name) : initial[i];
    });
    const results = l.region({ ...flow.body, results: this.wanted() }, before, body);
    const after = results.map((result, i) => (this.plan[i]?.kind === 'state' ? result : before[i]));
    return withOutputs(body, [this.goesOn(inside, after), ...this.carried(results)], [BOOL, ...this.carriedTypes()]);
  }

  /** The condition after a turn. */
  private goesOn(inside: Lowering, after: readonly (Value | undefined)[]): Value {
    if (this.limits !== undefined) return inside.fresh('always', scalarOf('bool', 1));
    const { condition } = this.flow;
    const [value = ''] = inside.region(condition, after);
    return asCondition(inside, value, this.conditionType(condition));
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

  /** True where each item of the list is written, as far as sizes tell: there are as many turns. */
  private fills(i: number, counter: number): boolean {
    const { l, limits } = this;
    const length = l.dims(i)?.[0] ?? UNKNOWN;
    const starts = this.plan[counter];
    if (limits === undefined || length === UNKNOWN || starts?.kind !== 'counted' || starts.start !== 0) return false;
    return limits.every(({ start, limit }) => {
      return start === 0 && length === (typeof limit === 'number' ? limit : l.size(limit.variable));
    });
  }

  /** The list with what was collected where the counter began, and zeros where nothing was written. */
  private wholeList(i: number, counter: number, items: Value): Value {
    const { l } = this;
    if (this.fills(i, counter)) return items;
    const { dtype, shape } = this.itemType(i);
    const item = dimsOf(l, items, 1);
    const start = reshape(l, cast(l, l.input(counter), l.dtype(counter), 'int64'), [1], 'int64');
    const after = l.emit('Sub', [lengthOf(l, l.input(i), l.shape(i)), start], {}, VECTOR);
    const missing = l.emit('Sub', [after, dimsOf(l, items, 0, 1)], {}, VECTOR);
    const back = l.emit('Max', [missing, ints(l, [0])], {}, VECTOR);
    const filler = (count: Value): Value => zeros(l, dtype, joined(l, [count, item]), shape && [-1, ...shape]);
    const front = l.numbers(counter)?.[0] === 0 ? [] : [filler(start)];
    return l.emit('Concat', [...front, items, filler(back)], { axis: 0 }, l.outType(i));
  }
}

/** A scalar as a condition: a number other than zero holds. */
export function asCondition(l: Lowering, value: Value, dtype: DType): Value {
  if (dtype === 'string') throw l.refuse('its condition is a string');
  return cast(l, value, dtype, 'bool');
}
