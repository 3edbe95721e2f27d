/**
 * Functions that stay functions (bodies of While, If, Case and of what they call), made to take a variable's value where they took its
 * handle. One copy is made per function and set of such arguments; a function without any only loses what nothing returns.
 */
import { invalid } from '../errors.ts';
import { attrOf, type Node } from '../graph.ts';
import { dataInputs, freeName } from '../inline/walk.ts';
import type { AttrValue, FunctionDef, NameAttrList } from '../proto/tensorflow.ts';
import { prunedBody } from './function-prune.ts';
import { frozenUse, passedOn } from './handles.ts';
import { isUnfreezable } from './unfreezable.ts';

/** Type numbers of the arguments (or results) that were handles, by their number. */
export type HandleTypes = ReadonlyMap<number, number>;

export interface Frozen {
  readonly name: string;
  /** Results that were handles. */
  readonly results: HandleTypes;
}

export interface Failure {
  readonly node: string;
  readonly op: string;
  readonly reason: string;
}

const UNKNOWN_SHAPE = { dim: [], unknown_rank: true };
const MAX_DEPTH = 100;

/** Ops that call functions with a run of their inputs: how many inputs come before those, and the attributes that list types. */
const CALLERS: Readonly<Record<string, { readonly skip: number; readonly types: string; readonly results: string }>> = {
  While: { skip: 0, types: 'T', results: 'T' },
  StatelessWhile: { skip: 0, types: 'T', results: 'T' },
  If: { skip: 1, types: 'Tin', results: 'Tout' },
  StatelessIf: { skip: 1, types: 'Tin', results: 'Tout' },
  Case: { skip: 1, types: 'Tin', results: 'Tout' },
  StatelessCase: { skip: 1, types: 'Tin', results: 'Tout' },
  PartitionedCall: { skip: 0, types: 'Tin', results: 'Tout' },
  StatefulPartitionedCall: { skip: 0, types: 'Tin', results: 'Tout' },
};

export class FunctionFreezer {
  /** The library of the frozen graph. */
  readonly library = new Map<string, FunctionDef>();
  readonly failures: Failure[] = [];
  private readonly functions: ReadonlyMap<string, FunctionDef>;
  private readonly made = new Map<string, Frozen>();
  private depth = 0;

  constructor(functions: ReadonlyMap<string, FunctionDef>) {
    this.functions = functions;
  }

  /** A node that calls functions, given which of its data inputs are handles. Results that are handles are named too. */
  node(node: Node, handles: HandleTypes): { node: Node; results: HandleTypes } | undefined {
    const caller = Object.hasOwn(CALLERS, node.op) ? CALLERS[node.op] : undefined;
    if (caller === undefined) return handles.size === 0 ? { node: this.others(node), results: new Map() } : undefined;
    const args = new Map([...handles].map(([at, type]) => [at - caller.skip, type]));
    if ([...args.keys()].some((at) => at < 0)) return undefined;
    const results = new Map<number, number>();
    const attr = new Map(node.attr);
    for (const [key, value] of node.attr) attr.set(key, this.withFunctions(value, args, results));
    const isLoop = caller.types === caller.results;
    const changed = isLoop ? args : results;
    retype(attr, caller.types, args);
    if (!isLoop) retype(attr, caller.results, results);
    if (changed.size > 0) hideShapes(attr, changed);
    return { node: { ...node, attr }, results: changed };
  }

  private others(node: Node): Node {
    if (![...node.attr.values()].some((value) => value.func !== undefined || (value.list?.func.length ?? 0) > 0))
      return node;
    const none = new Map<number, number>();
    return {
      ...node,
      attr: new Map([...node.attr].map(([key, value]) => [key, this.withFunctions(value, none, new Map())])),
    };
  }

  private withFunctions(value: AttrValue, args: HandleTypes, results: Map<number, number>): AttrValue {
    const named = (func: NameAttrList): NameAttrList => {
      const frozen = this.freeze(func.name, args);
      for (const [at, type] of frozen.results) results.set(at, type);
      return { ...func, name: frozen.name };
    };
    if (value.func !== undefined) return { ...value, func: named(value.func) };
    if (value.list === undefined || value.list.func.length === 0) return value;
    return { ...value, list: { ...value.list, func: value.list.func.map(named) } };
  }

  private freeze(name: string, args: HandleTypes): Frozen {
    const key = `${name}\0${[...args].map(([at, type]) => `${at}:${type}`).join()}`;
    const before = this.made.get(key);
    if (before !== undefined) return before;
    const fn = this.functions.get(name);
    if (fn?.signature === undefined) throw invalid(`function ${name} does not exist`, { node: name });
    if (this.depth >= MAX_DEPTH)
      throw invalid(`functions call each other more than ${MAX_DEPTH} deep, at ${name}`, { node: name });
    const own =
      args.size === 0
        ? name
        : freeName({ has: (wanted) => this.functions.has(wanted) || this.library.has(wanted) }, `${name}_frozen`);
    // A function that calls itself finds this entry.
    this.made.set(key, { name: own, results: new Map() });
    this.library.set(own, fn);
    this.depth++;
    const { body, results } = new Body(this, prunedBody(fn), args).freeze();
    this.depth--;
    this.library.set(own, { ...body, signature: body.signature && { ...body.signature, name: own } });
    const frozen = { name: own, results };
    this.made.set(key, frozen);
    return frozen;
  }
}

/** One function on its way to be frozen. References are as in the FunctionDef: `arg` or `node:output:i`. */
class Body {
  private readonly owner: FunctionFreezer;
  private readonly fn: FunctionDef;
  /** Tensors that were handles -> type number. */
  private readonly handles = new Map<string, number>();
  private readonly renamed = new Map<string, string>();
  private readonly args: HandleTypes;

  constructor(owner: FunctionFreezer, fn: FunctionDef, args: HandleTypes) {
    this.owner = owner;
    this.fn = fn;
    this.args = args;
    for (const [at, type] of args) {
      const arg = fn.signature?.input_arg[at];
      if (arg !== undefined) this.handles.set(arg.name, type);
    }
  }

  freeze(): { body: FunctionDef; results: HandleTypes } {
    const nodes = this.inOrder().flatMap((node) => this.frozen(node));
    const renamed = nodes.map((node) => ({ ...node, input: node.input.map((ref) => this.current(ref)) }));
    const ret = new Map([...this.fn.ret].map(([name, ref]) => [name, this.current(ref)]));
    const results = new Map<number, number>();
    const outputs = (this.fn.signature?.output_arg ?? []).map((arg, at) => {
      const type = this.handles.get(ret.get(arg.name) ?? '');
      if (type === undefined) return arg;
      results.set(at, type);
      return { ...arg, type };
    });
    const inputs = (this.fn.signature?.input_arg ?? []).map((arg, at) => ({
      ...arg,
      type: this.args.get(at) ?? arg.type,
    }));
    const signature = this.fn.signature && { ...this.fn.signature, input_arg: inputs, output_arg: outputs };
    const attr = new Map(this.fn.attr);
    // Shapes of handles (scalars) are not those of values.
    if (this.args.size > 0) attr.delete('_input_shapes');
    return { body: { ...this.fn, attr, signature, node_def: renamed, ret }, results };
  }

  /** Nodes after those that they take handles from: the order of a body's nodes is not given. */
  private inOrder(): readonly Node[] {
    const byName = new Map(this.fn.node_def.map((node) => [node.name, node]));
    const done = new Set<string>();
    const order: Node[] = [];
    const stack = [...this.fn.node_def].reverse();
    const opened = new Set<string>();
    for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
      const first = !opened.has(node.name);
      opened.add(node.name);
      const waiting = first ? dataInputs(node).map((ref) => byName.get(ref.split(':')[0] as string)) : [];
      const next = waiting.filter((source) => source !== undefined && !opened.has(source.name)) as Node[];
      if (next.length > 0) stack.push(...next);
      else {
        stack.pop();
        if (!done.has(node.name)) order.push(node);
        done.add(node.name);
      }
    }
    return order;
  }

  private frozen(node: Node): readonly Node[] {
    const inputs = dataInputs(node);
    const types = new Map<number, number>();
    inputs.forEach((ref, at) => {
      const type = this.handles.get(this.current(ref));
      if (type !== undefined) types.set(at, type);
    });
    if (isUnfreezable(node)) this.owner.failures.push(this.failure(node, 'it has a state'));
    if (types.size === 0) return [this.owner.node(node, types)?.node ?? node];
    const [[at, type]] = [...types] as [[number, number]];
    const use = at === 0 ? frozenUse(node, type, (constant) => `${constant}:output:0`) : undefined;
    if (use !== undefined) {
      if (use.output !== undefined)
        this.renamed.set(`${node.name}:${use.output[0]}:0`, `${node.name}:${use.output[1]}:0`);
      return [...use.constants, use.node];
    }
    if (node.op === 'Identity') {
      this.handles.set(`${node.name}:output:0`, type);
      return [{ ...node, attr: new Map(node.attr).set('T', attrOf({ type })) }];
    }
    const call = this.owner.node(node, types);
    if (call === undefined || passedOn(node.op, at) !== undefined) {
      this.owner.failures.push(this.failure(node, 'it uses a variable in a way that a constant cannot serve'));
      return [node];
    }
    for (const [result, resultType] of call.results) this.handles.set(`${node.name}:output:${result}`, resultType);
    return [call.node];
  }

  private current(ref: string): string {
    return this.renamed.get(ref) ?? ref;
  }

  private failure(node: Node, reason: string): Failure {
    return { node: `${this.fn.signature?.name}/${node.name}`, op: node.op, reason };
  }
}

function retype(attr: Map<string, AttrValue>, name: string, types: HandleTypes): void {
  const list = attr.get(name)?.list;
  if (list === undefined || types.size === 0) return;
  attr.set(name, attrOf({ list: { ...list, type: list.type.map((type, at) => types.get(at) ?? type) } }));
}

/** The shapes that a call names for its results no longer hold. */
function hideShapes(attr: Map<string, AttrValue>, results: HandleTypes): void {
  for (const name of ['output_shapes', '_output_shapes']) {
    const list = attr.get(name)?.list;
    if (list === undefined) continue;
    attr.set(
      name,
      attrOf({ list: { ...list, shape: list.shape.map((shape, at) => (results.has(at) ? UNKNOWN_SHAPE : shape)) } }),
    );
  }
}
