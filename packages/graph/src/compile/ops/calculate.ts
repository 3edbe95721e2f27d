/** Arithmetic between a node's inputs and its result: intermediate values, typed as far as the operands are. */
import { broadcast } from '../../analysis/index.ts';
import type { DType } from '../../dtype.ts';
import { rankOf, type Value } from '../../onnx-graph.ts';
import { int64 } from '../constant.ts';
import type { Lowering } from '../lowering.ts';
import { cast, choose, ints, range, run, scalar, shapeOf } from './common.ts';

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
      { shape: together(this.l, operands) },
    );
  }

  /** A comparison: Less, LessOrEqual, Greater, GreaterOrEqual or Equal. */
  is(op: string, a: Operand, b: Operand): Value {
    return run(this.l, op, [this.value(a), this.value(b)], this.dtype, {
      shape: together(this.l, [a, b]),
      result: 'bool',
    });
  }

  pick(condition: Value, yes: Operand, no: Operand): Value {
    const shape = together(this.l, [condition, yes, no]);
    return choose(this.l, condition, this.value(yes), this.value(no), this.dtype, shape);
  }

  from(value: Value, dtype: DType): Value {
    return cast(this.l, value, dtype, this.dtype);
  }

  private value(operand: Operand): Value {
    return typeof operand === 'number' ? scalar(this.l, this.dtype, operand) : operand;
  }
}

/** A polynomial of degree 1 or more by Horner's rule, highest power first. */
export function polynomial(
  f: Calculator,
  x: Value,
  [first, second, ...rest]: readonly [number, number, ...number[]],
): Value {
  const start = f.do('Add', f.do('Mul', x, first), second);
  return rest.reduce((sum, coefficient) => f.do('Add', f.do('Mul', sum, x), coefficient), start);
}

/** The shape of what operands give, element by element. */
function together({ graph: { constants, types } }: Lowering, operands: readonly Operand[]): readonly number[] | null {
  const shapes = operands.map((operand) =>
    typeof operand === 'number' ? [] : (constants.get(operand)?.shape ?? types.get(operand)?.shape ?? null),
  );
  return shapes.reduce((shape, other) => broadcast(shape, other) ?? null);
}

function logical(l: Lowering, op: string, ...values: readonly Value[]): Value {
  return l.emit(op, values, {}, { dtype: 'bool', shape: together(l, values) });
}

export function and(l: Lowering, ...conditions: readonly Value[]): Value {
  return conditions.reduce((a, b) => logical(l, 'And', a, b));
}

export function or(l: Lowering, a: Value, b: Value): Value {
  return logical(l, 'Or', a, b);
}

export function not(l: Lowering, condition: Value): Value {
  return logical(l, 'Not', condition);
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
  const shape = [-1, ...new Array<number>(behind).fill(1)];
  return l.emit('Reshape', [numbers, ints(l, shape)], {}, { dtype: 'int64', shape });
}

/** Scalars and vectors of int64, known or not, as one vector: what Reshape, Expand and Slice take. */
export function vector(l: Lowering, parts: readonly (Value | number)[]): Value {
  if (parts.every((part) => typeof part === 'number')) return ints(l, parts as readonly number[]);
  const isScalar = (part: Value | number): boolean => typeof part === 'number' || rankOf(l.graph, part) === 0;
  const flat = parts.map((part) => {
    if (typeof part === 'number') return ints(l, [part]);
    return l.emit('Reshape', [part, ints(l, [-1])], {}, { dtype: 'int64', shape: isScalar(part) ? [1] : null });
  });
  const shape = parts.every(isScalar) ? [parts.length] : null;
  return l.emit('Concat', flat, { axis: 0 }, { dtype: 'int64', shape });
}

/**
 * A size that the run decides may be 0, which stands for itself: then no part may be -1, which could not be found. A known 0 or -1 is
 * used only where all others are known and positive.
 */
export function reshapeTo(l: Lowering, value: Value, parts: readonly (Value | number)[], dtype: DType): Value {
  const attrs = parts.every(isPositive) || parts.includes(-1) ? {} : { allowzero: 1 };
  return l.emit('Reshape', [value, vector(l, parts)], attrs, { dtype, shape: null });
}

function isPositive(part: Value | number): boolean {
  return typeof part === 'number' && part > 0;
}

/** Dimensions of input `i` behind the first `from`. */
export function tailOf(l: Lowering, i: number, from: number): readonly (Value | number)[] {
  const shape = l.shape(i);
  return range(l.rank(i) - from).map((at) => {
    const size = shape?.[from + at] ?? -1;
    return size >= 0 ? size : sizeOfAxis(l, l.input(i), from + at);
  });
}

/** Input `i` with its first `depth` dimensions as one: rows. */
export function rowsOf(l: Lowering, i: number, depth: number): Value {
  if (depth === 1) return l.input(i);
  const sizes = tailOf(l, i, 0);
  const [front, tail] = [sizes.slice(0, depth), sizes.slice(depth)];
  if (tail.every(isPositive)) return reshapeTo(l, l.input(i), [-1, ...tail], l.dtype(i));
  const whole = new Calculator(l, 'int64');
  const rows = front.reduce<Value>((a, b) => whole.do('Mul', a, b), scalar(l, 'int64', 1));
  return reshapeTo(l, l.input(i), [rows, ...tail], l.dtype(i));
}
