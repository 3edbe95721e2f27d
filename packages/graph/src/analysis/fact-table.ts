/** The facts of every tensor of a graph, filled in one pass over its nodes in topological order. */
import { DTYPES } from '../dtype.ts';
import { FloeError, invalid } from '../errors.ts';
import { endpoint, type Graph, type Node } from '../graph.ts';
import { sizeOf, type Tensor } from '../tensor.ts';
import { formatDims } from './dims.ts';
import { Evaluator } from './evaluate/index.ts';
import { elementCount, Facts, Lazy, type Typed } from './facts.ts';
import { type Flow, flowOf, isFlow, type RegionFacts } from './flow.ts';
import { OpContext } from './op-context.ts';
import { checkRules } from './op-rules.ts';
import { topologicalOrder } from './order.ts';
import { partialElements } from './partial.ts';
import { inferTypes, undeclaredType } from './shape/index.ts';

/** Loops in loops are analysed several times over, branches in branches once for each way: this many nodes all together. */
const MAX_REGION_NODES = 2_000_000;
/** Making a region costs as much as this many nodes. */
const REGION = 100;
/** Control flow nested deeper than this is taken for a function that calls itself. */
const MAX_DEPTH = 32;

/** What a graph and the regions inside it have in common. */
export class Budget {
  readonly evaluator = new Evaluator();
  private nodes = 0;

  charge(graph: Graph, node: Node, depth: number): void {
    this.nodes += REGION + graph.nodes.length;
    const where = { node: node.name, op: node.op };
    if (depth > MAX_DEPTH)
      throw invalid(`node ${node.name} (${node.op}) nests control flow over ${MAX_DEPTH} deep, or calls itself`, where);
    if (this.nodes > MAX_REGION_NODES)
      throw new FloeError(
        'OUT_OF_RANGE',
        `node ${node.name} (${node.op}): too many loops and branches within others`,
        where,
      );
  }
}

export class FactTable implements RegionFacts {
  private readonly graph: Graph;
  readonly order: readonly Node[];
  /** Regions of the nodes that are control flow. */
  readonly flows = new Map<string, Flow>();
  private readonly byNode = new Map<string, readonly Facts[]>();
  private readonly fed: ReadonlyMap<string, Facts>;
  private readonly fedNodes = new Set<string>();
  private readonly budget: Budget;
  private readonly depth: number;

  /** `fed` overrides what nodes say, by canonical tensor name. */
  constructor(graph: Graph, fed: ReadonlyMap<string, Facts>, budget = new Budget(), depth = 0) {
    this.graph = graph;
    this.fed = fed;
    this.budget = budget;
    this.depth = depth;
    for (const name of fed.keys()) this.fedNodes.add(endpoint(name).node);
    this.order = topologicalOrder(graph);
    for (const node of this.order) this.add(node);
  }

  /** Throws INVALID_ARGUMENT for a tensor that is not there. */
  get(tensor: string): Facts {
    const facts = this.lookUp(tensor);
    if (facts === undefined) throw invalid(`the graph has no tensor ${tensor}`, { tensor });
    return facts;
  }

  private add(node: Node): void {
    if (node.op === 'Placeholder' && this.fedNodes.has(node.name)) return;
    const op = new OpContext(node, this.inputsOf(node));
    checkRules(op);
    this.byNode.set(node.name, isFlow(node.op) ? this.flow(op) : this.factsOf(op, inferTypes(op)));
  }

  private flow(op: OpContext): readonly Facts[] {
    const { flow, outputs } = flowOf(this.graph, op, (graph, fed) => {
      this.budget.charge(graph, op.node, this.depth + 1);
      return new FactTable(graph, fed, this.budget, this.depth + 1);
    });
    this.flows.set(op.node.name, flow);
    return outputs;
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
    for (const type of types) checkBytes(op, type);
    const values = this.budget.evaluator.evaluate(op, types);
    if (values !== undefined) return types.map((type, i) => new Facts(type, values[i]));
    return types.map((type, i) => {
      const count = elementCount(type);
      if (count === undefined) return new Facts(type);
      return partialFacts(type, partialElements(op, i, count));
    });
  }
}

/** One tensor of this size is a mistake in a size, not a model. */
const MAX_TENSOR_BYTES = 2 ** 35;

/** Whatever the unknown dimensions are; all that are known count. Throws OUT_OF_RANGE. */
function checkBytes({ node: { name, op } }: OpContext, { dtype, dims }: Typed): void {
  const bytes = sizeOf((dims ?? []).map((dim) => (dim < 0 ? 1 : dim))) * DTYPES[dtype].size;
  if (bytes <= MAX_TENSOR_BYTES) return;
  const message = `node ${name} (${op}) makes a tensor of ${formatDims(dims)}, ${bytes} bytes and more than ${MAX_TENSOR_BYTES}`;
  throw new FloeError('OUT_OF_RANGE', message, { node: name, op });
}

/** A shape vector is a constant as soon as every element is known, though it be the shape of a feed. */
function partialFacts(type: Typed, elements: ReturnType<typeof partialElements>): Facts {
  if (elements === undefined) return new Facts(type);
  if (!elements.every((element) => typeof element === 'number')) return new Facts(type, undefined, elements);
  const data = type.dtype === 'int64' ? BigInt64Array.from(elements, BigInt) : Int32Array.from(elements);
  const tensor: Tensor = { dtype: type.dtype, shape: type.dims ?? [], data };
  return new Facts(type, new Lazy(() => tensor), elements);
}
