/** In which branches each node is computed: behind which sides of which conditions. */
import { topologicalOrder } from '../analysis/order.ts';
import { endpoint, type Graph, type Node, tensorName } from '../graph.ts';
import { dataInputs, isControl } from '../inline/walk.ts';

/** Condition, by the tensor that it comes from -> the side that is taken (output of the Switch: 1 where it holds). */
export type Context = ReadonlyMap<string, number>;

const NOWHERE: Context = new Map();
export const SWITCH = /^(Ref)?Switch$/;
export const MERGE = /^(Ref)?Merge$/;

/** A condition that decides between the two inputs of a Merge. */
export interface Decision {
  readonly merge: Node;
  readonly condition: string;
  /** Input where the condition holds, and where it does not. */
  readonly yes: string;
  readonly no: string;
}

export interface Contexts {
  readonly of: Map<string, Context>;
  /** In topological order, so that inner ones come before those around them. */
  readonly decisions: readonly Decision[];
  readonly order: readonly Node[];
}

export function contextsOf(graph: Graph): Contexts {
  const order = topologicalOrder(graph);
  const of = new Map<string, Context>();
  const decisions: Decision[] = [];
  for (const node of order) {
    if (MERGE.test(node.op)) {
      const decision = decide(graph, node, of);
      if (decision !== undefined) decisions.push(decision);
      of.set(node.name, decision === undefined ? NOWHERE : around(graph, decision, of));
    } else of.set(node.name, node.input.map((input) => contextOf(graph, input, of)).reduce(both, NOWHERE));
  }
  return { of, decisions, order };
}

/** What a tensor is behind: its node's context, and the side of a Switch. */
function contextOf(graph: Graph, input: string, of: ReadonlyMap<string, Context>): Context {
  const { node: name, index } = endpoint(input);
  const context = of.get(name) ?? NOWHERE;
  const source = graph.byName.get(name);
  if (source === undefined || !SWITCH.test(source.op) || index < 0) return context;
  return new Map(context).set(conditionOf(graph, source), index);
}

function both(a: Context, b: Context): Context {
  if (a.size === 0) return b;
  if ([...b.keys()].every((condition) => a.has(condition))) return a;
  return new Map([...b, ...a]);
}

/** Where the predicate of a Switch comes from, seen through identities. */
export function conditionOf({ byName }: Graph, each: Node): string {
  let at = tensorName(each.input[1] ?? '');
  for (let steps = byName.size; steps > 0; steps--) {
    const source = byName.get(endpoint(at).node);
    const input = source?.op === 'Identity' ? source.input[0] : undefined;
    if (input === undefined || isControl(input)) break;
    at = tensorName(input);
  }
  return at;
}

/** Undefined where no condition tells the inputs apart. */
function decide(graph: Graph, merge: Node, of: ReadonlyMap<string, Context>): Decision | undefined {
  const [a, b, more] = dataInputs(merge);
  if (a === undefined || b === undefined || more !== undefined) return undefined;
  const [left, right] = [contextOf(graph, a, of), contextOf(graph, b, of)];
  const opposed = [...left].find(([condition, side]) => right.has(condition) && right.get(condition) !== side);
  const lone = [...left].find(([condition]) => !right.has(condition));
  const other = [...right].find(([condition]) => !left.has(condition));
  const [condition, side] = opposed ?? lone ?? (other && [other[0], 1 - other[1]]) ?? [];
  if (condition === undefined) return undefined;
  return side === 1 ? { merge, condition, yes: a, no: b } : { merge, condition, yes: b, no: a };
}

/** What both inputs of a Merge are behind, but for what it decides. */
function around(graph: Graph, { merge, condition }: Decision, of: ReadonlyMap<string, Context>): Context {
  const [a = '', b = ''] = merge.input;
  const [left, right] = [contextOf(graph, a, of), contextOf(graph, b, of)];
  const wider = left.size >= right.size ? left : right;
  return new Map([...wider].filter(([each]) => each !== condition));
}
