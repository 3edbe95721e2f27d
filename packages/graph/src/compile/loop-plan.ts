/**
 * How the variables of a loop are carried. What no turn changes is used from outside. A list that the body only ever appends to, at a
 * counter that goes up by one, need not be carried: the engine collects one item a turn. All others go from turn to turn.
 */
import { type AnalysedRegion, type LoopFlow, sourceOf } from '../analysis/index.ts';
import { endpoint, type Graph, type Node, tensorName } from '../graph.ts';
import { countsByOne, type Limit, loopLimits } from './loop-limits.ts';

export type Carried =
  | { readonly kind: 'invariant' }
  | { readonly kind: 'state' }
  /** `start` in the first turn, one more in each that follows. */
  | { readonly kind: 'counted'; readonly start: number }
  /** `item` is what the body writes each turn; `counter` is the variable that says where. */
  | { readonly kind: 'collected'; readonly item: string; readonly counter: number };

export interface LoopPlan {
  readonly variables: readonly Carried[];
  /** Where the turns are counted: what bounds them. */
  readonly limits: readonly (Limit & { readonly start: number })[] | undefined;
}

/** What is known of a loop's variables before the first turn. */
export interface Initial {
  /** True for a list without items. */
  isFresh(variable: number): boolean;
  /** The value of a number, where it is known. */
  start(variable: number): number | undefined;
}

export function loopPlan(flow: LoopFlow, initial: Initial): LoopPlan {
  const limits = loopLimits(flow)?.map((limit) => ({ ...limit, start: initial.start(limit.counter) }));
  const counted = limits?.every((limit): limit is Limit & { start: number } => limit.start !== undefined);
  const uses = usesIn(flow.body.graph);
  const variables = flow.invariant.map((invariant, i): Carried => {
    if (invariant) return { kind: 'invariant' };
    const start = counted && countsByOne(flow.body, i) ? initial.start(i) : undefined;
    if (start !== undefined) return { kind: 'counted', start };
    const collected =
      initial.isFresh(i) && isUnusedIn(flow.condition, i) ? collectedItem(flow.body, i, uses) : undefined;
    return collected ?? { kind: 'state' };
  });
  return { variables, limits: counted ? (limits as LoopPlan['limits']) : undefined };
}

/** How many inputs name each tensor. */
type Uses = ReadonlyMap<string, number>;

function usesIn({ nodes }: Graph): Uses {
  const uses = new Map<string, number>();
  for (const { input } of nodes) {
    for (const name of input) {
      if (!name.startsWith('^')) uses.set(tensorName(name), (uses.get(tensorName(name)) ?? 0) + 1);
    }
  }
  return uses;
}

function isUnusedIn({ graph, args, results }: AnalysedRegion, i: number): boolean {
  const arg = args[i] ?? '';
  return (usesIn(graph).get(arg) ?? 0) === 0 && !results.includes(arg);
}

function collectedItem(body: AnalysedRegion, i: number, uses: Uses): Carried | undefined {
  const { graph, args, results } = body;
  const writer = soleWriter(graph, results[i] ?? '', uses);
  const [list, index, item] = (writer?.input ?? []).map(tensorName);
  if (list === undefined || index === undefined || item === undefined) return undefined;
  if (soleSource(graph, list, uses) !== args[i] || results.filter((result) => result === results[i]).length > 1)
    return undefined;
  const counter = args.indexOf(sourceOf(graph, index));
  return counter >= 0 && countsByOne(body, counter) ? { kind: 'collected', item, counter } : undefined;
}

/** The node that writes the list which is the result, if nothing else uses what it makes. */
function soleWriter(graph: Graph, result: string, uses: Uses): Node | undefined {
  const source = sourceOf(graph, result);
  const direct = source === result ? 0 : 1;
  const node = graph.byName.get(endpoint(source).node);
  return node?.op === 'TensorListSetItem' && (uses.get(source) ?? 0) === direct && handsOnAlone(graph, result, uses)
    ? node
    : undefined;
}

/** Every tensor on the way from the result to its source has a single use. */
function handsOnAlone(graph: Graph, result: string, uses: Uses): boolean {
  let at = result;
  for (const source = sourceOf(graph, result); at !== source; ) {
    const node = graph.byName.get(endpoint(at).node);
    at = tensorName(node?.input[endpoint(at).index] ?? source);
    if (uses.get(at) !== 1) return false;
  }
  return (uses.get(result) ?? 0) === 0;
}

/** Where a tensor comes from, if each step on the way has a single use. */
function soleSource(graph: Graph, tensor: string, uses: Uses): string | undefined {
  const source = sourceOf(graph, tensor);
  let at = tensor;
  while (uses.get(at) === 1) {
    if (at === source) return source;
    at = tensorName(graph.byName.get(endpoint(at).node)?.input[endpoint(at).index] ?? source);
  }
  return undefined;
}
