/**
 * Replaces calls of functions by the functions' bodies, named as TensorFlow's own inliner names them: node `n` of the function that
 * node `call` calls becomes `call/n`. The call stays, as an Identity of what the function returns, so that `call:1` is still there.
 * While, If and Case keep their functions: they are control flow, not calls.
 */
import { FloeError, invalid } from '../errors.ts';
import { attrOf, attrOfList, type Graph, graphOf, type Node } from '../graph.ts';
import { type Call, CallBody, calledFunction, RESOURCE } from './call-body.ts';
import { takeName } from './walk.ts';

/** Calls nested deeper than this are taken for a function that calls itself. */
const MAX_DEPTH = 100;
/** Functions that call each other twice could grow without bound: large models have some hundred calls. */
const MAX_CALLS = 20_000;
const MAX_NODES = 1_000_000;
const MAX_NAMED = 10;

const FLOW = new Set(['Switch', 'RefSwitch', 'Enter', 'RefEnter']);

/** Throws NOT_FOUND (functions that are missing), INVALID_ARGUMENT (malformed or recursive ones), OUT_OF_RANGE. */
export function inlineCalls(graph: Graph): Graph {
  return graph.nodes.some((node) => isCall(graph, node)) ? new Inliner(graph).run() : graph;
}

function isCall(graph: Graph, node: Node): boolean {
  return node.op === 'PartitionedCall' || node.op === 'StatefulPartitionedCall' || graph.functions.has(node.op);
}

interface Pending {
  readonly node: Node;
  readonly depth: number;
  /** True for what stands for a call that was expanded. */
  readonly settled: boolean;
}

class Inliner {
  private readonly graph: Graph;
  private readonly done: Node[] = [];
  private readonly taken: Set<string>;
  /** Outputs of calls that have no Identity (resources) -> what they are in the body. */
  private readonly aliases = new Map<string, string>();
  private readonly missing: { node: string; op: string; reason: string }[] = [];
  private readonly stack: Pending[];
  /** Bodies must not run in a branch that is not taken: only then do their constants depend on the call's inputs. */
  private readonly hasFlow: boolean;
  private calls = 0;

  constructor(graph: Graph) {
    this.graph = graph;
    this.taken = new Set(graph.byName.keys());
    this.stack = graph.nodes.map((node) => ({ node, depth: 0, settled: false })).reverse();
    this.hasFlow = graph.nodes.some((node) => FLOW.has(node.op));
  }

  run(): Graph {
    for (let next = this.stack.pop(); next !== undefined; next = this.stack.pop()) {
      if (next.settled || !isCall(this.graph, next.node)) this.done.push(next.node);
      else this.expand(next.node, next.depth);
    }
    if (this.missing.length > 0) throw this.missingFunctions();
    return graphOf(
      this.done.map((node) => this.withAliases(node)),
      this.graph.functions,
      this.graph.versions,
    );
  }

  private expand(node: Node, depth: number): void {
    const { name, attrs } = calledFunction(node);
    const fn = this.graph.functions.get(name);
    if (fn === undefined) {
      this.missing.push({ node: node.name, op: node.op, reason: `function ${name} does not exist` });
      return;
    }
    if (depth >= MAX_DEPTH) {
      throw invalid(`function ${name}, called by node ${node.name}, calls itself or nests over ${MAX_DEPTH} deep`, {
        node: node.name,
        op: node.op,
      });
    }
    if (++this.calls > MAX_CALLS || this.done.length + this.stack.length > MAX_NODES) throw this.tooLarge(node);
    const call: Call = { node, name, attrs, fn, functions: this.graph.functions, guard: this.hasFlow };
    const body = new CallBody(call, (wanted) => takeName(this.taken, wanted));
    const { nodes, results } = body.expand();
    const settled = this.settle(node, results);
    if (settled !== undefined) this.stack.push({ node: settled, depth, settled: true });
    for (const inner of nodes.reverse()) this.stack.push({ node: inner, depth: depth + 1, settled: false });
  }

  /** What stays under the call's name. */
  private settle(call: Node, results: readonly { tensor: string; type: number }[]): Node | undefined {
    const shapes = call.attr.get('_output_shapes');
    const kept = shapes === undefined ? [] : [['_output_shapes', shapes] as const];
    const base = { name: call.name, device: call.device };
    const tensors = results.map(({ tensor }) => tensor);
    const types = results.map(({ type }) => type);
    const [first, second] = results;
    if (first === undefined) return { ...base, op: 'NoOp', input: call.input.map(asControl), attr: new Map() };
    const opaque = types.includes(RESOURCE);
    if (opaque)
      for (const [i, tensor] of tensors.entries()) this.aliases.set(i === 0 ? call.name : `${call.name}:${i}`, tensor);
    if (opaque ? first.type === RESOURCE : false) return undefined;
    if (second === undefined || opaque) {
      const attr = new Map([['T', attrOf({ type: first.type })], ...(opaque ? [] : kept)]);
      return { ...base, op: 'Identity', input: [first.tensor], attr };
    }
    return { ...base, op: 'IdentityN', input: tensors, attr: new Map([['T', attrOfList({ type: types })], ...kept]) };
  }

  private withAliases(node: Node): Node {
    if (this.aliases.size === 0) return node;
    return { ...node, input: node.input.map((input) => this.resolve(input)) };
  }

  private resolve(input: string): string {
    let at = input.endsWith(':0') ? input.slice(0, -2) : input;
    for (let next = this.aliases.get(at), steps = 0; next !== undefined && steps <= MAX_DEPTH; steps++) {
      at = next.endsWith(':0') ? next.slice(0, -2) : next;
      next = this.aliases.get(at);
    }
    return at;
  }

  private tooLarge(node: Node): FloeError {
    const message = `inlining the function calls makes more than ${MAX_CALLS} calls or ${MAX_NODES} nodes, at node ${node.name}`;
    return new FloeError('OUT_OF_RANGE', message, { node: node.name, op: node.op });
  }

  private missingFunctions(): FloeError {
    const named = this.missing.slice(0, MAX_NAMED).map(({ node, reason }) => `${node}: ${reason}`);
    return new FloeError(
      'NOT_FOUND',
      `${this.missing.length} calls cannot be resolved: ${named.join(', ')}`,
      this.missing.slice(0, 100),
    );
  }
}

function asControl(input: string): string {
  return input.startsWith('^') ? input : `^${input.replace(/:\d+$/, '')}`;
}
