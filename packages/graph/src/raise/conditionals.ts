/**
 * Diamonds of Switch and Merge as If. Merges that wait for the same condition and not for each other become one If with several
 * results. A branch is what its results need behind the Switch; all else is given from outside.
 */
import { attrOf, endpoint, type Graph, graphOf, type Node, tensorName } from '../graph.ts';
import { freeName } from '../inline/walk.ts';
import type { FunctionDef } from '../proto/tensorflow.ts';
import { type Context, type Contexts, conditionOf, contextsOf, type Decision, MERGE, SWITCH } from './contexts.ts';
import { functionAttr, ints, node, standIn, types } from './nodes.ts';
import { Cut, functionOf, Given } from './piece.ts';
import { pruned } from './pruned.ts';

/** The graph without Merges, cut down to what `keep` needs. */
export function raiseConditionals(graph: Graph, keep: ReadonlySet<string>): Graph {
  if (!graph.nodes.some(({ op }) => MERGE.test(op))) return pruned(graph, keep);
  const contexts = contextsOf(graph);
  return pruned(new Conditionals(graph, contexts, indexedMerges(graph, keep)).raised(groupsOf(contexts)), keep);
}

/** Merges of which somebody asks which input it was. */
function indexedMerges(graph: Graph, keep: ReadonlySet<string>): ReadonlySet<string> {
  const asked = [...keep, ...graph.nodes.flatMap(({ input }) => input)]
    .map(endpoint)
    .filter(({ index }) => index === 1);
  return new Set(asked.map(({ node: name }) => name).filter((name) => MERGE.test(graph.byName.get(name)?.op ?? '')));
}

/** Decisions that become one If, those that others need first. */
function groupsOf({ decisions, order, of }: Contexts): readonly (readonly Decision[])[] {
  const groups: Decision[][] = [];
  const latest = new Map<string, number>();
  /** Number of the last group that a node needs. */
  const after = new Map<string, number>();
  const byMerge = new Map(decisions.map((decision) => [decision.merge.name, decision]));
  for (const each of order) {
    const needed = Math.max(-1, ...each.input.map((input) => after.get(endpoint(input).node) ?? -1));
    const decision = byMerge.get(each.name);
    if (decision === undefined) {
      if (needed >= 0) after.set(each.name, needed);
      continue;
    }
    const key = `${decision.condition}\0${[...(of.get(each.name) ?? [])].sort().join()}`;
    const open = latest.get(key);
    const number = open !== undefined && open > needed ? open : groups.push([]) - 1;
    groups[number]?.push(decision);
    latest.set(key, number);
    after.set(each.name, number);
  }
  return groups;
}

class Conditionals {
  private readonly graph: Graph;
  private readonly contexts: Map<string, Context>;
  private readonly indexed: ReadonlySet<string>;
  private readonly nodes: Map<string, Node>;
  private readonly functions: Map<string, FunctionDef>;

  constructor(graph: Graph, { of }: Contexts, indexed: ReadonlySet<string>) {
    this.graph = graph;
    this.contexts = of;
    this.indexed = indexed;
    this.nodes = new Map(graph.byName);
    this.functions = new Map(graph.functions);
  }

  raised(groups: readonly (readonly Decision[])[]): Graph {
    for (const group of groups) this.raise(group);
    return graphOf([...this.nodes.values()], this.functions, this.graph.versions);
  }

  private raise(group: readonly Decision[]): void {
    const [first] = group;
    if (first === undefined) return;
    const { condition } = first;
    const name = freeName(this.nodes, `${first.merge.name}/if`);
    const given = new Given();
    const boundary = (tensor: string, source: Node) => this.givenAs(tensor, source, condition, given);
    const yes = group.flatMap((decision) => this.results(decision, decision.yes));
    const no = group.flatMap((decision) => this.results(decision, decision.no));
    const branches = [new Cut(this.nodes, yes, boundary), new Cut(this.nodes, no, boundary)] as const;
    const count = given.tensors.length;
    const attr = {
      then_branch: this.define(`${name}/then`, branches[0], count),
      else_branch: this.define(`${name}/else`, branches[1], count),
      Tcond: attrOf({ type: 10 }),
      Tin: types(count),
      Tout: types(yes.length),
    };
    this.nodes.set(name, node('StatelessIf', name, [condition, ...given.tensors], attr));
    this.contexts.set(name, this.contexts.get(first.merge.name) ?? new Map());
    this.standIns(group, name);
  }

  private define(name: string, cut: Cut, count: number) {
    const own = freeName(this.functions, name);
    this.functions.set(own, functionOf(cut.piece(count, this.functions), own));
    return functionAttr(own);
  }

  /** The value of a branch, and which input of the Merge it is if somebody asks. */
  private results({ merge }: Decision, input: string): readonly string[] {
    if (!this.indexed.has(merge.name)) return [input];
    const number = merge.input.indexOf(input);
    const constant = ints(`${merge.name}/index_${number}`, number);
    this.nodes.set(constant.name, constant);
    return [input, constant.name];
  }

  private standIns(group: readonly Decision[], name: string): void {
    let at = 0;
    for (const { merge } of group) {
      const count = this.indexed.has(merge.name) ? 2 : 1;
      const tensors = Array.from({ length: count }, (_, i) => `${name}:${at + i}`);
      this.nodes.set(merge.name, standIn(merge.name, tensors));
      at += count;
    }
  }

  /** What is not behind the condition is given, and so is what its Switches hand in. */
  private givenAs(tensor: string, source: Node, condition: string, given: Given): number | undefined {
    if (SWITCH.test(source.op) && conditionOf(this.graph, source) === condition)
      return given.number(tensorName(source.input[0] ?? ''));
    return this.contexts.get(source.name)?.has(condition) ? undefined : given.number(tensor);
  }
}
