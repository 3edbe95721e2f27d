/** Measures TensorFlow graphs. */
import { type Analysis, analyse, type Feeds } from '../analysis/index.ts';
import { DTYPES, dtypeFromTf } from '../dtype.ts';
import { FloeError } from '../errors.ts';
import { Attrs, endpoint, type Graph, type Node, tensorName } from '../graph.ts';
import { outputCount } from '../inline/op-types.ts';
import { dataInputs } from '../inline/walk.ts';
import { sizeOf } from '../tensor.ts';
import { peakBytes, type Step } from './liveness.ts';
import { type Measures, type Sized, sized, Tally } from './measures.ts';
import { flopsOf } from './tensorflow-ops.ts';

/**
 * Nodes, parameters, work and memory of a graph, given the types of what is fed. An unknown dimension 0 of a feed is the batch and
 * counts as one row. Throws INVALID_ARGUMENT where the graph contradicts itself.
 */
export function measureGraph(graph: Graph, feeds: Feeds): Measures {
  const tally = new Tally();
  const peak = walk(analyseOneRow(graph, feeds), [], tally);
  return tally.measures(peak);
}

/** A graph that wants more rows at a time is looked at with a batch of unknown size. */
function analyseOneRow(graph: Graph, feeds: Feeds): Analysis {
  const one = [...feeds].map(([name, { dtype, shape }]) => {
    return [name, { dtype, shape: shape?.map((dim, i) => (i === 0 && dim < 0 ? 1 : dim)) ?? null }] as const;
  });
  try {
    return analyse(graph, new Map(one));
  } catch (error) {
    if (!(error instanceof FloeError) || error.code !== 'INVALID_ARGUMENT') throw error;
    return analyse(graph, feeds);
  }
}

/** Adds all nodes to the tally; gives the peak of activations. `args` are given from outside: a region's own placeholders. */
function walk(analysis: Analysis, args: readonly string[], tally: Tally): number {
  const given = new Set(args.map((arg) => endpoint(arg).node));
  const steps: Step[] = [];
  const used = new Set<string>();
  for (const node of analysis.order) {
    if (given.has(node.name)) continue;
    tally.node(node.op);
    if (node.op === 'Const') {
      addConstant(node, tally);
      continue;
    }
    const inside = visitRegions(node, analysis, tally) ?? visit(node, analysis, tally);
    const uses = dataInputs(node).map(tensorName);
    for (const name of uses) used.add(name);
    steps.push({ uses, makes: outputsOf(node).map((name) => ({ name, bytes: bytesOf(name, analysis) })), inside });
  }
  return peakBytes(steps, finals(steps, used));
}

/** What comes out in the end: the first result of a node that nothing uses. */
function finals(steps: readonly Step[], used: ReadonlySet<string>): ReadonlySet<string> {
  const unused = steps.filter(({ makes }) => makes.every(({ name }) => !used.has(name)));
  return new Set(unused.flatMap(({ makes }) => makes.slice(0, 1).map(({ name }) => name)));
}

function visit(node: Node, analysis: Analysis, tally: Tally): number {
  const inputs = dataInputs(node).map((input) => typed(tensorName(input), analysis));
  const outputs = outputsOf(node).map((name) => typed(name, analysis));
  const shapes = (list: readonly Sized[]) => list.map(({ shape }) => shape);
  const flops = flopsOf({ node, attrs: new Attrs(node), inputs: shapes(inputs), outputs: shapes(outputs) });
  tally.work(
    node.op,
    flops,
    [...inputs, ...outputs].every(({ exact }) => exact),
  );
  return 0;
}

/** What a While, If or Case runs: one turn, or the dearest branch. Undefined for all other nodes. */
function visitRegions(node: Node, analysis: Analysis, tally: Tally): number | undefined {
  const flow = analysis.flow(node.name);
  if (flow === undefined) return undefined;
  const regions = flow.kind === 'loop' ? [flow.condition, flow.body] : flow.branches;
  const inner = regions.map((region) => {
    const part = new Tally();
    return { part, peak: walk(region.analysis, region.args, part) };
  });
  if (flow.kind === 'loop') for (const { part } of inner) tally.absorb(part, true);
  else tally.absorbDearest(inner.map(({ part }) => part));
  return Math.max(0, ...inner.map(({ peak }) => peak));
}

function outputsOf(node: Node): readonly string[] {
  const count = outputCount(node) ?? 1;
  return Array.from({ length: count }, (_, i) => `${node.name}:${i}`);
}

function typed(tensor: string, analysis: Analysis): Sized {
  return sized(analysis.type(tensor).shape);
}

function bytesOf(tensor: string, analysis: Analysis): number {
  const { dtype, shape } = analysis.type(tensor);
  return sizeOf(sized(shape).shape) * DTYPES[dtype].size;
}

/** The proto says enough: values need not be decoded. */
function addConstant(node: Node, tally: Tally): void {
  const proto = node.attr.get('value')?.tensor;
  const dtype = dtypeFromTf(proto?.dtype ?? 0);
  if (proto === undefined || dtype === undefined) return;
  const shape = proto.tensor_shape?.dim.map((dim) => dim.size) ?? [];
  if (dtype !== 'string') tally.constant(dtype, shape);
  else
    tally.constant(
      dtype,
      shape,
      proto.string_val.reduce((sum, text) => sum + text.byteLength, 0),
    );
}
