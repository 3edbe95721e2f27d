/** Parsing of serialised Examples, as `ParseExample` and its kin are called. */

import { shapeFromProto } from '../../constants.ts';
import { dtypeFromTf } from '../../dtype.ts';
import type { FeatureKind } from '../../example/decode.ts';
import { type DenseFeature, type ParseConfig, type Parsed, parseExamples } from '../../example/parse.ts';
import type { Tensor } from '../../tensor.ts';
import type { HostNode, HostTable, HostValue } from '../host-op.ts';

const TEXT = new TextDecoder('utf-8', { ignoreBOM: true });
const text = (bytes: Uint8Array): string => TEXT.decode(bytes);

function kinds(node: HostNode, attr: string): readonly FeatureKind[] {
  return (node.node.attr.get(attr)?.list?.type ?? []).map((code) => kindOf(node, dtypeFromTf(code)));
}

function kindOf(node: HostNode, dtype: string | undefined): FeatureKind {
  if (dtype === 'float32' || dtype === 'int64' || dtype === 'string') return dtype;
  throw node.fail(`has features of ${dtype ?? 'an unknown dtype'}`);
}

function dense(node: HostNode, keys: readonly string[], defaults: readonly Tensor[]): readonly DenseFeature[] {
  const shapes = node.node.attr.get('dense_shapes')?.list?.shape ?? [];
  return kinds(node, 'Tdense').map((dtype, i) => {
    const [key, fallback] = [keys[i], defaults[i]];
    if (key === undefined || fallback === undefined) throw node.fail('has fewer dense keys or defaults than dtypes');
    return { key, dtype, shape: shapeFromProto(shapes[i]) ?? [], fallback };
  });
}

function listed<T>(node: HostNode, keys: readonly string[], types: readonly T[]): readonly { key: string; dtype: T }[] {
  if (keys.length < types.length) throw node.fail('has fewer keys than dtypes');
  return types.map((dtype, i) => ({ key: keys[i] as string, dtype }));
}

function outputs({ dense: values, sparse, ragged }: Parsed): readonly Tensor[] {
  return [
    ...sparse.map(({ indices }) => indices),
    ...sparse.map((one) => one.values),
    ...sparse.map(({ shape }) => shape),
    ...values,
    ...ragged.map((one) => one.values),
    ...ragged.map(({ splits }) => splits),
  ];
}

function run(node: HostNode, serialized: Tensor, names: Tensor | undefined, config: ParseConfig): readonly Tensor[] {
  const rows = serialized.data as readonly Uint8Array[];
  if (serialized.shape.length === 1)
    return outputs(parseExamples(rows, ((names?.data as Uint8Array[]) ?? []).map(text), config));
  if (serialized.shape.length > 1) throw node.fail('needs a vector of serialised Examples');
  return outputs(unbatched(parseExamples(rows, [], config, true)));
}

/** What the only example has, without the dimension of the batch. */
function unbatched({ dense: values, sparse, ragged }: Parsed): Parsed {
  return {
    dense: values.map((tensor) => ({ ...tensor, shape: tensor.shape.slice(1) })),
    sparse: sparse.map(({ indices, values: flat, shape }) => ({
      indices: {
        ...indices,
        shape: [flat.data.length, 1],
        data: (indices.data as BigInt64Array).filter((_, i) => i % 2 === 1),
      },
      values: flat,
      shape: { ...shape, shape: [1], data: (shape.data as BigInt64Array).slice(1) },
    })),
    ragged: ragged.map(({ values: flat, splits }) => ({
      values: flat,
      splits: { ...splits, shape: [0], data: (splits.data as Int32Array).slice(0, 0) },
    })),
  };
}

function parseExampleV2(node: HostNode, inputs: readonly HostValue[]): readonly Tensor[] {
  const [sparseKeys, denseKeys, raggedKeys] = [2, 3, 4].map((at) => node.strings(inputs, at).map(text));
  const defaults = inputs.slice(5) as Tensor[];
  const splits = kinds32(node, 'ragged_split_types');
  return run(node, node.tensor(inputs, 0), node.tensor(inputs, 1), {
    dense: dense(node, denseKeys ?? [], defaults),
    sparse: listed(node, sparseKeys ?? [], kinds(node, 'sparse_types')),
    ragged: listed(node, raggedKeys ?? [], kinds(node, 'ragged_value_types')).map((feature, i) => ({
      ...feature,
      splits: splits[i] ?? 'int64',
    })),
  });
}

function kinds32(node: HostNode, attr: string): readonly ('int32' | 'int64')[] {
  return (node.node.attr.get(attr)?.list?.type ?? []).map((code) =>
    dtypeFromTf(code) === 'int32' ? 'int32' : 'int64',
  );
}

/** The first form has each key as an input of its own. */
function parseExample(node: HostNode, inputs: readonly HostValue[]): readonly Tensor[] {
  const sparse = kinds(node, 'sparse_types');
  const count = node.node.attr.get('Tdense')?.list?.type.length ?? 0;
  const key = (at: number): string => text(node.strings(inputs, at)[0] ?? new Uint8Array(0));
  const keys = (from: number, length: number): readonly string[] => Array.from({ length }, (_, i) => key(from + i));
  return run(node, node.tensor(inputs, 0), node.tensor(inputs, 1), {
    dense: dense(node, keys(2 + sparse.length, count), inputs.slice(2 + sparse.length + count) as Tensor[]),
    sparse: listed(node, keys(2, sparse.length), sparse),
    ragged: [],
  });
}

function parseSingleExample(node: HostNode, inputs: readonly HostValue[]): readonly Tensor[] {
  const keys = (attr: string): readonly string[] => (node.node.attr.get(attr)?.list?.s ?? []).map(text);
  return run(node, node.tensor(inputs, 0), undefined, {
    dense: dense(node, keys('dense_keys'), inputs.slice(1) as Tensor[]),
    sparse: listed(node, keys('sparse_keys'), kinds(node, 'sparse_types')),
    ragged: [],
  });
}

export const parsing: HostTable = {
  ParseExampleV2: parseExampleV2,
  ParseExample: parseExample,
  ParseSingleExample: parseSingleExample,
};
