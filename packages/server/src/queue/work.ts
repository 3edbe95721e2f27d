/** A run that is asked for, and its rows: how many there are, and of what shape, which says with whom it may be joined and what it costs. */
import { arrayFor, sizeOf, type Tensor, type TensorSpec } from '@floe/graph/base';
import type { Session } from '../core/engine.ts';
import type { Padding } from '../core/padding.ts';
import type { CostModel } from '../cost/cost-model.ts';
import { bucketOf, lengthOf, withLength } from './lengths.ts';

export type Feeds = ReadonlyMap<string, Tensor>;

export interface Work {
  readonly session: Session;
  readonly cost: CostModel;
  readonly feeds: Feeds;
  readonly fetches: readonly string[];
  /** The compiler has proved that the rows of a batch do not influence each other. */
  readonly rowIndependent: boolean;
  /** Rows of other lengths may share a run, filled up; absent: of the same shape alone. */
  readonly padding?: Padding | undefined;
  /** Whose work it is, in the counts. */
  readonly model: string;
}

export interface Rows {
  /** Dtypes and shapes of one row of all inputs; of the whole inputs where they cannot be split. */
  readonly shape: string;
  /** Elements of one row, all inputs together. */
  readonly elements: number;
  readonly count: number;
  /** Dimension 0 of every input and output is the batch, and its rows are known not to influence each other. */
  readonly independent: boolean;
  /** Of the axes that may be filled up; absent where none may. `shape` and `elements` are of the longest that it may share a run with. */
  readonly length?: number | undefined;
}

/**
 * `independent`: what the compiler has proved of the graph (of every input and output, so the feeds alone are looked at). Feeds that the
 * session will refuse are never called independent: they must not fail anybody else's run.
 */
export function rowsOf(inputs: readonly TensorSpec[], feeds: Feeds, independent: boolean, padding?: Padding): Rows {
  const tensors = inputs.map(({ name }) => feeds.get(name));
  const count = tensors[0]?.shape[0] ?? 0;
  const isBatch =
    independent && count > 0 && feeds.size === inputs.length && tensors.every((one) => hasRows(one, count));
  if (isBatch && padding !== undefined) {
    const length = lengthOf(feeds, padding);
    if (length !== undefined) return paddedRows(inputs, feeds, count, padding, length);
  }
  let elements = 0;
  let shape = '';
  for (const tensor of isBatch ? tensors : feeds.values()) {
    elements += tensor?.data.length ?? 0;
    shape += `${shape === '' ? '' : ';'}${tensor?.dtype}[${isBatch ? tensor?.shape.slice(1) : tensor?.shape}]`;
  }
  if (isBatch) return { shape, elements: elements / count, count, independent: true };
  return { shape: `whole ${shape}`, elements, count: 1, independent: false };
}

function paddedRows(
  inputs: readonly TensorSpec[],
  feeds: Feeds,
  count: number,
  padding: Padding,
  length: number,
): Rows {
  let elements = 0;
  const shapes = inputs.map(({ name }) => {
    const { dtype, shape } = feeds.get(name) as Tensor;
    const row = withLength(shape, padding.inputs.get(name)?.axes ?? [], bucketOf(length)).slice(1);
    elements += sizeOf(row);
    return `${dtype}[${row}]`;
  });
  return { shape: `up to ${shapes.join(';')}`, elements, count, independent: true, length };
}

function hasRows(tensor: Tensor | undefined, count: number): boolean {
  if (tensor === undefined || tensor.shape[0] !== count || tensor.data.length !== sizeOf(tensor.shape)) return false;
  return tensor.dtype === 'string' ? Array.isArray(tensor.data) : tensor.data instanceof arrayFor(tensor.dtype);
}
