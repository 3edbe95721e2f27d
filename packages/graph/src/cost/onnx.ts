/** Measures ONNX graphs while the compiler works on them. */
import { DTYPES } from '../dtype.ts';
import { bodiesOf, type OnnxGraph, type OnnxNode, usedInside, type Value } from '../onnx-graph.ts';
import { sizeOf, type Tensor } from '../tensor.ts';
import { peakBytes, type Step } from './liveness.ts';
import { type Measures, type Sized, sized, Tally } from './measures.ts';
import { flopsOf } from './onnx-ops.ts';
import { inferShapes } from './onnx-shape-rules.ts';

/** Nodes, parameters, work and memory of a graph for one row; constants that no node uses do not count. */
export function measureOnnx(graph: OnnxGraph): Measures {
  const tally = new Tally();
  const walk = new Walk(graph);
  const peak = walk.graph(graph, tally);
  for (const name of walk.constants) addConstant(tally, graph.constants.get(name));
  return tally.measures(peak);
}

/** The shapes of all values of a graph and its subgraphs: no name occurs twice in them. */
class Walk {
  readonly constants = new Set<Value>();
  private readonly root: OnnxGraph;
  private readonly shapes = new Map<Value, Sized>();

  constructor(root: OnnxGraph) {
    this.root = root;
    for (const { name, shape } of root.inputs) {
      this.shapes.set(name, sized(shape?.map((dim, i) => (i === 0 && dim < 0 ? 1 : dim)) ?? null));
    }
  }

  /** Adds the nodes of a graph or subgraph to the tally; gives its peak of activations. */
  graph({ nodes, outputs }: OnnxGraph, tally: Tally): number {
    const steps = nodes.map((node): Step => {
      tally.node(node.op);
      this.infer(node);
      const inside = node.bodies === undefined ? this.work(node, tally) : this.bodies(node, tally);
      const makes = node.outputs.map((name) => ({ name, bytes: this.bytes(name) }));
      return { uses: [...node.inputs, ...usedInside(node)], makes, inside };
    });
    for (const { name } of outputs) this.use(name);
    return peakBytes(steps, new Set(outputs.map(({ name }) => name)));
  }

  private work(node: OnnxNode, tally: Tally): number {
    const inputs = node.inputs.map((name) => this.shape(name));
    const outputs = node.outputs.map((name) => this.shape(name));
    const shapes = (list: readonly Sized[]) => list.map(({ shape }) => shape);
    const flops = flopsOf({ node, inputs: shapes(inputs), outputs: shapes(outputs) });
    tally.work(
      node.op,
      flops,
      [...inputs, ...outputs].every(({ exact }) => exact),
    );
    return 0;
  }

  /** One turn of a loop, or the dearer branch. */
  private bodies(node: OnnxNode, tally: Tally): number {
    const inner = bodiesOf(node).map((body) => {
      const part = new Tally();
      return { part, peak: this.graph(body, part) };
    });
    tally.absorbDearest(inner.map(({ part }) => part));
    return Math.max(0, ...inner.map(({ peak }) => peak));
  }

  private shape(name: Value): Sized {
    if (name === '') return { shape: [], exact: true };
    const constant = this.use(name);
    if (constant !== undefined) return { shape: constant.shape, exact: true };
    const known = this.shapes.get(name) ?? sized(this.root.types.get(name)?.shape ?? null);
    this.shapes.set(name, known);
    return known;
  }

  private use(name: Value): Tensor | undefined {
    const constant = this.root.constants.get(name);
    if (constant !== undefined) this.constants.add(name);
    return constant;
  }

  /** What the graph states where it is complete, else what follows from the inputs, else what is stated with ones for the unknown. */
  private infer(node: OnnxNode): void {
    const inputs = node.inputs.map((name) => this.shape(name));
    const exact = inputs.every((input) => input.exact);
    const inferred = inferShapes({
      node,
      shapes: inputs.map(({ shape }, i) => (node.inputs[i] === '' ? undefined : shape)),
      numbers: (i) => numbersOf(this.root.constants.get(node.inputs[i] ?? '')),
    });
    node.outputs.forEach((name, i) => {
      const stated = sized(this.root.types.get(name)?.shape ?? null);
      const shape = inferred?.[i];
      this.shapes.set(name, stated.exact || shape === undefined ? stated : { shape, exact });
    });
  }

  private bytes(name: Value): number {
    return sizeOf(this.shape(name).shape) * DTYPES[this.root.types.get(name)?.dtype ?? 'float32'].size;
  }
}

function numbersOf(constant: Tensor | undefined): readonly number[] | undefined {
  if (constant === undefined || constant.dtype === 'string') return undefined;
  return Array.from(constant.data as ArrayLike<number | bigint>, Number);
}

function addConstant(tally: Tally, constant: Tensor | undefined): void {
  if (constant === undefined) return;
  const { dtype, shape } = constant;
  // Elements are made when they are asked for, which only those of strings may be.
  if (dtype !== 'string') tally.constant(dtype, shape);
  else
    tally.constant(
      dtype,
      shape,
      (constant.data as readonly Uint8Array[]).reduce((sum, text) => sum + text.byteLength, 0),
    );
}
