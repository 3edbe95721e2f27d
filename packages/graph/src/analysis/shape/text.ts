/** Ops on strings, serialised Examples and vocabularies, which the host runs. */
import { shapeFromProto } from '../../constants.ts';
import { type DType, dtypeFromTf } from '../../dtype.ts';
import { broadcast, type Dims } from '../dims.ts';
import type { Typed } from '../facts.ts';
import { each, type Infer, type InferTable, type OpContext, UNTOLD } from '../op-context.ts';
import { reducedDims } from './reduction.ts';

const UNKNOWN = -1;

function types(op: OpContext, attr: string): readonly DType[] {
  return (op.node.attr.get(attr)?.list?.type ?? []).map((code) => dtypeFromTf(code) ?? UNTOLD);
}

/** `serialized` is a vector, or a scalar where the example comes alone. */
function parsed(op: OpContext, serialized: Dims): readonly Typed[] {
  const batched = serialized?.length !== 0;
  const sparse = types(op, 'sparse_types');
  const shapes = op.node.attr.get('dense_shapes')?.list?.shape ?? [];
  const known = serialized !== null;
  const values = types(op, 'Tdense').map((dtype, i): Typed => {
    const shape = shapeFromProto(shapes[i]);
    return {
      dtype,
      dims: shape === null || !known ? null : [...serialized, ...shape.map((dim) => (dim < 0 ? UNKNOWN : dim))],
    };
  });
  const rank = batched ? 2 : 1;
  return [
    ...sparse.map((): Typed => ({ dtype: 'int64', dims: [UNKNOWN, rank] })),
    ...sparse.map((dtype): Typed => ({ dtype, dims: [UNKNOWN] })),
    ...sparse.map((): Typed => ({ dtype: 'int64', dims: [rank] })),
    ...values,
    ...types(op, 'ragged_value_types').map((dtype): Typed => ({ dtype, dims: [UNKNOWN] })),
    ...types(op, 'ragged_split_types').map((dtype): Typed => ({ dtype, dims: [UNKNOWN] })),
  ];
}

const parse: Infer = (op) => parsed(op, op.dims(0));

/** Elementwise, to a dtype that the op or an attribute says. */
const to =
  (dtype: DType, attr = ''): Infer =>
  (op) => [{ dtype: attr === '' ? dtype : op.attrs.dtype(attr, dtype), dims: op.dims(0) }];

const lookUp: Infer = (op) => [{ dtype: op.attrs.dtype('Tout', op.input(2).dtype), dims: op.dims(1) }];

const join: Infer = (op) => {
  const ranked = op.inputs.filter(({ dims }) => dims === null || dims.length > 0);
  return [{ dtype: 'string', dims: ranked.length === 0 ? [] : (ranked[0]?.dims ?? null) }];
};

function image(op: OpContext): readonly Typed[] {
  const channels = op.attrs.int('channels', 0);
  return [{ dtype: op.attrs.dtype('dtype', 'uint8'), dims: [UNKNOWN, UNKNOWN, channels === 0 ? UNKNOWN : channels] }];
}

function raw(op: OpContext): readonly Typed[] {
  const dims = op.dims(0);
  return [{ dtype: op.attrs.dtype('out_type'), dims: dims && [...dims, UNKNOWN] }];
}

/** A sparse matrix of parts. */
const split: Infer = () => [
  { dtype: 'int64', dims: [UNKNOWN, 2] },
  { dtype: 'string', dims: [UNKNOWN] },
  { dtype: 'int64', dims: [2] },
];

export const text: InferTable = {
  ...each('ParseExample ParseExampleV2 ParseSingleExample', parse),
  ...each('LookupTableFind LookupTableFindV2', lookUp),
  ...each('LookupTableSize LookupTableSizeV2', () => [{ dtype: 'int64', dims: [] }]),
  ...each(
    'AsString DecodeBase64 EncodeBase64 RegexReplace StaticRegexReplace StringLower StringStrip StringUpper',
    to('string'),
  ),
  ...each('RegexFullMatch StaticRegexFullMatch', to('bool')),
  ...each('StringSplit StringSplitV2', split),
  ...each('StringLength', to('int32')),
  ...each('StringToHashBucketFast StringToHashBucketStrong', to('int64')),
  ...each('StringToNumber', to('float32', 'out_type')),
  ...each('DecodeJpeg DecodePng DecodeImage', image),
  ReduceJoin: (op) => [{ dtype: 'string', dims: reducedDims(op) }],
  StringJoin: join,
  StringNGrams: (op) => [
    { dtype: 'string', dims: [UNKNOWN] },
    { dtype: op.attrs.dtype('Tsplits', 'int64'), dims: op.dims(1) },
  ],
  Substr: (op) => [{ dtype: 'string', dims: broadcast(op.dims(0), op.dims(1)) ?? null }],
  DecodeRaw: raw,
};
