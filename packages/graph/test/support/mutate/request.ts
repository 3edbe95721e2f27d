/** What is fed and fetched, changed as `mutate/graph.ts` changes graphs. */
import { DTYPES, type DType, dtypeFromTf } from '../../../src/dtype.ts';
import type { GraphDef } from '../../../src/proto/tensorflow.ts';
import type { TensorSpec } from '../../../src/tensor.ts';
import type { Random } from './random.ts';

export interface Request {
  readonly feeds: readonly TensorSpec[];
  readonly fetches: readonly string[];
}

/** Feeds a constant, so that what was known is known no more. */
function feedConstant(random: Random, def: GraphDef, request: Request): Request {
  const constants = def.node.filter((node) => node.op === 'Const');
  if (constants.length === 0) return request;
  const { name, attr } = random.pick(constants);
  const value = attr.get('value')?.tensor;
  const shape = value?.tensor_shape?.dim.map(({ size }) => size) ?? [];
  const feed: TensorSpec = {
    name: `${name}:0`,
    dtype: dtypeFromTf(value?.dtype ?? 1) ?? 'float32',
    shape: random.chance(0.3) ? null : shape.map((dim) => (random.chance(0.5) ? -1 : dim)),
  };
  return { ...request, feeds: [...request.feeds, feed] };
}

const SIZES = [-1, 0, 1, 2, 3, 5, 2 ** 31, Number.MAX_SAFE_INTEGER];

/** One change; names are those of `def`, mostly. */
export function mutatedRequest(random: Random, def: GraphDef, { feeds, fetches }: Request): Request {
  const names = [...def.node.map(({ name }) => name), 'missing', ''];
  const tensor = (): string => `${random.pick(names)}${random.chance(0.1) ? ':1' : ''}`;
  const at = random.below(feeds.length);
  const changed = (change: Partial<TensorSpec>): Request => ({
    feeds: feeds.map((feed, i) => (i === at ? { ...feed, ...change } : feed)),
    fetches,
  });
  switch (random.below(13)) {
    case 0:
      return changed({ dtype: random.pick(Object.keys(DTYPES) as DType[]) });
    case 1:
      return changed({ shape: null });
    case 2:
      return changed({ shape: feeds[at]?.shape?.map((dim) => (random.chance(0.5) ? random.pick(SIZES) : dim)) ?? [] });
    case 3:
      return changed({ shape: feeds[at]?.shape?.map(() => -1) ?? null });
    case 4:
      return changed({ name: tensor() });
    case 5:
      return { feeds: [...feeds, { name: tensor(), dtype: 'float32', shape: null }], fetches };
    case 6:
      return { feeds, fetches: [...fetches, tensor()] };
    case 7:
      return { feeds, fetches: [tensor()] };
    case 8:
      return { feeds: feeds.filter((_, i) => i !== at), fetches };
    default:
      return feedConstant(random, def, { feeds, fetches });
  }
}
