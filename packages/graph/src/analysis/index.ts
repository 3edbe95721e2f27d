/**
 * What can be said of a graph without running it: the type of every tensor, its value where no feed decides it, and the elements of
 * shape vectors where some are known and others (the batch) are not. One pass over the nodes in topological order.
 *
 *     const facts = analyse(graph, new Map([['x:0', { dtype: 'float32', shape: [-1, 28, 28, 1] }]]));
 *     facts.type('conv/Relu:0');      // { dtype: 'float32', shape: [-1, 28, 28, 32] }
 *     facts.partial('flatten/Pack:0'); // [undefined, 25088]
 */
import type { DType } from '../dtype.ts';
import type { Graph, Node } from '../graph.ts';
import type { Tensor } from '../tensor.ts';
import { nameUnknown, publicShape, UNKNOWN } from './dims.ts';
import { FactTable } from './fact-table.ts';
import { dimOf, Facts, type Typed } from './facts.ts';
import type { Branches, Flow, Loop, Region, RegionFacts } from './flow.ts';
import type { RegionGraph } from './region.ts';

export { broadcast } from './dims.ts';
export { evaluableOps, evaluateNode } from './evaluate-node.ts';
export { sourceOf } from './flow.ts';
export { topologicalOrder } from './order.ts';
export { keyAndCounter, keysOf, PHILOX } from './philox.ts';
export { inferableOps } from './shape/index.ts';
export { type DenseSlice, denseSlices } from './strided-slice.ts';

export interface TensorType {
  readonly dtype: DType;
  /** -1 where a dimension is unknown; null for an unknown rank. */
  readonly shape: readonly number[] | null;
}

/** Tensors are named canonically, `node:index`; an unknown name is INVALID_ARGUMENT. A tensor list has the type of all its items stacked. */
export interface Analysis {
  type(tensor: string): TensorType;
  /** Its value where it does not depend on any feed and is small enough to compute (see evaluate/index.ts). */
  constant(tensor: string): Tensor | undefined;
  /** For int32 and int64 tensors of rank 0 or 1: each element, or undefined where a feed decides it. */
  partial(tensor: string): readonly (number | undefined)[] | undefined;
  /**
   * The shape with unknown dimensions told apart: two dimensions with the same number below -1 are equal in every run; -1 is
   * unknown altogether. Each unknown dimension of a feed has a number of its own.
   */
  dims(tensor: string): readonly number[] | null;
  /** The number in an integer tensor of one element, where it is a size as `dims` has them; -1 where it is not known to be one. */
  size(tensor: string): number;
  /** True for a tensor list that nothing has been written to. */
  isFreshList(tensor: string): boolean;
  /** What a While, If or Case runs. */
  flow(node: string): ControlFlow | undefined;
  /** The nodes in topological order. */
  readonly order: readonly Node[];
}

/** A function that control flow runs, as a graph whose arguments are fed. */
export interface AnalysedRegion extends RegionGraph {
  readonly analysis: Analysis;
}

export interface LoopFlow extends Omit<Loop, 'first' | 'condition' | 'body'> {
  readonly first: AnalysedRegion;
  readonly condition: AnalysedRegion;
  readonly body: AnalysedRegion;
}

export interface BranchFlow extends Omit<Branches, 'branches'> {
  readonly branches: readonly AnalysedRegion[];
}

export type ControlFlow = LoopFlow | BranchFlow;

/** Types of the tensors that are given at run time, by canonical name; they override what the node says. */
export type Feeds = ReadonlyMap<string, TensorType>;

/** Throws INVALID_ARGUMENT, naming node and op, where shapes contradict each other, an input is missing or the graph has a cycle. */
export function analyse(graph: Graph, feeds: Feeds): Analysis {
  const names = { count: 0 };
  const fed = new Map(
    [...feeds].map(([name, { dtype, shape }]) => [name, new Facts({ dtype, dims: nameUnknown(shape, names) })]),
  );
  return analysisOf(new FactTable(graph, fed));
}

function analysisOf(table: RegionFacts): Analysis {
  return {
    type: (tensor) => {
      const { dtype, dims } = denseType(table.get(tensor));
      return { dtype, shape: publicShape(dims) };
    },
    constant: (tensor) => table.get(tensor).constant,
    partial: (tensor) =>
      table.get(tensor).elements?.map((element) => (typeof element === 'number' ? element : undefined)),
    dims: (tensor) => denseType(table.get(tensor)).dims,
    size: (tensor) => sizeIn(table.get(tensor)),
    isFreshList: (tensor) => table.get(tensor).list?.written === false,
    flow: (node) => {
      const flow = table.flows.get(node);
      return flow && publicFlow(flow);
    },
    order: table.order,
  };
}

function sizeIn({ elements }: Facts): number {
  const [element] = elements?.length === 1 ? elements : [];
  return typeof element === 'number' && element < 0 ? UNKNOWN : dimOf(element);
}

/** A tensor list is seen as one tensor of all its items. */
function denseType({ dtype, dims, list }: Facts): Typed {
  if (list === undefined) return { dtype, dims };
  return { dtype: list.dtype, dims: list.dims && [list.length, ...list.dims] };
}

function publicFlow(flow: Flow): ControlFlow {
  if (flow.kind === 'branches') return { ...flow, branches: flow.branches.map(analysedRegion) };
  const { first, condition, body } = flow;
  return { ...flow, first: analysedRegion(first), condition: analysedRegion(condition), body: analysedRegion(body) };
}

function analysedRegion({ graph, args, results, facts }: Region): AnalysedRegion {
  return { graph, args, results, analysis: analysisOf(facts) };
}
