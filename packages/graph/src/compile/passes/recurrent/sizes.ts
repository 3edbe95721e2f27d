/**
 * Whether two sizes are equal in every run: each is followed back, through what only moves it, to a number or to a dimension of a value
 * that nothing more is known of.
 */
import type { OnnxNode, Value } from '../../../onnx-graph.ts';
import { toNumbers } from '../../constant.ts';
import type { Makers } from '../makers.ts';

/** A number, or a name that stands for the same number wherever it occurs. */
export type Size = number | string;

/** Steps that are followed; what comes from farther away counts as unknown. */
const MOST_STEPS = 32;

/** Ops whose result has the shape of their first input. */
const KEEP_SHAPE = new Set([
  ...['Cast', 'Identity', 'Neg', 'Relu', 'Sigmoid', 'Tanh', 'Gelu', 'LayerNormalization', 'ReverseSequence'],
]);
/** Ops whose result holds the same numbers as their first input. */
const KEEP_NUMBERS = new Set(['Cast', 'Identity', 'Reshape', 'Squeeze', 'Unsqueeze']);

/** Dimension `axis` of a value. */
export function sizeOf(makers: Makers, value: Value, axis: number, steps = MOST_STEPS): Size {
  const shape = makers.graph.constants.get(value)?.shape ?? makers.graph.types.get(value)?.shape;
  const known = shape?.[axis] ?? -1;
  if (known >= 0) return known;
  const node = makers.maker(value);
  const found = node === undefined || steps === 0 ? undefined : through(makers, node, axis, steps - 1);
  return found ?? `${value}#${axis}`;
}

function through(makers: Makers, node: OnnxNode, axis: number, steps: number): Size | undefined {
  const [input = '', second = ''] = node.inputs;
  const rank = makers.rank(input);
  if (KEEP_SHAPE.has(node.op)) return sizeOf(makers, input, axis, steps);
  switch (node.op) {
    case 'Transpose':
      return sizeOf(makers, input, (node.attrs['perm'] as readonly number[])[axis] ?? axis, steps);
    case 'MatMul':
      return makers.rank(second) === 2 && rank !== undefined && axis < rank - 1
        ? sizeOf(makers, input, axis, steps)
        : undefined;
    case 'Expand':
      return makers.number(input, Number.POSITIVE_INFINITY) === undefined
        ? undefined
        : numberIn(makers, second, axis, steps);
    case 'Slice':
      return keepsSize(makers, node, axis) ? sizeOf(makers, input, axis, steps) : undefined;
    case 'Gather':
      return (node.attrs['axis'] ?? 0) === 0 && axis < (makers.rank(second) ?? 0)
        ? sizeOf(makers, second, axis, steps)
        : undefined;
    default:
      return undefined;
  }
}

/** True for a slice that takes all of a dimension, forwards or backwards. */
function keepsSize({ graph }: Makers, { inputs }: OnnxNode, axis: number): boolean {
  const [starts, ends, axes, steps] = inputs.slice(1).map((value) => {
    const constant = graph.constants.get(value);
    return constant && toNumbers(constant);
  });
  if (axes === undefined || starts === undefined || ends === undefined || axes.some((each) => each < 0)) return false;
  const at = axes.indexOf(axis);
  if (at < 0) return true;
  const [start = 0, end = 0, step = 1] = [starts[at], ends[at], steps?.[at]];
  const FAR = 2 ** 31 - 1;
  return step === 1 ? start === 0 && end >= FAR : step === -1 && start === -1 && end <= -FAR;
}

/** Element `i` of an integer vector, or the only one of a scalar. */
export function numberIn(makers: Makers, value: Value, i: number, steps = MOST_STEPS): Size | undefined {
  const constant = makers.graph.constants.get(value);
  if (constant !== undefined) return toNumbers(constant)[i];
  const node = makers.maker(value);
  if (node === undefined || steps === 0) return undefined;
  const [input = '', second = ''] = node.inputs;
  if (KEEP_NUMBERS.has(node.op)) return numberIn(makers, input, i, steps - 1);
  switch (node.op) {
    case 'Shape':
      return sizeOf(makers, input, i, steps - 1);
    case 'Gather': {
      const at = numberIn(makers, second, i, steps - 1);
      return typeof at === 'number' && at >= 0 ? numberIn(makers, input, at, steps - 1) : undefined;
    }
    case 'Concat':
      return numberAmong(makers, node.inputs, i, steps - 1);
    default:
      return undefined;
  }
}

/** Element `i` of vectors one behind the other. */
function numberAmong(makers: Makers, parts: readonly Value[], i: number, steps: number): Size | undefined {
  let before = 0;
  for (const part of parts) {
    const length = lengthOf(makers, part);
    if (typeof length !== 'number') return undefined;
    if (i < before + length) return numberIn(makers, part, i - before, steps);
    before += length;
  }
  return undefined;
}

/** How long a vector is, which no type tells of one that was made of a scalar. */
function lengthOf(makers: Makers, vector: Value): Size {
  const scalar = makers.of('Unsqueeze', vector);
  return scalar !== undefined && makers.rank(scalar) === 0 ? 1 : sizeOf(makers, vector, 0, 0);
}
