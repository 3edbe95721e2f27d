/** Matrix products: MatMul, the batched ones, Einsum. */
import { broadcast, type Dims, formatDims, UNKNOWN } from '../dims.ts';
import type { Typed } from '../facts.ts';
import { each, type InferTable, type OpContext } from '../op-context.ts';

/** [m, k] x [k, n], either side stored transposed. */
function matMul(op: OpContext): readonly Typed[] {
  const a = oriented(op.ranked(0, 2), op.attrs.bool('transpose_a', false));
  const b = oriented(op.ranked(1, 2), op.attrs.bool('transpose_b', false));
  op.same(a[1], b[0], 'inner dimensions');
  return [{ dtype: op.dtype(), dims: [a[0] ?? UNKNOWN, b[1] ?? UNKNOWN] }];
}

function oriented(dims: readonly number[], transposed: boolean): readonly number[] {
  return transposed ? dims.toReversed() : dims;
}

/** [..., m, k] x [..., k, n]; the leading dimensions broadcast, except in the first version of the op. */
function batchMatMul(op: OpContext): readonly Typed[] {
  const dtype = op.node.op === 'BatchMatMulV3' ? op.attrs.dtype('Tout') : op.dtype();
  const [x, y] = [op.dims(0), op.dims(1)];
  if (x === null || y === null) return [{ dtype, dims: null }];
  if (x.length < 2 || y.length < 2) throw op.fail(`needs matrices, not ${formatDims(x)} and ${formatDims(y)}`);
  const a = oriented(x.slice(-2), op.attrs.bool('adj_x', false));
  const b = oriented(y.slice(-2), op.attrs.bool('adj_y', false));
  op.same(a[1], b[0], 'inner dimensions');
  const batch = batchDims(op, x.slice(0, -2), y.slice(0, -2));
  return [{ dtype, dims: batch && [...batch, a[0] ?? UNKNOWN, b[1] ?? UNKNOWN] }];
}

function batchDims(op: OpContext, x: readonly number[], y: readonly number[]): Dims {
  if (op.node.op === 'BatchMatMul') return op.sameShape(x, y);
  const dims = broadcast(x, y);
  if (dims === undefined) throw op.fail(`cannot broadcast batches of ${formatDims(x)} and ${formatDims(y)}`);
  return dims;
}

/** Labels of an equation such as `...ij,jk->...ik`: per input and for the output. */
interface Equation {
  readonly inputs: readonly string[];
  readonly output: string;
}

function parseEquation(op: OpContext): Equation {
  const equation = op.attrs.string('equation').replaceAll(' ', '');
  const [left, output, more] = equation.split('->');
  const inputs = left?.split(',') ?? [];
  if (output === undefined || more !== undefined || inputs.length !== op.inputs.length) {
    throw op.fail(`has equation ${JSON.stringify(equation)} for ${op.inputs.length} inputs`);
  }
  return { inputs, output };
}

const ELLIPSIS = '...';

function einsum(op: OpContext): readonly Typed[] {
  const { inputs, output } = parseEquation(op);
  const sizes = new Map<string, number>();
  let rest: Dims = [];
  inputs.forEach((labels, i) => {
    rest = bind(op, labels, op.dims(i), sizes, rest);
  });
  const [before = '', after = ''] = output.split(ELLIPSIS);
  const sizeOfLabel = (label: string): number => sizes.get(label) ?? UNKNOWN;
  const spread: Dims = output.includes(ELLIPSIS) ? rest : [];
  return [
    { dtype: op.dtype(), dims: spread && [...[...before].map(sizeOfLabel), ...spread, ...[...after].map(sizeOfLabel)] },
  ];
}

/** Records the size of each label of one input; returns what the ellipsis stands for so far. */
function bind(op: OpContext, labels: string, dims: Dims, sizes: Map<string, number>, rest: Dims): Dims {
  const [before = '', after = ''] = labels.split(ELLIPSIS);
  const open = labels.includes(ELLIPSIS);
  if (dims === null) return open ? null : rest;
  const named = before.length + after.length;
  if (open ? dims.length < named : dims.length !== named) throw op.fail(`labels ${formatDims(dims)} as ${labels}`);
  const sized = [...dims.slice(0, before.length), ...dims.slice(dims.length - after.length)];
  [...before, ...after].forEach((label, i) => {
    sizes.set(label, op.same(sizes.get(label), sized[i], `label ${label}`));
  });
  const spread = broadcast(rest, dims.slice(before.length, dims.length - after.length));
  if (open && spread === undefined) throw op.fail('has ellipses that do not broadcast');
  return open ? (spread ?? null) : rest;
}

export const matmul: InferTable = {
  MatMul: matMul,
  SparseMatMul: (op) => matMul(op).map(({ dims }) => ({ dtype: 'float32', dims })),
  ...each('BatchMatMul BatchMatMulV2 BatchMatMulV3', batchMatMul),
  Einsum: einsum,
};
