/** Ops that strings share with numbers, and sizes of what is only known at run time. */
import { broadcast } from '../../analysis/index.ts';
import { sizeOf, type Tensor } from '../../tensor.ts';
import type { HostNode, HostOp, HostTable, HostValue } from '../host-op.ts';
import { placesIn, withElements } from './elements.ts';

function integers(node: HostNode, attr: string, shape: readonly number[], values: readonly number[]): Tensor {
  return node.attrs.dtype(attr, 'int32') === 'int64'
    ? { dtype: 'int64', shape, data: BigInt64Array.from(values, BigInt) }
    : { dtype: 'int32', shape, data: Int32Array.from(values) };
}

const shapeOf: HostOp = (node, inputs) =>
  inputs.map((_, i) => {
    const { shape } = node.tensor(inputs, i);
    return integers(node, 'out_type', [shape.length], shape);
  });

const equalBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** Equality of strings; that of numbers has an evaluator of its own. */
function compared(wanted: boolean): HostOp {
  return (node, inputs) => {
    const [a, b] = [node.strings(inputs, 0), node.strings(inputs, 1)];
    const [left, right] = [node.tensor(inputs, 0).shape, node.tensor(inputs, 1).shape];
    const dims = broadcast(left, right);
    if (dims === undefined || dims === null) throw node.fail(`has incompatible shapes [${left}] and [${right}]`);
    const [from, to] = [placesIn(left, dims), placesIn(right, dims)];
    const data = Uint8Array.from({ length: sizeOf(dims) }, (_, i) =>
      equalBytes(a[from(i)] as Uint8Array, b[to(i)] as Uint8Array) === wanted ? 1 : 0,
    );
    return [{ dtype: 'bool', shape: dims, data }];
  };
}

/** `a` where the condition holds, else `b`; a condition of one element, or of the first dimension, stands for all. */
const select: HostOp = (node, inputs) => {
  const [condition, a, b] = [0, 1, 2].map((at) => node.tensor(inputs, at)) as [Tensor, Tensor, Tensor];
  const isRows = node.node.op === 'Select' && condition.shape.length === 1 && a.shape.length > 1;
  const given = isRows ? [...condition.shape, ...a.shape.slice(1).map(() => 1)] : condition.shape;
  const inner = broadcast(a.shape, b.shape);
  const dims = inner === undefined ? undefined : broadcast(given, inner);
  if (dims === undefined || dims === null) throw node.fail('has incompatible shapes');
  const [when, from, to] = [placesIn(given, dims), placesIn(a.shape, dims), placesIn(b.shape, dims)];
  const pick = (i: number): unknown => (condition.data[when(i)] ? a.data[from(i)] : b.data[to(i)]);
  return [withElements(a, dims, pick)];
};

const size: HostOp = (node, inputs) => [integers(node, 'out_type', [], [sizeOf(node.tensor(inputs, 0).shape)])];
const rank: HostOp = (node, inputs) => [
  { dtype: 'int32', shape: [], data: Int32Array.of(node.tensor(inputs, 0).shape.length) },
];
const passOn = (_: HostNode, inputs: readonly HostValue[]): readonly HostValue[] => inputs;

/** `denseToSparse` and the like are made of these: where a mask of rank 1 or 2 is set, by rows. */
const where: HostOp = (node, inputs) => {
  const { shape, data } = node.tensor(inputs, 0);
  const found: bigint[] = [];
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  let count = 0;
  for (let i = 0; i < data.length; i++) {
    if (Number(data[i]) === 0) continue;
    count++;
    for (const [axis, stride] of strides.entries())
      found.push(BigInt(Math.floor(i / stride) % (shape[axis] as number)));
  }
  return [{ dtype: 'int64', shape: [count, shape.length], data: BigInt64Array.from(found) }];
};

export const plain: HostTable = {
  Shape: shapeOf,
  ShapeN: shapeOf,
  Size: size,
  Rank: rank,
  Where: where,
  Select: select,
  SelectV2: select,
  ...Object.fromEntries(
    ['Identity', 'IdentityN', 'Snapshot', 'StopGradient', 'EnsureShape', 'PlaceholderWithDefault'].map((op) => [
      op,
      passOn,
    ]),
  ),
};

/** Of strings; numbers are compared by their evaluators. */
export const comparing: HostTable = { Equal: compared(true), NotEqual: compared(false) };
