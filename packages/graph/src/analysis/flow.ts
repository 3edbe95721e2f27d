/**
 * What holds behind While, If and Case: their functions are analysed as regions. A loop's is analysed until the types of its variables
 * hold both before and after a turn: what does not change in the body keeps its value, what changes its size has an unknown one.
 */
import type { Graph, Node } from '../graph.ts';
import { endpoint, tensorName } from '../graph.ts';
import type { NameAttrList } from '../proto/tensorflow.ts';
import { either, sameType, typeOnly, unknownShape } from './either.ts';
import type { Facts } from './facts.ts';
import type { OpContext } from './op-context.ts';
import { PASS_ON } from './pass-on.ts';
import { type RegionGraph, regionGraph } from './region.ts';

/** What was found out about a region. */
export interface RegionFacts {
  get(tensor: string): Facts;
  readonly order: readonly Node[];
  readonly flows: ReadonlyMap<string, Flow>;
}

export interface Region extends RegionGraph {
  readonly facts: RegionFacts;
}

export interface Loop {
  readonly kind: 'loop';
  /** The condition on the initial values, whose types may say more than those of later turns. */
  readonly first: Region;
  readonly condition: Region;
  readonly body: Region;
  /** Which variables the body hands on as they are. */
  readonly invariant: readonly boolean[];
}

export interface Branches {
  readonly kind: 'branches';
  /** For If: the one taken where the condition holds, then the other. */
  readonly branches: readonly Region[];
  /** Number of the branch, where it is known. */
  readonly taken: number | undefined;
}

export type Flow = Loop | Branches;

/** Analyses a region with what is known of its arguments. */
type Analyse = (graph: Graph, fed: ReadonlyMap<string, Facts>) => RegionFacts;

interface Analysed {
  readonly flow: Flow;
  readonly outputs: readonly Facts[];
}

const FLOWS: Readonly<Record<string, (graph: Graph, op: OpContext, analyse: Analyse) => Analysed>> = {
  While: loop,
  StatelessWhile: loop,
  If: conditional,
  StatelessIf: conditional,
  Case: selection,
  StatelessCase: selection,
};

export function isFlow(op: string): boolean {
  return Object.hasOwn(FLOWS, op);
}

export function flowOf(graph: Graph, op: OpContext, analyse: Analyse): Analysed {
  const rule = FLOWS[op.node.op];
  if (rule === undefined) throw op.fail('is no control flow');
  return rule(graph, op, analyse);
}

/** Turns after which a size that still changes is taken for one that always will. */
const PATIENCE = 4;

function loop(graph: Graph, op: OpContext, analyse: Analyse): Analysed {
  const { inputs, node } = op;
  const regionOf = (field: string, label: string) =>
    regionGraph(graph, node, funcOf(node, field), label, inputs.length);
  const body = regionOf('body', 'body');
  if (body.results.length !== inputs.length)
    throw op.fail(`has ${inputs.length} variables and a body that returns ${body.results.length}`);
  const invariant = body.results.map((result, i) => sourceOf(body.graph, result) === body.args[i]);
  const { state, facts } = settled(op, body, invariant, analyse);
  const condition = regionOf('cond', 'condition');
  const first = regionOf('cond', 'first');
  const flow: Loop = {
    kind: 'loop',
    first: analysed(first, inputs, analyse),
    condition: analysed(condition, state, analyse),
    body: { ...body, facts },
    invariant,
  };
  return { flow, outputs: state };
}

/** Types of the variables that hold before and after each turn, and the body's facts under them. */
function settled(op: OpContext, body: RegionGraph, invariant: readonly boolean[], analyse: Analyse) {
  let state = op.inputs.map((facts, i) => (invariant[i] ? facts : typeOnly(facts)));
  for (let turn = 0; ; turn++) {
    const { facts } = analysed(body, state, analyse);
    const next = state.map((before, i) => {
      if (invariant[i]) return before;
      const after = facts.get(body.results[i] ?? '');
      if (after.dtype !== before.dtype) throw op.fail(`turns variable ${i} from ${before.dtype} into ${after.dtype}`);
      const both = either(before, after);
      return turn < PATIENCE || sameType(before, both) ? both : unknownShape(both);
    });
    if (next.every((after, i) => sameType(after, state[i] as Facts))) return { state, facts };
    state = next;
  }
}

function conditional(graph: Graph, op: OpContext, analyse: Analyse): Analysed {
  const funcs = ['then_branch', 'else_branch'].map((field) => funcOf(op.node, field));
  return branching(graph, op, funcs, takenByCondition(op), analyse);
}

/** A number other than zero stands for true; strings and tensors of other ranks are left to the run. */
function takenByCondition(op: OpContext): number | undefined {
  const constant = op.input(0).constant;
  if (constant === undefined || constant.dtype === 'string' || constant.data.length !== 1) return undefined;
  return Number(constant.data[0]) === 0 ? 1 : 0;
}

/** A number that no branch has takes the last. */
function selection(graph: Graph, op: OpContext, analyse: Analyse): Analysed {
  const funcs = op.node.attr.get('branches')?.list?.func ?? [];
  if (funcs.length === 0) throw op.fail('has no branches');
  const index = op.int(0);
  const taken = index === undefined || (index >= 0 && index < funcs.length) ? index : funcs.length - 1;
  return branching(graph, op, funcs, taken, analyse);
}

function branching(
  graph: Graph,
  op: OpContext,
  funcs: readonly (NameAttrList | undefined)[],
  taken: number | undefined,
  analyse: Analyse,
): Analysed {
  const given = op.inputs.slice(1);
  const wanted = taken === undefined ? funcs : [funcs[taken]];
  const branches = wanted.map((func, i) =>
    analysed(regionGraph(graph, op.node, func, `branch_${i}`, given.length), given, analyse),
  );
  const counts = new Set(branches.map(({ results }) => results.length));
  if (counts.size > 1) throw op.fail(`has branches that return ${[...counts].join(' and ')} tensors`);
  const results = branches.map(({ results, facts }) => results.map((result) => facts.get(result)));
  const outputs = (results[0] ?? []).map((first, i) => {
    return results.slice(1).reduce((known, branch) => agreed(op, i, known, branch[i] as Facts), first);
  });
  return { flow: { kind: 'branches', branches, taken }, outputs };
}

function agreed(op: OpContext, i: number, a: Facts, b: Facts): Facts {
  if (a.dtype !== b.dtype) throw op.fail(`has branches whose result ${i} is ${a.dtype} and ${b.dtype}`);
  return either(a, b);
}

function analysed(region: RegionGraph, given: readonly Facts[], analyse: Analyse): Region {
  const fed = new Map(region.args.map((arg, i) => [arg, given[i] as Facts]));
  return { ...region, facts: analyse(region.graph, fed) };
}

function funcOf(node: Node, field: string): NameAttrList | undefined {
  return node.attr.get(field)?.func;
}

/** The tensor that another one only hands on. */
export function sourceOf(graph: Graph, tensor: string): string {
  let at = tensor;
  for (let steps = graph.nodes.length; steps > 0; steps--) {
    const { node: name, index } = endpoint(at);
    const node = graph.byName.get(name);
    const input = node !== undefined && PASS_ON.has(node.op) ? node.input[index] : undefined;
    if (input === undefined || input.startsWith('^')) return at;
    at = tensorName(input);
  }
  return at;
}
