/**
 * Frames as While. A variable is a Merge of an Enter and a NextIteration; a Switch hands it to the body or, when the condition fails, to
 * an Exit. What comes in by other Enters is the same in every turn. Frames without frames inside go first.
 */
import { invalid } from '../errors.ts';
import { endpoint, type Graph, graphOf, type Node, tensorName } from '../graph.ts';
import { dataInputs, freeName, isControl } from '../inline/walk.ts';
import type { FunctionDef } from '../proto/tensorflow.ts';
import { raiseConditionals } from './conditionals.ts';
import { ENTER, type Frame, framesOf } from './frames.ts';
import { functionAttr, node, types } from './nodes.ts';
import { type Boundary, Cut, functionOf, Given } from './piece.ts';

const MERGE = /^(Ref)?Merge$/;
const SWITCH = /^(Ref)?Switch$/;
const EXIT = /^(Ref)?Exit$/;
const NEXT = /^(Ref)?NextIteration$/;

export function raiseLoops(graph: Graph): Graph {
  let current = graph;
  // Each turn takes the innermost frames of all nests.
  while (current.nodes.some(({ op }) => ENTER.test(op))) current = withoutInnermost(current);
  return current;
}

function withoutInnermost(graph: Graph): Graph {
  const places = framesOf(graph);
  const frames = new Set(places.values());
  const outer = new Set([...frames].map((frame) => frame.outer));
  const functions = new Map(graph.functions);
  const members = new Map<Frame, Node[]>([...frames].filter((frame) => !outer.has(frame)).map((frame) => [frame, []]));
  for (const each of graph.nodes) members.get(places.get(each.name) as Frame)?.push(each);
  const exits = exitsOf(graph, places, members);
  const made = [...members].flatMap(([frame, nodes]) => {
    const left = exits.get(frame) ?? [];
    return new Loop(graph, frame, nodes, places, functions).raised(left);
  });
  const gone = new Set([...members.values()].flat().map(({ name }) => name));
  for (const { name } of made) gone.add(name);
  const kept = graph.nodes.filter(({ name }) => !gone.has(name));
  const removed = (input: string): boolean =>
    isControl(input) && places.has(input.slice(1)) && gone.has(input.slice(1));
  const free = [...kept, ...made].map((each) =>
    each.input.some(removed) ? { ...each, input: each.input.filter((input) => !removed(input)) } : each,
  );
  return graphOf(free, functions, graph.versions);
}

/** The nodes by which values leave each frame. */
function exitsOf(
  graph: Graph,
  places: ReadonlyMap<string, Frame>,
  members: ReadonlyMap<Frame, readonly Node[]>,
): ReadonlyMap<Frame, Node[]> {
  const exits = new Map<Frame, Node[]>();
  for (const each of graph.nodes) {
    if (!EXIT.test(each.op)) continue;
    const frame = places.get(endpoint(each.input[0] ?? '').node);
    if (frame === undefined) throw wrong(each, 'leaves no loop');
    if (!members.has(frame)) continue;
    const list = exits.get(frame);
    if (list === undefined) exits.set(frame, [each]);
    else list.push(each);
  }
  return exits;
}

interface Variable {
  /** What it is before the first turn. */
  readonly initial: string;
  /** What a turn makes of it. */
  readonly next: string;
}

class Loop {
  private readonly graph: Graph;
  private readonly frame: Frame;
  private readonly places: ReadonlyMap<string, Frame>;
  private readonly functions: Map<string, FunctionDef>;
  private readonly variables: Variable[] = [];
  /** Merge, or Switch behind it -> number of the variable. */
  private readonly numbers = new Map<string, number>();
  private readonly condition: Node | undefined;
  private readonly given = new Given();

  constructor(
    graph: Graph,
    frame: Frame,
    members: readonly Node[],
    places: ReadonlyMap<string, Frame>,
    functions: Map<string, FunctionDef>,
  ) {
    this.graph = graph;
    this.frame = frame;
    this.places = places;
    this.functions = functions;
    for (const each of members) if (MERGE.test(each.op)) this.addVariable(each);
    const conditions = members.filter(({ op }) => op === 'LoopCond');
    if (conditions.length > 1) throw wrong(conditions[1] as Node, `is a second condition of loop ${frame.name}`);
    this.condition = conditions[0];
    for (const each of members) if (SWITCH.test(each.op)) this.addSwitch(each);
  }

  /** The While, and its exits as identities of its results; nothing where nothing leaves the loop. */
  raised(exits: readonly Node[]): readonly Node[] {
    const [first] = exits;
    if (first === undefined) return [];
    const condition = this.condition?.input[0];
    if (condition === undefined) throw wrong(first, `leaves loop ${this.frame.name}, which has no condition`);
    const whole = this.whileNode(condition);
    const results = exits.map((exit) => {
      const { node: source } = endpoint(exit.input[0] ?? '');
      const number = this.numbers.get(source);
      if (number === undefined) throw wrong(exit, `leaves loop ${this.frame.name} with what is no variable of it`);
      return node('Identity', exit.name, [`${whole.name}:${number}`]);
    });
    return [whole, ...results];
  }

  private whileNode(condition: string): Node {
    const { byName } = this.graph;
    const boundary: Boundary = (tensor, source) => this.argument(tensor, source);
    const test = new Cut(byName, [condition], boundary);
    const body = new Cut(
      byName,
      this.variables.map(({ next }) => next),
      boundary,
    );
    const count = this.variables.length + this.given.tensors.length;
    const attr = {
      cond: functionAttr(this.define('cond', test, count, false)),
      body: functionAttr(this.define('body', body, count, true)),
      T: types(count),
    };
    const name = freeName({ has: (wanted) => byName.has(wanted) }, `${this.frame.name}/while`);
    return node('StatelessWhile', name, [...this.variables.map(({ initial }) => initial), ...this.given.tensors], attr);
  }

  /** Adds a function; a body hands on what comes from outside. */
  private define(kind: string, cut: Cut, count: number, handsOn: boolean): string {
    const piece = cut.piece(count, this.functions);
    const results = handsOn
      ? [...piece.results, ...piece.args.slice(this.variables.length).map(tensorName)]
      : piece.results;
    const raised = raiseConditionals(piece.graph, new Set(results));
    for (const [added, fn] of raised.functions) this.functions.set(added, fn);
    const name = freeName(this.functions, `${this.frame.name}/${kind}`);
    this.functions.set(name, functionOf({ graph: raised, args: piece.args, results }, name));
    return name;
  }

  private argument(tensor: string, source: Node): number | undefined {
    const variable = this.numbers.get(source.name);
    if (variable !== undefined) return variable;
    const inside = this.places.get(source.name) === this.frame;
    if (inside && !ENTER.test(source.op)) return undefined;
    const outer = inside ? tensorName(source.input[0] ?? '') : tensor;
    return this.variables.length + this.given.number(outer);
  }

  private addVariable(merge: Node): void {
    const sources = dataInputs(merge).map((input) => this.graph.byName.get(endpoint(input).node));
    const next = sources.find((source) => source !== undefined && NEXT.test(source.op));
    if (next === undefined) return;
    const enter = sources.find((source) => source !== undefined && ENTER.test(source.op));
    const [initial, turned] = [enter?.input[0], next.input[0]];
    if (initial === undefined || turned === undefined || sources.length !== 2)
      throw wrong(merge, `begins no variable of loop ${this.frame.name}`);
    this.numbers.set(merge.name, this.variables.length);
    this.variables.push({ initial, next: turned });
  }

  /** A Switch on the loop's condition hands a variable on. */
  private addSwitch(each: Node): void {
    const [value = '', condition = ''] = each.input;
    const number = this.numbers.get(endpoint(value).node);
    if (number !== undefined && endpoint(condition).node === this.condition?.name) this.numbers.set(each.name, number);
  }
}

function wrong({ name, op }: Node, what: string) {
  return invalid(`node ${name} (${op}) ${what}`, { node: name, op });
}
