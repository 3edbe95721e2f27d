/**
 * Shape arithmetic as the proof of row independence follows it: which elements of a small vector are numbers, which are fixed, which are
 * a multiple of the batch, and which depend on it in another way.
 */
import { sizeOf } from '../tensor.ts';
import { FIXED, type RowContext, type RowState, type SizeElement } from './rows.ts';

/** Ops that keep the elements of a shape and their order. */
const KEEPS_ELEMENTS = new Set(['Cast', 'Identity']);

/** Ends of slices from here on stand for all that is left. */
const END = 2 ** 31 - 1;

/** Shapes and their like are no longer than this. */
const MOST = 64;

/** The result of an elementwise op on nothing but shapes and fixed values. */
export function withoutRows(c: RowContext): RowState {
  return sizesOf(c, KEEPS_ELEMENTS.has(c.node.op) ? elementsOf(c, 0) : calculated(c));
}

/** What a node makes of its inputs, none of which has rows: fixed where all of them are, even if its elements are not known. */
export function sizesOf(c: RowContext, elements: readonly SizeElement[] | undefined): RowState {
  return elements === undefined && c.inputs.every(({ kind }) => kind === 'fixed') ? FIXED : sizes(elements);
}

/** A shape of which no element depends on the batch is fixed. */
export function sizes(elements: readonly SizeElement[] | undefined): RowState {
  return elements?.every(isFixed) ? { kind: 'fixed', elements } : { kind: 'size', elements };
}

export function isFixed(element: SizeElement): boolean {
  return typeof element === 'number' || element === 'fixed';
}

export function elementsOf(c: RowContext, i: number): readonly SizeElement[] | undefined {
  const state = c.state(i);
  if (state.kind === 'rows' || state.kind === 'turned') return undefined;
  if (state.kind === 'size' || state.elements !== undefined) return state.elements;
  const shape = c.shape(i);
  if (shape === null || shape.includes(-1) || sizeOf(shape) > MOST) return undefined;
  return c.numbers(i) ?? new Array<SizeElement>(sizeOf(shape)).fill('fixed');
}

/** Element by element, single ones repeated. */
function calculated(c: RowContext): readonly SizeElement[] | undefined {
  const operands = c.node.inputs.map((_, i) => elementsOf(c, i));
  const length = Math.max(...operands.map((elements) => elements?.length ?? 0));
  if (!operands.every((elements) => elements?.length === 1 || elements?.length === length)) return undefined;
  return Array.from({ length }, (_, at) =>
    combined(
      c.node.op,
      operands.map((elements) => (elements?.length === 1 ? elements[0] : elements?.[at])),
    ),
  );
}

function combined(op: string, parts: readonly SizeElement[]): SizeElement {
  const [a, b, other] = parts;
  if (op === 'Where' && typeof a === 'number') return a === 0 ? other : b;
  if (op === 'Equal' && typeof a === 'number' && typeof b === 'number') return a === b ? 1 : 0;
  if (parts.every(isFixed)) return 'fixed';
  if (typeof a === 'number' && typeof b === 'object') return withBatch(op, b.batch, a, true);
  return typeof a === 'object' && typeof b === 'number' ? withBatch(op, a.batch, b, false) : undefined;
}

/** The batch times `factor` and a number; `numberFirst`: in this order. */
function withBatch(op: string, factor: number, number: number, numberFirst: boolean): SizeElement {
  const same = { batch: factor };
  switch (op) {
    case 'Mul':
      return number > 0 ? { batch: factor * number } : undefined;
    case 'Add':
      return number === 0 ? same : undefined;
    case 'Sub':
      return number === 0 && !numberFirst ? same : undefined;
    case 'Div':
      return !numberFirst && number > 0 && factor % number === 0 ? { batch: factor / number } : undefined;
    case 'Max':
      return number <= 0 ? same : undefined;
    case 'Equal':
      return number < 0 ? 0 : undefined;
    default:
      return undefined;
  }
}

/** True where a slice of dimension 0 takes all `per` entries of every row. */
export function takesAll(start: SizeElement, end: SizeElement, step: SizeElement, per: number): boolean {
  if (start !== 0 || step !== 1) return false;
  return typeof end === 'number' ? end >= END : typeof end === 'object' && end.batch === per;
}

/** Dimensions of input 0: those that are not known, and not the batch, are fixed. ONNX's Shape may give a part of them. */
export function shapeOf(
  c: RowContext,
  rank: number,
  batch?: { readonly axis: number; readonly per: number },
): RowState {
  const known = c.shape(0);
  const dims = Array.from({ length: rank }, (_, i): SizeElement => {
    if (i === batch?.axis) return { batch: batch.per };
    const size = known?.[i] ?? -1;
    return size >= 0 ? size : 'fixed';
  });
  return sizes(dims.slice(c.int('start', 0), c.int('end', rank)));
}

/** The product of elements of a shape: a multiple of the batch only with numbers. */
export function product(elements: readonly SizeElement[]): SizeElement {
  const numbers = elements.filter((element) => typeof element === 'number');
  const others = elements.filter((element) => typeof element !== 'number');
  const number = numbers.reduce((all, each) => all * each, 1);
  if (others.length === 0) return number;
  if (others.every(isFixed)) return 'fixed';
  const [only] = others;
  return others.length === 1 && typeof only === 'object' && number > 0 ? { batch: only.batch * number } : undefined;
}
