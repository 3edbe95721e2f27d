/**
 * Variables of both kinds become constants under their own names. What read them through a reference (TensorFlow 1) now reads the
 * constant; a handle (resource variables) is followed to wherever it flows, and each op on it becomes what it is on a value.
 */
import { constNode } from '../constants.ts';
import { DTYPES } from '../dtype.ts';
import { FloeError } from '../errors.ts';
import { attrOf, endpoint, type Graph, graphOf, type Node } from '../graph.ts';
import { isControl, usersOf } from '../inline/walk.ts';
import { nearest } from '../nearest.ts';
import type { Source } from '../source.ts';
import type { Tensor } from '../tensor.ts';
import { type Failure, FunctionFreezer } from './functions.ts';
import { frozenUse, initialised, passedOn, type Replacement } from './handles.ts';
import { isUnfreezable } from './unfreezable.ts';

const REFERENCES = new Set(['Variable', 'VariableV2', 'AutoReloadVariable']);
const HANDLE = 'VarHandleOp';
const MOST_NAMED = 10;

/** The form for values of ops that pass references on. */
const VALUE_FORM: ReadonlyMap<string, string> = new Map([
  ['RefIdentity', 'Identity'],
  ['RefSwitch', 'Switch'],
  ['RefMerge', 'Merge'],
  ['RefEnter', 'Enter'],
  ['RefExit', 'Exit'],
  ['RefNextIteration', 'NextIteration'],
]);

/** Throws NOT_FOUND for variables without a value and UNIMPLEMENTED for what cannot be frozen, each naming all nodes. */
export async function freezeVariables(
  graph: Graph,
  source: Pick<Source, 'variableKeys' | 'variables'>,
): Promise<Graph> {
  const values = await readValues(graph, source);
  return new VariableFreezer(graph, values).run();
}

async function readValues(
  graph: Graph,
  source: Pick<Source, 'variableKeys' | 'variables'>,
): Promise<Map<string, Tensor>> {
  const variables = graph.nodes.filter((node) => REFERENCES.has(node.op) || node.op === HANDLE);
  checkStored(variables, source);
  const values = new Map<string, Tensor>();
  for (const { name } of variables)
    values.set(name, await source.variables.read(source.variableKeys.get(name) ?? { key: name }));
  return values;
}

/** Throws NOT_FOUND naming all variables that the checkpoint has no value for, and keys that are near. */
function checkStored(
  variables: readonly Node[],
  { variableKeys, variables: store }: Pick<Source, 'variableKeys' | 'variables'>,
): void {
  const without = variables.filter(({ name }) => !store.has(variableKeys.get(name)?.key ?? ''));
  if (without.length === 0) return;
  const details = without.map(({ name, op }, i) => {
    const key = variableKeys.get(name)?.key ?? name;
    const near = i < MOST_NAMED ? nearest(key, store.keys) : [];
    return {
      node: name,
      op,
      tensor: key,
      reason: near.length === 0 ? `no key ${key}` : `no key ${key}; near: ${near.join(', ')}`,
    };
  });
  const names = details.slice(0, MOST_NAMED).map(({ node, reason }) => `${node} (${reason})`);
  const what =
    store.keys.length === 0
      ? `the model came without its checkpoint, which has the values of ${without.length} variables`
      : `${without.length} of ${variables.length} variables have no value in the checkpoint, which may be another model's`;
  throw new FloeError('NOT_FOUND', `${what}: ${names.join(', ')}`, details);
}

class VariableFreezer {
  private readonly graph: Graph;
  private readonly values: ReadonlyMap<string, Tensor>;
  private readonly functions: FunctionFreezer;
  /** Tensors that were handles (`x:0`) -> type number of the value. */
  private readonly handles = new Map<string, number>();
  private readonly failures: Failure[] = [];

  constructor(graph: Graph, values: ReadonlyMap<string, Tensor>) {
    this.graph = graph;
    this.values = values;
    this.functions = new FunctionFreezer(graph.functions);
  }

  run(): Graph {
    this.follow();
    const nodes = this.graph.nodes.flatMap((node) => this.frozen(node));
    const failures = [...this.failures, ...this.functions.failures];
    if (failures.length > 0) {
      const names = failures.slice(0, 10).map(({ node, op, reason }) => `${node} (${op}): ${reason}`);
      throw new FloeError('UNIMPLEMENTED', `${failures.length} nodes cannot be frozen: ${names.join('; ')}`, failures);
    }
    return graphOf(nodes, this.functions.library, this.graph.versions);
  }

  /** Follows every handle forward, around loops too. */
  private follow(): void {
    const users = usersOf(this.graph);
    const queue: string[] = [];
    const mark = (tensor: string, type: number): void => {
      if (this.handles.has(tensor)) return;
      this.handles.set(tensor, type);
      queue.push(tensor);
    };
    for (const node of this.graph.nodes) {
      const value = node.op === HANDLE ? this.values.get(node.name) : undefined;
      if (value !== undefined) mark(`${node.name}:0`, DTYPES[value.dtype].tf);
    }
    for (const tensor of queue) {
      const type = this.handles.get(tensor) as number;
      for (const user of users.get(endpoint(tensor).node) ?? []) this.passOn(user, tensor, type, mark);
    }
  }

  private passOn(user: Node, tensor: string, type: number, mark: (tensor: string, type: number) => void): void {
    user.input.forEach((input, at) => {
      if (isControl(input) || normal(input) !== tensor) return;
      for (const output of passedOn(user.op, at) ?? []) mark(`${user.name}:${output}`, type);
      // A loop gives what it takes; handles that a branch gives are found when it is frozen.
      if (user.op === 'While' || user.op === 'StatelessWhile') mark(`${user.name}:${at}`, type);
    });
  }

  private frozen(node: Node): readonly Node[] {
    const value = this.values.get(node.name);
    if (value !== undefined) return [constNode(node.name, value)];
    if (isUnfreezable(node)) this.fail(node, 'it has a state');
    const form = VALUE_FORM.get(node.op);
    if (form !== undefined) return [{ ...node, op: form }];
    if (node.op === 'IsVariableInitialized') return withConstants(initialised(node));
    const handles = this.handleInputs(node);
    const first = handles.get(0);
    const use = first === undefined ? undefined : frozenUse(node, first, (constant) => constant);
    if (use !== undefined) return withConstants(use);
    if (handles.size > 0 && [...handles.keys()].every((at) => passedOn(node.op, at) !== undefined))
      return [retyped(node, handles)];
    const call = this.functions.node(node, handles);
    if (call === undefined) this.fail(node, 'it uses a variable in a way that a constant cannot serve');
    return [call?.node ?? node];
  }

  private handleInputs(node: Node): ReadonlyMap<number, number> {
    const found = new Map<number, number>();
    if (this.handles.size === 0) return found;
    node.input.forEach((input, at) => {
      const type = isControl(input) ? undefined : this.handles.get(normal(input));
      if (type !== undefined) found.set(at, type);
    });
    return found;
  }

  private fail(node: Node, reason: string): void {
    this.failures.push({ node: node.name, op: node.op, reason });
  }
}

function normal(input: string): string {
  const { node, index } = endpoint(input);
  return `${node}:${index}`;
}

function withConstants({ node, constants }: Replacement): readonly Node[] {
  return [...constants, node];
}

/** An op that passed a handle on passes the value on. */
function retyped(node: Node, handles: ReadonlyMap<number, number>): Node {
  const attr = new Map(node.attr);
  const list = attr.get('T')?.list;
  const [type = 0] = handles.values();
  if (list === undefined) attr.set('T', attrOf({ type }));
  else attr.set('T', attrOf({ list: { ...list, type: list.type.map((own, at) => handles.get(at) ?? own) } }));
  attr.delete('_output_shapes');
  return { ...node, op: node.op === 'DisableCopyOnRead' ? 'Identity' : node.op, attr };
}
