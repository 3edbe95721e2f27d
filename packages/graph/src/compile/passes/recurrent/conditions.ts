/** What has to hold for a recurrent layer to take the place of its loop: proven from where sizes come from, or asked when the graph runs. */
import type { Value } from '../../../onnx-graph.ts';
import { scalarOf } from '../../constant.ts';
import type { Makers } from '../makers.ts';
import type { Emitter } from './emitter.ts';
import type { Layer } from './layer.ts';
import { numberIn, type Size, sizeOf } from './sizes.ts';

const STEPS = 0;
const BATCH = 1;

/** Squares of ordinary numbers add up to less: none of them is NaN or infinite, and no product with weights becomes so. */
const MOST = 1e20;

export interface Conditions {
  /** The number of turns may not be that of the rows. */
  readonly turns: boolean;
  /** Rows or batch may be empty. */
  readonly empty: boolean;
  /** Initial states that may have another batch than the rows. */
  readonly states: readonly Value[];
  /** Initial states that may be other than zeros. */
  readonly given: readonly Value[];
}

/** What is not proven; undefined where something is known not to hold. */
export function conditionsOf(makers: Makers, { rows, turns, initial }: Layer): Conditions | undefined {
  const [steps, batch] = [sizeOf(makers, rows, STEPS), sizeOf(makers, rows, BATCH)];
  const count = numberIn(makers, turns, 0);
  const batches = initial.map((value) => sizeOf(makers, value, 0));
  const differ = (a: Size | undefined, b: Size): boolean => typeof a === 'number' && typeof b === 'number' && a !== b;
  if (steps === 0 || batch === 0 || differ(count, steps) || batches.some((size) => differ(size, batch)))
    return undefined;
  return {
    turns: count !== steps,
    empty: typeof steps === 'string' || typeof batch === 'string',
    states: [...new Set(initial.filter((_, i) => batches[i] !== batch))],
    given: [...new Set(initial)].filter((value) => !isZero(makers, value)),
  };
}

function isZero(makers: Makers, value: Value): boolean {
  return makers.numbers(makers.of('Expand', value) ?? value)?.every((number) => number === 0) ?? false;
}

export function emitConditions(emitter: Emitter, { rows, turns }: Layer, asked: Conditions): Value {
  const number = (value: number): Value => emitter.constant('number', scalarOf('int64', value));
  const most = emitter.constant('most', scalarOf('float32', MOST));
  const compare = (op: string, a: Value, b: Value): Value => emitter.emit(op, [a, b], { dtype: 'bool', shape: [] });
  const dim = (value: Value, axis: number): Value => {
    const shape = emitter.emit('Shape', [value], { dtype: 'int64', shape: [-1] });
    return emitter.emit('Gather', [shape, number(axis)], { dtype: 'int64', shape: [] }, { axis: 0 });
  };
  const isOrdinary = (value: Value): Value => {
    const squares = emitter.emit('ReduceSumSquare', [value], { dtype: 'float32', shape: [] }, { keepdims: 0 });
    return compare('Less', squares, most);
  };
  const size = (): Value => emitter.emit('Size', [rows], { dtype: 'int64', shape: [] });
  const first = isOrdinary(rows);
  const others = [
    ...(asked.empty ? [compare('Greater', size(), number(0))] : []),
    ...(asked.turns ? [compare('Equal', turns, dim(rows, STEPS))] : []),
    ...asked.states.map((value) => compare('Equal', dim(value, 0), dim(rows, BATCH))),
    ...asked.given.map(isOrdinary),
  ];
  return others.reduce((both, next) => compare('And', both, next), first);
}
