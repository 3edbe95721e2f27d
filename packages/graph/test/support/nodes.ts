/** Small builders of NodeDefs, tensors and graphs for tests: `node('Relu', 'r', ['x'], { T: 'float32' })`. */
import { constNode, shapeToProto } from '../../src/constants.ts';
import { DTYPES, type DType } from '../../src/dtype.ts';
import { attrOf, attrOfList, type Graph, graphOf, type Node } from '../../src/graph.ts';
import type { AttrValue } from '../../src/proto/tensorflow.ts';
import { arrayFor, type Tensor } from '../../src/tensor.ts';

/** A dtype's name is a type, other text bytes; a number is an integer, a list of numbers integers; the rest is said. */
export type AttrInit =
  | boolean
  | number
  | bigint
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly text: string }
  | { readonly shape: readonly number[] | null }
  | { readonly dtypes: readonly DType[] };

export function attr(init: AttrInit): AttrValue {
  if (typeof init === 'boolean') return attrOf({ b: init });
  if (typeof init === 'number' || typeof init === 'bigint') return attrOf({ i: BigInt(init) });
  if (typeof init === 'string') {
    return Object.hasOwn(DTYPES, init)
      ? attrOf({ type: DTYPES[init as DType].tf })
      : attrOf({ s: new TextEncoder().encode(init) });
  }
  if ('float' in init) return attrOf({ f: init.float });
  if ('floats' in init) return attrOfList({ f: init.floats });
  if ('text' in init) return attrOf({ s: new TextEncoder().encode(init.text) });
  if ('shape' in init) return attrOf({ shape: shapeToProto(init.shape) });
  if ('dtypes' in init) return attrOfList({ type: init.dtypes.map((dtype) => DTYPES[dtype].tf) });
  return attrOfList({ i: init.map(BigInt) });
}

export function node(
  op: string,
  name: string,
  input: readonly string[] = [],
  attrs: Readonly<Record<string, AttrInit>> = {},
): Node {
  const entries = Object.entries(attrs).map(([key, init]) => [key, attr(init)] as const);
  return { name, op, input, device: '', attr: new Map(entries) };
}

export function placeholder(name: string, shape: readonly number[] | null, dtype: DType = 'float32'): Node {
  return node('Placeholder', name, [], { dtype, shape: { shape } });
}

/** A tensor of `dtype` from plain numbers (or bigints for 64-bit integers). */
export function tensor(dtype: DType, shape: readonly number[], values: readonly (number | bigint | string)[]): Tensor {
  if (dtype === 'string') return { dtype, shape, data: values.map((value) => new TextEncoder().encode(String(value))) };
  const data = new (arrayFor(dtype))(values.length);
  const wide = dtype === 'int64' || dtype === 'uint64';
  values.forEach((value, i) => {
    (data as { [index: number]: number | bigint })[i] = wide ? BigInt(value) : Number(value);
  });
  return { dtype, shape, data };
}

export function constant(
  name: string,
  dtype: DType,
  shape: readonly number[],
  values: readonly (number | bigint | string)[],
): Node {
  return constNode(name, tensor(dtype, shape, values));
}

/** An int32 scalar, or a vector for a list: the usual arguments of shape ops. */
export function ints(name: string, values: number | readonly number[]): Node {
  return typeof values === 'number'
    ? constant(name, 'int32', [], [values])
    : constant(name, 'int32', [values.length], values);
}

export function floats(name: string, shape: readonly number[], values: readonly number[]): Node {
  return constant(name, 'float32', shape, values);
}

export function graph(...nodes: readonly Node[]): Graph {
  return graphOf(nodes);
}
