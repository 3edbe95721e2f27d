/**
 * What one turn of a loop computes by products with constant weights and by sums, as one set of weights for each value that goes in:
 * `x W + h R + b`, however it is spelt (`[x, h] K`, parts of one product, several biases).
 */
import type { OnnxNode, Value } from '../../../onnx-graph.ts';
import type { Tensor } from '../../../tensor.ts';
import { toNumbers } from '../../constant.ts';
import type { Makers } from '../makers.ts';

export interface Affine {
  /** Number of columns. */
  readonly width: number;
  readonly terms: readonly Term[];
  readonly bias: Float32Array;
}

/** A product with `rows` x `width` elements of a matrix. */
interface Term {
  /** What is multiplied. */
  readonly source: Value;
  readonly matrix: Tensor;
  readonly rows: number;
  readonly firstRow: number;
  readonly firstColumn: number;
}

export function isAffineIn({ terms }: Affine, source: Value): boolean {
  return terms.some((term) => term.source === source);
}

export function affineOf(makers: Makers, value: Value): Affine | undefined {
  const node = makers.maker(value);
  const [left = '', right = '', third] = node?.inputs ?? [];
  switch (node?.op) {
    case 'MatMul':
      return product(makers, left, right);
    case 'Gemm': {
      const plain = Object.keys(node.attrs).length === 0 ? product(makers, left, right) : undefined;
      return third === undefined ? plain : plain && biased(makers, plain, third);
    }
    case 'Add':
      return sum(makers, left, right);
    default: {
      const part = partOf(makers, value);
      const whole = part && affineOf(makers, part.whole);
      return whole && columns(whole, part.from, part.to);
    }
  }
}

export const ACTIVATIONS = new Set(['Relu', 'Sigmoid', 'Tanh']);

/** A function of such sums; it may have been taken of more columns, of which these are some. */
export function activatedOf(
  makers: Makers,
  value: Value,
): { readonly activation: string; readonly of: Affine } | undefined {
  const part = partOf(makers, value);
  const node = makers.maker(part?.whole ?? value);
  if (node === undefined || !ACTIVATIONS.has(node.op)) return undefined;
  const whole = affineOf(makers, node.inputs[0] ?? '');
  const of = whole && part ? columns(whole, part.from, part.to) : whole;
  return of && { activation: node.op, of };
}

function product(makers: Makers, left: Value, right: Value): Affine | undefined {
  const matrix = makers.floats(right);
  const [height = 0, width = 0] = matrix?.shape ?? [];
  if (matrix === undefined || matrix.shape.length !== 2) return undefined;
  const parts = joinedOf(makers, left) ?? [left];
  const terms: Term[] = [];
  let firstRow = 0;
  for (const source of parts) {
    const rows = parts.length === 1 ? height : (makers.graph.types.get(source)?.shape?.at(-1) ?? -1);
    if (rows < 0) return undefined;
    terms.push({ source, matrix, rows, firstRow, firstColumn: 0 });
    firstRow += rows;
  }
  return firstRow === height ? { width, terms, bias: new Float32Array(width) } : undefined;
}

/** What is joined along the columns. */
function joinedOf(makers: Makers, value: Value): readonly Value[] | undefined {
  const node = makers.node('Concat', value);
  const axis = node?.attrs['axis'];
  return axis === 1 || axis === -1 ? node?.inputs : undefined;
}

function sum(makers: Makers, left: Value, right: Value): Affine | undefined {
  for (const [side, other] of [[left, right] as const, [right, left] as const]) {
    if (!makers.graph.constants.has(other)) continue;
    const affine = affineOf(makers, side);
    return affine && biased(makers, affine, other);
  }
  const [a, b] = [affineOf(makers, left), affineOf(makers, right)];
  if (a === undefined || b === undefined || a.width !== b.width) return undefined;
  return { width: a.width, terms: [...a.terms, ...b.terms], bias: plus(a.bias, b.bias) };
}

function plus(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, i) => value + (b[i] ?? 0));
}

function biased(makers: Makers, affine: Affine, value: Value): Affine | undefined {
  const bias = rowOf(makers.floats(value), affine.width);
  return bias && { ...affine, bias: plus(affine.bias, bias) };
}

/** A constant that is the same for each row of a batch. */
function rowOf(constant: Tensor | undefined, width: number): Float32Array | undefined {
  if (constant === undefined || constant.shape.length > 2 || constant.shape.slice(0, -1).some((dim) => dim !== 1))
    return undefined;
  const numbers = toNumbers(constant);
  if (numbers.length === 1) return new Float32Array(width).fill(numbers[0] ?? 0);
  return numbers.length === width ? Float32Array.from(numbers) : undefined;
}

function columns({ terms, bias }: Affine, from: number, to: number): Affine {
  const cut = terms.map((term) => ({ ...term, firstColumn: term.firstColumn + from }));
  return { width: to - from, terms: cut, bias: bias.slice(from, to) };
}

interface Part {
  readonly whole: Value;
  readonly from: number;
  readonly to: number;
}

/** The columns that a Split or a Slice of a matrix gives. */
function partOf(makers: Makers, value: Value): Part | undefined {
  const node = makers.maker(value);
  const width = makers.graph.types.get(node?.inputs[0] ?? '')?.shape?.at(-1) ?? -1;
  if (node === undefined || makers.rank(node.inputs[0] ?? '') !== 2 || width < 0) return undefined;
  if (node.op === 'Split') return splitPart(makers, node, value, width);
  return node.op === 'Slice' ? slicePart(makers, node, width) : undefined;
}

function splitPart(makers: Makers, node: OnnxNode, value: Value, width: number): Part | undefined {
  const { axis } = node.attrs;
  const [whole = '', stated = ''] = node.inputs;
  const count = node.outputs.length;
  const sizes = makers.numbers(stated) ?? new Array<number>(count).fill(width / count);
  const at = node.outputs.indexOf(value);
  if ((axis !== 1 && axis !== -1) || sizes.reduce((total, size) => total + size, 0) !== width) return undefined;
  const from = sizes.slice(0, at).reduce((total, size) => total + size, 0);
  return { whole, from, to: from + (sizes[at] ?? 0) };
}

function slicePart(makers: Makers, { inputs }: OnnxNode, width: number): Part | undefined {
  const [whole = '', ...rest] = inputs;
  const [starts, ends, axes, steps = [1]] = rest.map((value) => makers.numbers(value));
  const place = (at: number): number => Math.min(width, Math.max(0, at < 0 ? at + width : at));
  if (axes === undefined || starts === undefined || ends === undefined || steps.some((step) => step !== 1))
    return undefined;
  // Rows are left whole: a slice from 0 to beyond any end.
  const others = axes.every(
    (axis, i) => axis === 1 || (axis === 0 && starts[i] === 0 && (ends[i] ?? 0) >= 2 ** 31 - 1),
  );
  const at = axes.indexOf(1);
  if (!others || at < 0) return undefined;
  const [from, to] = [place(starts[at] ?? 0), place(ends[at] ?? 0)];
  return from < to ? { whole, from, to } : undefined;
}
