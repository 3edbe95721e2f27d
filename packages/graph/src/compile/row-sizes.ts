/** What is known of shapes and of what is computed from them: which elements depend on the size of the batch, and how. */
import { sizeOf } from '../tensor.ts';
import { FIXED, type RowContext, type RowState, type SizeElement } from './rows.ts';

type Elements = readonly SizeElement[] | undefined;

/** Ops that keep the elements of a shape and their order. */
const KEEPS_ELEMENTS = new Set(['Cast', 'Identity']);

/** A shape of which no element depends on the batch is fixed. */
export function sizes(elements: Elements): RowState {
  const fixed = elements?.every((element) => typeof element === 'number' || element === 'fixed') ?? false;
  return { kind: fixed ? 'fixed' : 'size', elements };
}

/** More elements than any shape has. */
const MOST_DIMS = 64;

/** Elements of input `i` where it may be a shape or a part of one; undefined where they are not known. */
export function elementsOf(c: RowContext, i: number): Elements {
  const state = c.state(i);
  if (state.kind === 'rows' || state.kind === 'turned') return undefined;
  if (state.elements !== undefined || state.kind === 'size') return state.elements;
  const shape = c.shape(i);
  if (shape === null || shape.includes(-1) || shape.length > 1 || sizeOf(shape) > MOST_DIMS) return undefined;
  return c.numbers(i) ?? new Array<SizeElement>(sizeOf(shape)).fill('fixed');
}

/** The result of an op on nothing but shapes and fixed values, element by element. */
export function withoutRows(c: RowContext): RowState {
  const operands = c.node.inputs.map((_, i) => elementsOf(c, i));
  const elements = combined(c.node.op, operands);
  if (elements === undefined && c.inputs.every((state) => state.kind === 'fixed')) return FIXED;
  return sizes(elements);
}

function combined(op: string, operands: readonly Elements[]): Elements {
  if (KEEPS_ELEMENTS.has(op)) return operands[0];
  const length = Math.max(...operands.map((elements) => elements?.length ?? Number.POSITIVE_INFINITY));
  const fits = operands.every((elements) => elements?.length === length || elements?.length === 1);
  if (length > MOST_DIMS || !fits) return undefined;
  return Array.from({ length }, (_, i) =>
    combine(
      op,
      operands.map((elements) => elements?.[elements.length === 1 ? 0 : i]),
    ),
  );
}

/** Only a product with a number keeps a multiple of the batch one. */
function combine(op: string, elements: readonly SizeElement[]): SizeElement {
  if (elements.every((element) => typeof element === 'number' || element === 'fixed')) return 'fixed';
  return op === 'Mul' ? product(elements) : undefined;
}

/** The product of elements of a shape. */
export function product(elements: readonly SizeElement[]): SizeElement {
  let [number, batch, isFixed] = [1, undefined as number | undefined, false];
  for (const element of elements) {
    if (element === undefined || (typeof element === 'object' && batch !== undefined)) return undefined;
    if (typeof element === 'number') number *= element;
    else if (element === 'fixed') isFixed = true;
    else batch = element.batch;
  }
  if (batch === undefined) return isFixed ? 'fixed' : number;
  return isFixed ? undefined : { batch: batch * number };
}

/** Shape of a value whose dimensions are `dims`, of which ONNX's Shape may give a part. */
export function shapeOf(c: RowContext, dims: readonly SizeElement[]): RowState {
  return sizes(dims.slice(c.int('start', 0), c.int('end', dims.length)));
}

/** Dimensions of input 0: those that are not known, and not the batch, are fixed. */
export function dimsOf(c: RowContext, rank: number, batch?: { readonly axis: number; readonly per: number }) {
  const known = c.shape(0);
  return Array.from({ length: rank }, (_, i): SizeElement => {
    if (i === batch?.axis) return { batch: batch.per };
    const size = known?.[i] ?? -1;
    return size >= 0 ? size : 'fixed';
  });
}

/** Elements of a shape from one place to another. */
export function slicedElements(c: RowContext, elements: Elements): Elements {
  const [start, end, step] = [c.numbers(1)?.[0], c.numbers(2)?.[0], c.node.inputs.length > 4 ? c.numbers(4)?.[0] : 1];
  return start === undefined || end === undefined || step !== 1 ? undefined : elements?.slice(start, end);
}
