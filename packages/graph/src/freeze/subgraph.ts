/**
 * The part of a graph between fed and fetched tensors, as TensorFlow's `session.run(fetches, feeds)` sees it: any tensor can be fed,
 * then nothing before it is needed; any tensor can be fetched.
 */
import { shapeFromProto, shapeToProto } from '../constants.ts';
import { DTYPES, type DType } from '../dtype.ts';
import { FloeError, invalid } from '../errors.ts';
import { attrOf, endpoint, type Graph, graphOf, type Node, tensorName } from '../graph.ts';
import { outputCount, outputDType } from '../inline/op-types.ts';
import { freeName, isControl } from '../inline/walk.ts';
import { nearest } from '../nearest.ts';
import type { TensorSpec } from '../tensor.ts';

const PLACEHOLDERS = new Set(['Placeholder', 'PlaceholderV2']);

export interface Subgraph {
  readonly graph: Graph;
  /** Fed tensor (`x:0`) -> name of the Placeholder that stands for it: `x`, unless other outputs of `x` are still computed. */
  readonly feeds: ReadonlyMap<string, string>;
}

/**
 * Cuts `graph` at `feeds` and keeps only what `fetches` need, every node under its name and in its order; every fed tensor has a
 * Placeholder, needed or not. `x` and `x:0` are the same tensor. Throws INVALID_ARGUMENT (unknown tensors, with near names),
 * INVALID_ARGUMENT (dangling inputs, feeds of unknown dtype).
 */
export function subgraph(graph: Graph, feeds: readonly string[], fetches: readonly string[]): Subgraph {
  checkNames(graph, [...feeds, ...fetches]);
  const fed = new Set(feeds.map(tensorName));
  const needed = neededNodes(graph, fed, fetches.map(tensorName));
  const placeholders = new Map<string, Node>();
  const taken = new Set(graph.byName.keys());
  for (const tensor of fed) placeholders.set(tensor, placeholderFor(graph, tensor, needed, taken));
  const names = new Map([...placeholders].map(([tensor, node]) => [tensor, node.name]));
  const replaced = new Map([...placeholders.values()].map((node) => [node.name, node]));
  const nodes: Node[] = [...placeholders.values()].filter(({ name }) => !graph.byName.has(name));
  for (const node of graph.nodes) {
    const own = replaced.get(node.name);
    if (own !== undefined) nodes.push(own);
    else if (needed.has(node.name)) nodes.push(rewired(node, names, needed));
  }
  return { graph: graphOf(nodes, graph.functions, graph.versions), feeds: names };
}

/** Throws INVALID_ARGUMENT for names of tensors that are not in the graph, all at once. */
export function checkNames(graph: Graph, names: readonly string[]): void {
  const bad = [...new Set(names)].flatMap((name) => {
    const { node: wanted, index } = endpoint(name);
    const node = graph.byName.get(wanted);
    if (node === undefined) {
      const near = nearest(wanted, graph.byName.keys());
      return [
        { tensor: name, reason: `there is no node ${wanted}${near.length === 0 ? '' : `; near: ${near.join(', ')}`}` },
      ];
    }
    const count = outputCount(node);
    const reason = `node ${wanted} (${node.op}) has ${count} outputs`;
    return index < 0 || index >= (count ?? Number.POSITIVE_INFINITY) ? [{ tensor: name, node: wanted, reason }] : [];
  });
  if (bad.length === 0) return;
  throw new FloeError('INVALID_ARGUMENT', bad.map(({ tensor, reason }) => `${tensor}: ${reason}`).join('; '), bad);
}

/** Names of the nodes that have to be computed. */
function neededNodes(graph: Graph, fed: ReadonlySet<string>, fetches: readonly string[]): ReadonlySet<string> {
  const needed = new Set<string>();
  for (const tensor of fetches) if (!fed.has(tensor)) needed.add(endpoint(tensor).node);
  for (const name of needed) {
    const node = graph.byName.get(name);
    for (const input of node?.input ?? []) {
      const source = endpoint(input).node;
      if (!graph.byName.has(source)) {
        throw invalid(`input ${input} of node ${name} (${node?.op}) does not exist`, {
          node: name,
          op: node?.op ?? '',
          tensor: input,
        });
      }
      if (isControl(input) ? !isWhollyFed(graph, source, fed) : !fed.has(tensorName(input))) needed.add(source);
    }
  }
  return needed;
}

/** A node whose first output is fed does not run: no control edge waits for it. */
function isWhollyFed(graph: Graph, name: string, fed: ReadonlySet<string>): boolean {
  return fed.has(`${name}:0`) && (outputCount(graph.byName.get(name) as Node) ?? 1) === 1;
}

function placeholderFor(graph: Graph, tensor: string, needed: ReadonlySet<string>, taken: Set<string>): Node {
  const { node: name, index } = endpoint(tensor);
  const node = graph.byName.get(name) as Node;
  if (index === 0 && PLACEHOLDERS.has(node.op)) return node;
  const spec = specOf(node, index);
  if (spec === undefined)
    throw invalid(`the dtype of ${tensor} (${node.op}) is unknown, so it cannot be fed`, {
      tensor,
      node: name,
      op: node.op,
    });
  const own = index === 0 && !needed.has(name) ? name : freeName(taken, `${name}_feed_${index}`);
  taken.add(own);
  return placeholderNode(own, spec.dtype, spec.shape);
}

export function placeholderNode(name: string, dtype: DType, shape: readonly number[] | null): Node {
  const attr = new Map([
    ['dtype', attrOf({ type: DTYPES[dtype].tf })],
    ['shape', attrOf({ shape: shapeToProto(shape) })],
  ]);
  return { name, op: 'Placeholder', input: [], device: '', attr };
}

/** Dtype and shape of an output as far as the node itself says; undefined where its dtype is unknown. */
export function specOf(node: Node, index: number): TensorSpec | undefined {
  const dtype = outputDType(node, index);
  if (dtype === undefined) return undefined;
  const said = (node.attr.get('_output_shapes') ?? node.attr.get('output_shapes'))?.list?.shape[index];
  const own = /^Placeholder/.test(node.op) ? node.attr.get('shape')?.shape : undefined;
  const constant = node.op === 'Const' ? node.attr.get('value')?.tensor?.tensor_shape : undefined;
  return { name: `${node.name}:${index}`, dtype, shape: shapeFromProto(constant ?? own ?? said) };
}

function rewired(node: Node, names: ReadonlyMap<string, string>, needed: ReadonlySet<string>): Node {
  const changed = node.input.some((input) =>
    isControl(input) ? !needed.has(input.slice(1)) : names.has(tensorName(input)),
  );
  if (!changed) return node;
  const kept = node.input.filter((input) => !isControl(input) || needed.has(input.slice(1)));
  return { ...node, input: kept.map((input) => (isControl(input) ? input : (names.get(tensorName(input)) ?? input))) };
}
