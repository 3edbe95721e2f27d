/** Of several nodes with the same op, inputs and attributes one is kept: freezing leaves many equal constants and shape computations. */
import { inferableOps, topologicalOrder } from '../analysis/index.ts';
import { constValue } from '../constants.ts';
import { DTYPES, dtypeFromTf } from '../dtype.ts';
import { endpoint, type Node } from '../graph.ts';
import type { AttrValue } from '../proto/tensorflow.ts';
import { bytesOf, sizeOf } from '../tensor.ts';
import { inputName, nodesOf, type Pass, withInputs, withNodes } from './pass.ts';

/** Ops that give another result each time, or whose place in the graph is their meaning. */
const UNIQUE =
  /^(Placeholder.*|Random.*|TruncatedNormal|Multinomial|Empty|Print.*|Assert|NoOp|(Ref)?(Switch|Merge|Enter)|Exit|NextIteration|LoopCond)$/;

const MERGEABLE = new Set(inferableOps.filter((op) => !UNIQUE.test(op)));

/** Constants up to this many bytes are compared by value. */
const MAX_CONSTANT = 1024;

export const commonSubexpressions: Pass = (graph, keep, feeds) => {
  const [kept, fed] = [nodesOf(keep), nodesOf(feeds.keys())];
  const first = new Map<string, string>();
  const standIn = new Map<string, string>();
  const rewired = new Map<Node, Node>();
  for (const node of topologicalOrder(graph)) {
    const next = withInputs(node, (input) => redirect(standIn, input));
    rewired.set(node, next);
    const key = fed.has(node.name) ? undefined : keyOf(next);
    if (key === undefined) continue;
    const other = first.get(key);
    if (other === undefined) first.set(key, node.name);
    else standIn.set(node.name, other);
  }
  if (standIn.size === 0) return graph;
  const nodes = graph.nodes.filter(({ name }) => kept.has(name) || !standIn.has(name));
  return withNodes(
    graph,
    nodes.map((node) => withInputs(rewired.get(node) ?? node, (input) => redirect(standIn, input))),
  );
};

function redirect(standIn: ReadonlyMap<string, string>, input: string): string {
  const { node, index } = endpoint(input);
  const other = standIn.get(node);
  if (other === undefined) return input;
  if (index < 0) return `^${other}`;
  return index === 0 ? other : `${other}:${index}`;
}

/** Equal for nodes that compute the same; undefined for one that must stay by itself. */
function keyOf(node: Node): string | undefined {
  if (node.op === 'Const') return constantKey(node);
  if (!MERGEABLE.has(node.op)) return undefined;
  const attrs = [...node.attr]
    .filter(([name]) => !name.startsWith('_'))
    .map(([name, value]) => `${JSON.stringify(name)}: ${attrKey(value)}`);
  return `${node.op}${JSON.stringify(node.input.map(inputName))}${attrs.sort().join()}`;
}

/** Equal for equal attributes only; the common kinds need no JSON. */
function attrKey(value: AttrValue): string {
  if (value.type !== undefined) return `type ${value.type}`;
  if (value.i !== undefined) return `int ${value.i}`;
  return value.b !== undefined ? `bool ${value.b}` : JSON.stringify(value, plain);
}

/** What JSON cannot say: bigints, bytes, maps, NaN, infinity and -0. */
function plain(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Uint8Array) return `bytes ${Array.from(value).join(' ')}`;
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)))
    return `number ${1 / value} ${value}`;
  return value instanceof Map ? [...value] : value;
}

function constantKey(node: Node): string | undefined {
  const proto = node.attr.get('value')?.tensor;
  const dims = proto?.tensor_shape?.dim.map(({ size }) => size) ?? [];
  if (proto === undefined || node.input.length > 0 || sizeOf(dims) * 8 > MAX_CONSTANT) return undefined;
  const dtype = dtypeFromTf(proto.dtype);
  if (dtype === undefined || DTYPES[dtype].size === 0 || dtype.startsWith('complex')) return undefined;
  const value = constValue(node);
  return `Const ${value.dtype} [${value.shape.join()}] ${bytesOf(value).join()}`;
}
