/**
 * What can be said of a graph without running it: the type of every tensor, its value where no feed decides it, and the elements of
 * shape vectors where some are known and others (the batch) are not. One pass over the nodes in topological order.
 *
 *     const facts = analyse(graph, new Map([['x:0', { dtype: 'float32', shape: [-1, 28, 28, 1] }]]));
 *     facts.type('conv/Relu:0');      // { dtype: 'float32', shape: [-1, 28, 28, 32] }
 *     facts.partial('flatten/Pack:0'); // [undefined, 25088]
 */
import type { DType } from '../dtype.ts';
import { invalid } from '../errors.ts';
import { endpoint, type Graph, type Node } from '../graph.ts';
import type { Tensor } from '../tensor.ts';
import { nameUnknown, publicShape } from './dims.ts';
import { Evaluator } from './evaluate/index.ts';
import { elementCount, Facts, Lazy, type Typed } from './facts.ts';
import { OpContext } from './op-context.ts';
import { topologicalOrder } from './order.ts';
import { partialElements } from './partial.ts';
import { inferTypes, undeclaredType } from './shape/index.ts';

export { topologicalOrder } from './order.ts';
export { inferableOps } from './shape/index.ts';
export { type DenseSlice, denseSlices } from './strided-slice.ts';

export interface TensorType {
  readonly dtype: DType;
  /** -1 where a dimension is unknown; null for an unknown rank. */
  readonly shape: readonly number[] | null;
}

/** Tensors are named canonically, `node:index`; an unknown name is INVALID_ARGUMENT. */
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
  /** The nodes in topological order. */
  readonly order: readonly Node[];
}

/** Types of the tensors that are given at run time, by canonical name; they override what the node says. */
export type Feeds = ReadonlyMap<string, TensorType>;

/** Throws INVALID_ARGUMENT, naming node and op, where shapes contradict each other, an input is missing or the graph has a cycle. */
export function analyse(graph: Graph, feeds: Feeds): Analysis {
  const order = topologicalOrder(graph);
  const table = new FactTable(graph, feeds);
  for (const node of order) table.add(node);
  return {
    type: (tensor) => {
      const { dtype, dims } = table.get(tensor);
      return { dtype, shape: publicShape(dims) };
    },
    constant: (tensor) => table.get(tensor).constant,
    partial: (tensor) =>
      table.get(tensor).elements?.map((element) => (typeof element === 'number' ? element : undefined)),
    dims: (tensor) => table.get(tensor).dims,
    order,
  };
}

class FactTable {
  private readonly graph: Graph;
  private readonly byNode = new Map<string, readonly Facts[]>();
  private readonly fed = new Map<string, Facts>();
  private readonly fedNodes = new Set<string>();
  private readonly evaluator = new Evaluator();

  constructor(graph: Graph, feeds: Feeds) {
    this.graph = graph;
    const names = { count: 0 };
    for (const [name, { dtype, shape }] of feeds) {
      this.fed.set(name, new Facts({ dtype, dims: nameUnknown(shape, names) }));
      this.fedNodes.add(endpoint(name).node);
    }
  }

  add(node: Node): void {
    const op = new OpContext(node, this.inputsOf(node));
    this.byNode.set(node.name, this.factsOf(op, inferTypes(op)));
  }

  get(tensor: string): Facts {
    const facts = this.lookUp(tensor);
    if (facts === undefined) throw invalid(`the graph has no tensor ${tensor}`, { tensor });
    return facts;
  }

  private lookUp(tensor: string): Facts | undefined {
    const { node: name, index } = endpoint(tensor);
    const fed = this.fedNodes.has(name) ? this.fed.get(`${name}:${index}`) : undefined;
    const known = fed ?? this.byNode.get(name)?.[index];
    if (known !== undefined) return known;
    const node = this.graph.byName.get(name);
    return node === undefined || index < 0 ? undefined : new Facts(undeclaredType(new OpContext(node, [])));
  }

  private inputsOf(node: Node): readonly Facts[] {
    const inputs: Facts[] = [];
    for (const input of node.input) {
      if (!input.startsWith('^')) inputs.push(this.get(input));
    }
    return inputs;
  }

  private factsOf(op: OpContext, types: readonly Typed[]): readonly Facts[] {
    const values = this.evaluator.evaluate(op, types);
    if (values !== undefined) return types.map((type, i) => new Facts(type, values[i]));
    return types.map((type, i) => {
      const count = elementCount(type);
      if (count === undefined) return new Facts(type);
      return partialFacts(type, partialElements(op, i, count));
    });
  }
}

/** A shape vector is a constant as soon as every element is known, though it be the shape of a feed. */
function partialFacts(type: Typed, elements: ReturnType<typeof partialElements>): Facts {
  if (elements === undefined) return new Facts(type);
  if (!elements.every((element) => typeof element === 'number')) return new Facts(type, undefined, elements);
  const data = type.dtype === 'int64' ? BigInt64Array.from(elements, BigInt) : Int32Array.from(elements);
  const tensor: Tensor = { dtype: type.dtype, shape: type.dims ?? [], data };
  return new Facts(type, new Lazy(() => tensor), elements);
}
