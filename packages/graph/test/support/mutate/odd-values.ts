/** Attributes and constants that no writer makes, and those that one might make by mistake. */

import { tensorToProto } from '../../../src/constants.ts';
import { DTYPES, type DType } from '../../../src/dtype.ts';
import { attrOf, attrOfList } from '../../../src/graph.ts';
import type { AttrValue, TensorProto, TensorShapeProto } from '../../../src/proto/tensorflow.ts';
import type { Random } from './random.ts';

const INTEGERS = [
  0n,
  1n,
  -1n,
  2n,
  3n,
  -2n,
  7n,
  64n,
  2n ** 31n - 1n,
  2n ** 31n,
  -(2n ** 31n),
  2n ** 53n,
  2n ** 63n - 1n,
  -(2n ** 63n),
];
const FLOATS = [0, -0, 1, -1, 0.5, 1e-45, 1e-7, 3e38, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
const TEXTS = [
  '',
  'SAME',
  'VALID',
  'EXPLICIT',
  'NHWC',
  'NCHW',
  'NDHWC',
  'HWNC',
  'i,j->ij',
  'ab...,b->a',
  'bilinear',
  'REFLECT',
  '\u0000',
  'x'.repeat(300),
];
const SIZES = [0, 1, 2, 3, 4, 5, 8, -1, -2, 1024, 2 ** 16, 2 ** 31, 2 ** 40, Number.MAX_SAFE_INTEGER];
const TYPES = [...Object.values(DTYPES).map(({ tf }) => tf), 0, 8, 11, 15, 18, 23, 101, 103, 999];

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

export function oddType(random: Random): number {
  return random.pick(TYPES);
}

export function oddShape(random: Random): TensorShapeProto {
  const rank = random.chance(0.05) ? 300 : random.below(6);
  const sizes = random.chance(0.5) ? [0, 1, 2, 3, 4] : SIZES;
  return {
    unknown_rank: random.chance(0.1),
    dim: Array.from({ length: rank }, () => ({ size: random.pick(sizes), name: '' })),
  };
}

function someOf<T>(random: Random, values: readonly T[]): readonly T[] {
  return Array.from({ length: random.below(6) }, () => random.pick(values));
}

/** An attribute of the kind that `old` is, with another value; now and then one of another kind. */
export function oddAttr(random: Random, old: AttrValue | undefined): AttrValue {
  const kinds = ['i', 'f', 'b', 's', 'type', 'shape', 'tensor', 'list'] as const;
  const own = kinds.find((kind) => old?.[kind] !== undefined);
  const kind = own === undefined || random.chance(0.1) ? random.pick(kinds) : own;
  switch (kind) {
    case 'i':
      return attrOf({ i: random.pick(INTEGERS) });
    case 'f':
      return attrOf({ f: random.pick(FLOATS) });
    case 'b':
      return attrOf({ b: !(old?.b ?? false) });
    case 's':
      return attrOf({ s: text(random.pick(TEXTS)) });
    case 'type':
      return attrOf({ type: oddType(random) });
    case 'shape':
      return attrOf({ shape: oddShape(random) });
    case 'tensor':
      return attrOf({ tensor: oddTensor(random, old?.tensor) });
    case 'list':
      return oddList(random, old);
  }
}

function oddList(random: Random, old: AttrValue | undefined): AttrValue {
  const list = old?.list;
  if (list !== undefined && list.i.length > 0 && random.chance(0.7)) {
    const i = [...list.i];
    i[random.below(i.length)] = random.pick(INTEGERS);
    return attrOfList({ i });
  }
  if (list !== undefined && list.type.length > 0 && random.chance(0.7)) {
    const type = [...list.type];
    type[random.below(type.length)] = oddType(random);
    return attrOfList({ type: random.chance(0.3) ? type.slice(1) : type });
  }
  switch (random.below(5)) {
    case 0:
      return attrOfList({ i: someOf(random, INTEGERS) });
    case 1:
      return attrOfList({ f: someOf(random, FLOATS) });
    case 2:
      return attrOfList({ type: someOf(random, TYPES) });
    case 3:
      return attrOfList({ shape: Array.from({ length: random.below(3) }, () => oddShape(random)) });
    default:
      return attrOfList({ s: someOf(random, TEXTS).map(text) });
  }
}

const SMALL = [0, 1, -1, 2, 3, -2, 5];
const NUMBERS = [...SMALL, 7, 100, 2 ** 31 - 1, -(2 ** 31)];

/** A constant of few bytes that may claim to be huge, or one that is small and merely wrong where it is. */
export function oddTensor(random: Random, old: TensorProto | undefined): TensorProto {
  const choice = random.below(6);
  if (old !== undefined && choice === 0) return { ...old, tensor_shape: oddShape(random) };
  if (old !== undefined && choice === 1) return { ...old, dtype: oddType(random) };
  if (old !== undefined && choice === 2)
    return { ...old, tensor_content: new Uint8Array(0), tensor_shape: oddShape(random) };
  const dtype: DType = random.pick([
    'float32',
    'int32',
    'int32',
    'int64',
    'bool',
    'float16',
    'float64',
    'string',
    'uint8',
  ]);
  const shape = Array.from({ length: random.below(4) }, () => random.below(4));
  return smallTensor(random, dtype, shape);
}

/** A constant of this type with numbers that mean something as a size, an axis or an index. */
export function smallTensor(random: Random, dtype: DType, shape: readonly number[]): TensorProto {
  const size = shape.reduce((product, dim) => product * dim, 1);
  const numbers = random.chance(0.7) ? SMALL : NUMBERS;
  const values = Array.from({ length: size }, () => random.pick(numbers));
  const floats = values.map((value) => (random.chance(0.1) ? random.pick(FLOATS) : value));
  switch (dtype) {
    case 'string':
      return tensorToProto({ dtype, shape, data: values.map((value) => text(String(value))) });
    case 'float32':
      return tensorToProto({ dtype, shape, data: Float32Array.from(floats) });
    case 'float64':
      return tensorToProto({ dtype, shape, data: Float64Array.from(floats) });
    case 'int64':
      return tensorToProto({ dtype, shape, data: BigInt64Array.from(values, BigInt) });
    case 'bool':
      return tensorToProto({ dtype, shape, data: Uint8Array.from(values, (value) => value & 1) });
    case 'uint8':
      return tensorToProto({ dtype, shape, data: Uint8Array.from(values) });
    case 'float16':
      return tensorToProto({ dtype, shape, data: Uint16Array.from(values) });
    default:
      return tensorToProto({ dtype: 'int32', shape, data: Int32Array.from(values) });
  }
}
