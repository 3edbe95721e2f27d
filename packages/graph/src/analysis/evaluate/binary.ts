/** Elementwise ops of two constants with broadcasting, and Select. */
import { sizeOf, type Tensor } from '../../tensor.ts';
import { bigsOf, isFloat, isInteger, isWide, larger, numbersOf, scratch, smaller, tensorOf } from './elements.ts';
import type { Evaluate, Known } from './evaluate.ts';
import { broadcastStrides, join, positions, take } from './strides.ts';

interface Binary {
  readonly float?: (x: number, y: number) => number;
  readonly int?: (x: number, y: number) => number;
  readonly big?: (x: bigint, y: bigint) => bigint;
  /** A divisor of 0 is an error in integers, so the op is left for the run to report. */
  readonly divides?: true;
}

/** C's division drops the fraction, floor division goes down: -7 / 2 is -3 and -4. */
function floorDivBig(x: bigint, y: bigint): bigint {
  const quotient = x / y;
  return x % y !== 0n && x < 0n !== y < 0n ? quotient - 1n : quotient;
}

/** The remainder with the sign of the divisor; exact for floats too, but for one rounded addition. */
function floorMod(x: number, y: number): number {
  const rest = x % y;
  return rest !== 0 && rest < 0 !== y < 0 ? rest + y : rest;
}

function floorModBig(x: bigint, y: bigint): bigint {
  const rest = x % y;
  return rest !== 0n && rest < 0n !== y < 0n ? rest + y : rest;
}

const ADD: Binary = { float: (x, y) => x + y, int: (x, y) => x + y, big: (x, y) => x + y };
const SUB: Binary = { float: (x, y) => x - y, int: (x, y) => x - y, big: (x, y) => x - y };
const MUL: Binary = { float: (x, y) => x * y, int: Math.imul, big: (x, y) => x * y };
const TRUNCATE_DIV: Binary = { int: (x, y) => Math.trunc(x / y), big: (x, y) => x / y, divides: true };
const TRUNCATE_MOD: Binary = { float: (x, y) => x % y, int: (x, y) => x % y, big: (x, y) => x % y, divides: true };

const FLOOR_DIV: Binary = { int: (x, y) => Math.floor(x / y), big: floorDivBig, divides: true };

const BINARY: Readonly<Record<string, Binary>> = {
  Add: ADD,
  AddV2: ADD,
  Sub: SUB,
  Mul: MUL,
  RealDiv: { float: (x, y) => x / y },
  Div: { ...TRUNCATE_DIV, float: (x, y) => x / y },
  TruncateDiv: TRUNCATE_DIV,
  TruncateMod: TRUNCATE_MOD,
  FloorMod: { float: floorMod, int: floorMod, big: floorModBig, divides: true },
  Mod: TRUNCATE_MOD,
  Maximum: { float: Math.max, int: Math.max, big: larger },
  Minimum: { float: Math.min, int: Math.min, big: smaller },
};

const COMPARE: Readonly<Record<string, (x: number | bigint, y: number | bigint) => boolean>> = {
  Equal: (x, y) => x === y,
  NotEqual: (x, y) => x !== y,
  Less: (x, y) => x < y,
  LessEqual: (x, y) => x <= y,
  Greater: (x, y) => x > y,
  GreaterEqual: (x, y) => x >= y,
  LogicalAnd: (x, y) => Boolean(x) && Boolean(y),
  LogicalOr: (x, y) => Boolean(x) || Boolean(y),
};

/** Positions of the elements of `tensor` broadcast to `dims`; undefined where they are the elements themselves. */
function spread(tensor: Tensor, dims: readonly number[]): Int32Array | undefined {
  if (sizeOf(tensor.shape) === sizeOf(dims)) return undefined;
  return positions(dims, broadcastStrides(tensor.shape, dims.length));
}

function zip<T extends number | bigint>(
  out: { [index: number]: T; readonly length: number },
  x: { readonly [index: number]: T },
  y: { readonly [index: number]: T },
  from: readonly [Int32Array | undefined, Int32Array | undefined],
  apply: (x: T, y: T) => T,
): void {
  const [fromX, fromY] = from;
  for (let i = 0; i < out.length; i++) out[i] = apply(x[fromX?.[i] ?? i] as T, y[fromY?.[i] ?? i] as T);
}

function arithmetic(rule: Binary): Evaluate {
  return (_, [x, y], [type]) => {
    if (x === undefined || y === undefined || type === undefined || x.dtype !== y.dtype) return undefined;
    if (rule.divides && isInteger(x.dtype) && hasZero(y)) return undefined;
    const result = isWide(x.dtype) ? wide(rule, x, y, type) : numeric(rule, x, y, type);
    return result && [result];
  };
}

function hasZero(tensor: Tensor): boolean {
  return (tensor.data as Int32Array).some((value: number | bigint) => value === 0 || value === 0n);
}

function wide({ big }: Binary, x: Tensor, y: Tensor, { dims }: Known): Tensor | undefined {
  if (big === undefined) return undefined;
  const size = sizeOf(dims);
  const data = x.dtype === 'int64' ? new BigInt64Array(size) : new BigUint64Array(size);
  zip(data, bigsOf(x), bigsOf(y), [spread(x, dims), spread(y, dims)], big);
  return { dtype: x.dtype, shape: dims, data };
}

function numeric(rule: Binary, x: Tensor, y: Tensor, { dims }: Known): Tensor | undefined {
  const apply = isFloat(x.dtype) ? rule.float : isInteger(x.dtype) ? rule.int : undefined;
  if (apply === undefined) return undefined;
  const data = scratch(x.dtype, sizeOf(dims));
  zip(data, numbersOf(x), numbersOf(y), [spread(x, dims), spread(y, dims)], apply);
  return tensorOf(x.dtype, dims, data);
}

function comparison(test: (x: number | bigint, y: number | bigint) => boolean): Evaluate {
  return (_, [x, y], [type]) => {
    if (x === undefined || y === undefined || type === undefined || x.dtype !== y.dtype || x.dtype === 'string')
      return undefined;
    const { dims } = type;
    const [a, b] = [x, y].map(
      (side) => (isWide(side.dtype) ? bigsOf(side) : numbersOf(side)) as ArrayLike<number | bigint>,
    );
    const [fromX, fromY] = [spread(x, dims), spread(y, dims)];
    const data = new Uint8Array(sizeOf(dims));
    for (let i = 0; i < data.length; i++) data[i] = Number(test(a?.[fromX?.[i] ?? i] ?? 0, b?.[fromY?.[i] ?? i] ?? 0));
    return [{ dtype: 'bool', shape: dims, data }];
  };
}

/** The difference is rounded before it is squared. */
function squaredDifference(): Evaluate {
  const [subtract, multiply] = [arithmetic(SUB), arithmetic(MUL)];
  return (op, inputs, types) => {
    const difference = subtract(op, inputs, types)?.[0];
    return difference && multiply(op, [difference, difference], types);
  };
}

/** With more than two floats the order of the additions would matter. */
function addN(): Evaluate {
  const add = arithmetic(ADD);
  return (op, inputs, types) => {
    const [first, ...rest] = inputs;
    if (first === undefined || (inputs.length > 2 && isFloat(first.dtype))) return undefined;
    return rest.reduce<readonly Tensor[] | undefined>(
      (sum, next) => sum?.[0] && add(op, [sum[0], next], types),
      [first],
    );
  };
}

/** SelectV2, and Select where the condition is a scalar or has the shape of the branches. */
const select: Evaluate = (op, [condition, x, y], [type]) => {
  if (condition?.dtype !== 'bool' || x === undefined || y === undefined || type === undefined || x.dtype !== y.dtype)
    return undefined;
  const rank = type.dims.length;
  if (op.node.op === 'Select' && condition.shape.length !== rank && condition.shape.length !== 0) return undefined;
  const at = (tensor: Tensor): Int32Array => positions(type.dims, broadcastStrides(tensor.shape, rank));
  const [choice, whenTrue, whenFalse] = [at(condition), at(x), at(y)];
  const behind = sizeOf(x.shape);
  const chosen = condition.data as Uint8Array;
  const from = choice.map((c, i) => (chosen[c] ? (whenTrue[i] ?? 0) : behind + (whenFalse[i] ?? 0)));
  return [take(join([x, y], [behind + sizeOf(y.shape)]), type.dims, from)];
};

export const binary: Readonly<Record<string, Evaluate>> = {
  ...Object.fromEntries(Object.entries(BINARY).map(([op, rule]) => [op, arithmetic(rule)])),
  ...Object.fromEntries(Object.entries(COMPARE).map(([op, test]) => [op, comparison(test)])),
  FloorDiv: floorDiv(),
  SquaredDifference: squaredDifference(),
  AddN: addN(),
  Select: select,
  SelectV2: select,
};

/** Float floor division rounds the quotient to the dtype first, then goes down. */
function floorDiv(): Evaluate {
  const integers = arithmetic(FLOOR_DIV);
  const divide = arithmetic({ float: (x, y) => x / y });
  const floor = arithmetic({ float: (x) => Math.floor(x) });
  return (op, inputs, types) => {
    const quotient = divide(op, inputs, types)?.[0];
    return quotient === undefined ? integers(op, inputs, types) : floor(op, [quotient, quotient], types);
  };
}
