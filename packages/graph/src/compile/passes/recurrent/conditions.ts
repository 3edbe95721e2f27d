/** What has to hold for a recurrent layer to take the place of its loop: proven from where sizes come from, or asked when the graph runs. */
import type { Value } from '../../../onnx-graph.ts';
import { scalarOf } from '../../constant.ts';
import type { Makers } from '../makers.ts';
import type { Emitter } from './emitter.ts';
import type { Layer } from './layer.ts';
import { numberIn, type Size, sizeOf } from './sizes.ts';

const STEPS = 0;
const BATCH = 1;

export interface Conditions {
  /** The number of turns may not be that of the rows. */
  readonly turns: boolean;
  /** Rows or batch may be empty. */
  readonly empty: boolean;
  /** Numbers of the initial states that may have another batch than the rows. */
  readonly states: readonly number[];
}

/** What is not proven; undefined where something is known not to hold. */
export function conditionsOf(makers: Makers, { rows, turns, initial }: Layer): Conditions | undefined {
  const [steps, batch] = [sizeOf(makers, rows, STEPS), sizeOf(makers, rows, BATCH)];
  const count = numberIn(makers, turns, 0);
  const batches = initial.map((value) => sizeOf(makers, value, 0));
  const differ = (a: Size | undefined, b: Size): boolean => typeof a === 'number' && typeof b === 'number' && a !== b;
  if (steps === 0 || batch === 0 || differ(count, steps) || batches.some((size) => differ(size, batch)))
    return undefined;
  const states = batches.flatMap((size, i) => (size === batch ? [] : [i]));
  return { turns: count !== steps, empty: typeof steps === 'string' || typeof batch === 'string', states };
}

/** The condition as a value; undefined where all is proven. */
export function emitConditions(
  emitter: Emitter,
  { rows, turns, initial }: Layer,
  { turns: askTurns, empty, states }: Conditions,
): Value | undefined {
  const number = (value: number): Value => emitter.constant('number', scalarOf('int64', value));
  const dim = (value: Value, axis: number): Value => {
    const shape = emitter.emit('Shape', [value], { dtype: 'int64', shape: [-1] });
    return emitter.emit('Gather', [shape, number(axis)], { dtype: 'int64', shape: [] }, { axis: 0 });
  };
  const compare = (op: string, a: Value, b: Value): Value => emitter.emit(op, [a, b], { dtype: 'bool', shape: [] });
  const others = new Set(states.map((i) => initial[i] ?? ''));
  const all = [
    ...(empty ? [compare('Greater', emitter.emit('Size', [rows], { dtype: 'int64', shape: [] }), number(0))] : []),
    ...(askTurns ? [compare('Equal', turns, dim(rows, STEPS))] : []),
    ...[...others].map((value) => compare('Equal', dim(value, 0), dim(rows, BATCH))),
  ];
  return all.length === 0 ? undefined : all.reduce((both, next) => compare('And', both, next));
}
