/** Arithmetic between a node's inputs and its result: intermediate values whose shapes no pass profits from. */
import type { DType } from '../../dtype.ts';
import type { Value } from '../../onnx-graph.ts';
import { int64 } from '../constant.ts';
import type { Lowering } from '../lowering.ts';
import { cast, choose, ints, run, scalar, shapeOf } from './common.ts';

type Operand = Value | number;

export class Calculator {
  readonly dtype: DType;
  private readonly l: Lowering;

  /** Works on values of `dtype`; numbers stand for scalars of it. */
  constructor(l: Lowering, dtype: DType) {
    this.l = l;
    this.dtype = dtype;
  }

  do(op: string, ...operands: readonly Operand[]): Value {
    return run(
      this.l,
      op,
      operands.map((operand) => this.value(operand)),
      this.dtype,
      { shape: null },
    );
  }

  /** A comparison: Less, LessOrEqual, Greater, GreaterOrEqual or Equal. */
  is(op: string, a: Operand, b: Operand): Value {
    return run(this.l, op, [this.value(a), this.value(b)], this.dtype, { shape: null, result: 'bool' });
  }

  pick(condition: Value, yes: Operand, no: Operand): Value {
    return choose(this.l, condition, this.value(yes), this.value(no), this.dtype, null);
  }

  from(value: Value, dtype: DType): Value {
    return cast(this.l, value, dtype, this.dtype);
  }

  private value(operand: Operand): Value {
    return typeof operand === 'number' ? scalar(this.l, this.dtype, operand) : operand;
  }
}

export function and(l: Lowering, ...conditions: readonly Value[]): Value {
  return conditions.reduce((a, b) => l.emit('And', [a, b], {}, { dtype: 'bool', shape: null }));
}

export function or(l: Lowering, a: Value, b: Value): Value {
  return l.emit('Or', [a, b], {}, { dtype: 'bool', shape: null });
}

export function not(l: Lowering, condition: Value): Value {
  return l.emit('Not', [condition], {}, { dtype: 'bool', shape: null });
}

/** Dimension `axis` of a value as an int64 scalar; a constant where input `i` is the value and its dimension is known. */
export function sizeOfAxis(l: Lowering, value: Value, axis: number, known = -1): Value {
  if (known >= 0) return l.fresh('size', { ...int64(known), shape: [] });
  return l.emit('Gather', [shapeOf(l, value), scalar(l, 'int64', axis)], { axis: 0 }, { dtype: 'int64', shape: [] });
}

/** 0, 1, ..., size - 1 as int64, along the axis that has `behind` others behind it. */
export function indices(l: Lowering, size: Value, behind = 0): Value {
  const inputs = [scalar(l, 'int64', 0), size, scalar(l, 'int64', 1)];
  const numbers = l.emit('Range', inputs, {}, { dtype: 'int64', shape: [-1] });
  if (behind === 0) return numbers;
  const shape = ints(l, [-1, ...new Array<number>(behind).fill(1)]);
  return l.emit('Reshape', [numbers, shape], {}, { dtype: 'int64', shape: null });
}

/** Scalars and vectors of int64, known or not, as one vector: what Reshape, Expand and Slice take. */
export function vector(l: Lowering, parts: readonly (Value | number)[]): Value {
  if (parts.every((part) => typeof part === 'number')) return ints(l, parts as readonly number[]);
  const flat = parts.map((part) => {
    if (typeof part === 'number') return ints(l, [part]);
    return l.emit('Reshape', [part, ints(l, [-1])], {}, { dtype: 'int64', shape: null });
  });
  return l.emit('Concat', flat, { axis: 0 }, { dtype: 'int64', shape: null });
}

export function reshapeTo(l: Lowering, value: Value, parts: readonly (Value | number)[], dtype: DType): Value {
  return l.emit('Reshape', [value, vector(l, parts)], {}, { dtype, shape: null });
}
