/** Blocks of space that go into the batch and come back: how TensorFlow dilates what has no dilation of its own. */
import type { Value } from '../../onnx-graph.ts';
import type { Lower, Lowering } from '../lowering.ts';
import { Calculator, reshapeTo, sizeOfAxis, vector } from './calculate.ts';
import { asInt64, ints, range, run, transpose } from './common.ts';
import { END } from './slicing.ts';

type Size = Value | number;

/** A value, its dimensions as far as they are known, and the blocks of dimensions 1, 2, ... */
interface Blocks {
  readonly block: readonly number[];
  readonly rank: number;
  /** How much goes before and after dimensions 1, 2, ... */
  readonly amounts: readonly { readonly before: Size; readonly after: Size }[];
}

function blocksOf(l: Lowering, block: readonly number[]): Blocks {
  const rank = l.rank(0);
  if (block.some((size) => !Number.isInteger(size) || size < 1) || block.length >= rank)
    throw l.refuse(`blocks of [${block.join(', ')}] in ${rank} dimensions`);
  return { block, rank, amounts: block.map((_, i) => ({ before: amount(l, 2 * i), after: amount(l, 2 * i + 1) })) };
}

/** Element `at` of the table of paddings or crops, input 2 (1 in the ops of old, which have the block as an attribute). */
function amount(l: Lowering, at: number): Size {
  const input = l.arity - 1;
  const known = l.numbers(input)?.[at];
  if (known !== undefined) return known;
  const flat = l.emit('Reshape', [asInt64(l, input), ints(l, [-1])], {}, { dtype: 'int64', shape: null });
  return l.emit('Gather', [flat, ints(l, [at])], { axis: 0 }, { dtype: 'int64', shape: [1] });
}

/** Dimension `axis` of a value: a number where `shape` knows it. */
function size(l: Lowering, value: Value, axis: number, shape: readonly number[] | null): Size {
  const known = shape?.[axis] ?? -1;
  return known >= 0 ? known : sizeOfAxis(l, value, axis);
}

function calculate(l: Lowering, op: 'Add' | 'Sub' | 'Mul' | 'Div', a: Size, b: Size): Size {
  if (typeof a === 'number' && typeof b === 'number')
    return { Add: a + b, Sub: a - b, Mul: a * b, Div: Math.trunc(a / b) }[op];
  return new Calculator(l, 'int64').do(op, a, b);
}

/** [n, s, ...] -> [n, s / b, b, ...] for each blocked dimension, the blocks moved in front of the batch, and merged into it. */
function spaceToBatch(l: Lowering, blockShape: readonly number[]): Value {
  const { block, rank, amounts } = blocksOf(l, blockShape);
  const m = block.length;
  const rest = range(rank - 1 - m);
  const padded = pad(l, amounts, rest.length);
  if (block.every((part) => part === 1)) return padded;
  const shape = l.shape(0);
  const parts = block.map((part, i) => {
    const { before, after } = amounts[i] as Blocks['amounts'][number];
    const whole = calculate(l, 'Add', size(l, l.input(0), i + 1, shape), calculate(l, 'Add', before, after));
    return calculate(l, 'Div', whole, part);
  });
  const tail = rest.map((i) => size(l, l.input(0), 1 + m + i, shape));
  const count = block.reduce((a, b) => a * b, 1);
  const batch = inferred(parts, tail) ? -1 : size(l, l.input(0), 0, shape);
  const split = reshapeTo(l, padded, [batch, ...parts.flatMap((part, i) => [part, block[i] ?? 1]), ...tail], l.dtype());
  const perm = [
    ...block.map((_, i) => 2 * i + 2),
    0,
    ...block.map((_, i) => 2 * i + 1),
    ...rest.map((i) => 2 * m + 1 + i),
  ];
  const images = batch === -1 ? -1 : calculate(l, 'Mul', batch, count);
  return reshapeTo(l, transpose(l, split, perm), [images, ...parts, ...tail], l.dtype());
}

/** Where all other sizes are known, and none is 0, the engine finds the batch itself. */
function inferred(...sizes: readonly (readonly Size[])[]): boolean {
  return sizes.flat().every((part) => typeof part === 'number' && part > 0);
}

function pad(l: Lowering, amounts: Blocks['amounts'], rest: number): Value {
  const zeros = new Array<number>(rest).fill(0);
  const pads = [0, ...amounts.map(({ before }) => before), ...zeros, 0, ...amounts.map(({ after }) => after), ...zeros];
  if (pads.every((size) => size === 0)) return l.input(0);
  return run(l, 'Pad', [l.input(0)], l.dtype(), {
    extra: [vector(l, pads)],
    shape: pads.slice(pads.length / 2).map(() => -1),
  });
}

/** The way back, then the crop. */
function batchToSpace(l: Lowering, blockShape: readonly number[]): Value {
  const { block, rank, amounts } = blocksOf(l, blockShape);
  return cropped(l, merged(l, block, rank), block, amounts);
}

function merged(l: Lowering, block: readonly number[], rank: number): Value {
  if (block.every((part) => part === 1)) return l.input(0);
  const m = block.length;
  const rest = range(rank - 1 - m);
  const shape = l.shape(0);
  const sizes = block.map((_, i) => size(l, l.input(0), i + 1, shape));
  const tail = rest.map((i) => size(l, l.input(0), 1 + m + i, shape));
  const count = block.reduce((a, b) => a * b, 1);
  const batch = inferred(sizes, tail) ? -1 : calculate(l, 'Div', size(l, l.input(0), 0, shape), count);
  const split = reshapeTo(l, l.input(0), [...block, batch, ...sizes, ...tail], l.dtype());
  const perm = [m, ...block.flatMap((_, i) => [m + 1 + i, i]), ...rest.map((i) => 2 * m + 1 + i)];
  const whole = sizes.map((part, i) => calculate(l, 'Mul', part, block[i] ?? 1));
  return reshapeTo(l, transpose(l, split, perm), [batch, ...whole, ...tail], l.dtype());
}

function cropped(l: Lowering, whole: Value, block: readonly number[], amounts: Blocks['amounts']): Value {
  const cut = range(block.length).filter((i) => amounts[i]?.before !== 0 || amounts[i]?.after !== 0);
  if (cut.length === 0) return whole;
  const ends = cut.map((i): Size => {
    const after = amounts[i]?.after ?? 0;
    return after === 0 ? END : calculate(l, 'Sub', sizeOfAxis(l, whole, i + 1), after);
  });
  const starts = vector(
    l,
    cut.map((i) => amounts[i]?.before ?? 0),
  );
  const axes = ints(
    l,
    cut.map((i) => i + 1),
  );
  return l.emit('Slice', [whole, starts, vector(l, ends), axes], {}, l.outType());
}

const square = (l: Lowering): readonly number[] => [l.attrs.int('block_size'), l.attrs.int('block_size')];

export const SPACE_BATCH = {
  SpaceToBatchND: (l) => spaceToBatch(l, l.needNumbers(1, 'the block shape')),
  BatchToSpaceND: (l) => batchToSpace(l, l.needNumbers(1, 'the block shape')),
  SpaceToBatch: (l) => spaceToBatch(l, square(l)),
  BatchToSpace: (l) => batchToSpace(l, square(l)),
} satisfies Record<string, Lower>;
