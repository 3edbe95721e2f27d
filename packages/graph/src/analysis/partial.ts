/**
 * Elements of shape vectors, as far as they can be told although a feed decides some of them: `[Shape(x)[0], 7 * 7, 64]` is
 * `[the batch, 49, 64]`. What is known altogether is the evaluator's work; here are the ops that mix known and unknown.
 */

import { product } from './dims.ts';
import { dimOf, type Element, elementOf } from './facts.ts';
import type { OpContext } from './op-context.ts';
import { PASS_ON } from './pass-on.ts';
import { denseSlices } from './strided-slice.ts';

/** Elements of output `output`, in order; undefined where nothing is known. */
type Partial = (op: OpContext, output: number, count: number) => readonly Element[] | undefined;

/** Elements of output `output`, `count` in number; undefined where nothing is known. */
export function partialElements(op: OpContext, output: number, count: number): readonly Element[] | undefined {
  const elements = PARTIAL.get(op.node.op)?.(op, output, count);
  return elements?.length === count ? elements : undefined;
}

const INT32_LIMIT = 2 ** 31;

/** A number that the integers of the output hold exactly; what would wrap around is left to the run. */
function inRange(op: OpContext, value: number): Element {
  const limit = op.input(0).dtype === 'int32' ? INT32_LIMIT : Number.MAX_SAFE_INTEGER;
  return value >= -limit && value < limit ? value : undefined;
}

/** `x op y` of two elements; `neutral` is the y that leaves any x as it is. */
function binary(apply: (x: number, y: number) => number, neutral: number, commutes: boolean): Partial {
  const one = (op: OpContext, x: Element, y: Element): Element => {
    if (typeof x === 'number' && typeof y === 'number') return inRange(op, apply(x, y));
    if (y === neutral) return x;
    return commutes && x === neutral ? y : undefined;
  };
  return (op, _, count) => {
    const [x, y] = [op.elements(0), op.elements(1)];
    if (x === undefined || y === undefined) return undefined;
    return Array.from({ length: count }, (_, i) => one(op, x.length === 1 ? x[0] : x[i], y.length === 1 ? y[0] : y[i]));
  };
}

function shape(op: OpContext, output: number): readonly Element[] | undefined {
  return op.dims(output)?.map(elementOf);
}

function size(op: OpContext): readonly Element[] | undefined {
  const dims = op.dims(0);
  return dims === null ? undefined : [elementOf(product(dims))];
}

/** The product of a whole vector. */
function prod(op: OpContext): readonly Element[] | undefined {
  const elements = op.elements(0);
  if (elements === undefined || elements.some((element) => typeof element === 'number' && element < 0))
    return undefined;
  const element = elementOf(product(elements.map(dimOf)));
  return [typeof element === 'number' ? inRange(op, element) : element];
}

function slice(op: OpContext, _: number, count: number): readonly Element[] | undefined {
  const begin = op.int(1);
  return begin === undefined ? undefined : op.elements(0)?.slice(begin, begin + count);
}

function stridedSlice(op: OpContext, _: number, count: number): readonly Element[] | undefined {
  const elements = op.elements(0);
  const part = elements && denseSlices(op)?.find(({ kind }) => kind !== 'new');
  if (part === undefined || part.kind === 'new') return elements;
  const { start } = part;
  const stride = part.kind === 'index' ? 1 : part.stride;
  if (start === undefined || stride === undefined) return undefined;
  return Array.from({ length: count }, (_, i) => elements?.[start + i * stride]);
}

function gather(op: OpContext): readonly Element[] | undefined {
  const elements = op.elements(0);
  return elements && op.elements(1)?.map((index) => (typeof index === 'number' ? elements[index] : undefined));
}

/** Inputs `from` to `to` one after the other. */
function joined(op: OpContext, from: number, to: number): readonly Element[] | undefined {
  const parts = op.inputs.slice(from, to).map((_, i) => op.elements(from + i));
  return parts.includes(undefined) ? undefined : parts.flatMap((part) => part ?? []);
}

/** Output `output` of a vector that falls into parts of `count` elements. */
function part(op: OpContext, input: number, output: number, count: number): readonly Element[] | undefined {
  return op.elements(input)?.slice(output * count, (output + 1) * count);
}

function fill(op: OpContext, _: number, count: number): readonly Element[] | undefined {
  const value = op.elements(1)?.[0];
  return new Array<Element>(count).fill(value);
}

function passOn(op: OpContext, output: number): readonly Element[] | undefined {
  return op.elements(output);
}

const add = binary((x, y) => x + y, 0, true);

const PARTIAL = new Map<string, Partial>([
  ['Add', add],
  ['AddV2', add],
  ['Sub', binary((x, y) => x - y, 0, false)],
  ['Mul', binary((x, y) => x * y, 1, true)],
  ['FloorDiv', binary((x, y) => Math.floor(x / y), 1, false)],
  ['Maximum', binary(Math.max, Number.NaN, false)],
  ['Minimum', binary(Math.min, Number.NaN, false)],
  ['Shape', shape],
  ['ShapeN', shape],
  ['Size', size],
  ['Rank', (op) => (op.dims(0) === null ? undefined : [op.dims(0)?.length])],
  ['Prod', prod],
  ['Slice', slice],
  ['StridedSlice', stridedSlice],
  ['Gather', gather],
  ['GatherV2', gather],
  ['Pack', (op) => joined(op, 0, op.inputs.length)],
  ['ConcatV2', (op) => joined(op, 0, op.inputs.length - 1)],
  ['Concat', (op) => joined(op, 1, op.inputs.length)],
  ['Unpack', (op, output, count) => part(op, 0, output, count)],
  ['Split', (op, output, count) => part(op, 1, output, count)],
  ['Fill', fill],
  ...[...PASS_ON].map((name): [string, Partial] => [name, passOn]),
  ...['Cast', 'Reshape', 'Squeeze', 'ExpandDims'].map((name): [string, Partial] => [name, (op) => op.elements(0)]),
]);
