/** Walks over graphs with a list of its own instead of the stack, so that a chain of any length can be walked. */
import { invalid } from '../errors.ts';
import { endpoint, type Graph, type Node } from '../graph.ts';

/** Names of `roots` and of all nodes before them; `stop` says which nodes' inputs are not followed. Throws for dangling inputs. */
export function ancestors(
  graph: Graph,
  roots: Iterable<string>,
  stop: (node: Node) => boolean = () => false,
): ReadonlySet<string> {
  const seen = new Set<string>(roots);
  const missing: { node: string; op: string; tensor: string }[] = [];
  for (const name of seen) {
    const node = graph.byName.get(name);
    if (node === undefined || stop(node)) continue;
    for (const input of node.input) {
      const source = endpoint(input).node;
      if (!graph.byName.has(source)) missing.push({ node: node.name, op: node.op, tensor: input });
      // A Set that grows while it is walked is a queue without repeats.
      else seen.add(source);
    }
  }
  if (missing.length > 0) {
    const first = missing.slice(0, 10).map(({ node, tensor }) => `${tensor} of ${node}`);
    throw invalid(`${missing.length} inputs do not exist: ${first.join(', ')}`, missing.slice(0, 100));
  }
  return seen;
}

export function isControl(input: string): boolean {
  return input.startsWith('^');
}

export function dataInputs(node: Node): readonly string[] {
  return node.input.some(isControl) ? node.input.filter((input) => !isControl(input)) : node.input;
}

/** Users of each node, by name; control edges count where `control` says so. */
export function usersOf(graph: Graph): ReadonlyMap<string, readonly Node[]> {
  const users = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    for (const input of new Set(node.input.map((name) => endpoint(name).node))) {
      const list = users.get(input);
      if (list === undefined) users.set(input, [node]);
      else list.push(node);
    }
  }
  return users;
}

/** A free name, which is taken from now on. */
export function takeName(taken: Set<string>, wanted: string): string {
  const name = freeName(taken, wanted);
  taken.add(name);
  return name;
}

/** A name that no node has yet: `wanted`, or with `_1`, `_2`, ... */
export function freeName(taken: { has(name: string): boolean }, wanted: string): string {
  let name = wanted;
  for (let i = 1; taken.has(name); i++) name = `${wanted}_${i}`;
  return name;
}
