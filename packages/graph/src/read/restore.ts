/**
 * Which key of a checkpoint holds the value of which variable, found as TensorFlow itself restores them: by walking the graph from
 * the saver's restore op, RestoreV2 -> Identity -> Assign (variables of TensorFlow 1) or AssignVariableOp (resources), also where these
 * lie inside a function. So savers with renamed keys, partitioned variables and object-based checkpoints need no rules of their own.
 */
import { constValue } from '../constants.ts';
import { corrupt, FloeError } from '../errors.ts';
import { Attrs, endpoint, type Graph, graphOf, type Node } from '../graph.ts';
import { inlineCalls } from '../inline/index.ts';
import { ancestors } from '../inline/walk.ts';
import type { MetaGraphDef } from '../proto/tensorflow.ts';
import type { Slice, VariableRef, VariableStore } from '../source.ts';
import { capturedKeys } from './object-graph.ts';

const ASSIGN = new Set(['Assign', 'AssignVariableOp']);
const PASS = new Set(['Identity', 'RefIdentity', 'DisableCopyOnRead']);

/** Ops that are a variable. */
export const VARIABLES = new Set(['Variable', 'VariableV2', 'VarHandleOp', 'AutoReloadVariable']);

/**
 * By node name. Where the saver does not restore a variable, the objects of the checkpoint say what it is (Keras saves copies of its
 * variables, and only the copies are restored in the graph), else its shared name or node name, if the store has it.
 */
export async function variableKeysOf(
  graph: Graph,
  meta: MetaGraphDef,
  store: VariableStore,
): Promise<Map<string, VariableRef>> {
  const keys = new Map<string, VariableRef>();
  for (const node of graph.nodes) {
    if (!VARIABLES.has(node.op)) continue;
    const key = [new Attrs(node).string('shared_name', ''), node.name].find((name) => store.has(name));
    if (key !== undefined) keys.set(node.name, { key });
  }
  for (const [name, key] of await capturedKeys(graph, meta.object_graph_def, store)) keys.set(name, { key });
  for (const [name, ref] of restored(graph, meta.saver_def?.restore_op_name ?? '')) keys.set(name, ref);
  return keys;
}

function restored(graph: Graph, restoreOp: string): Map<string, VariableRef> {
  const refs = new Map<string, VariableRef>();
  const root = restoreOp === '' ? '' : endpoint(restoreOp).node;
  if (!graph.byName.has(root)) return refs;
  const needed = ancestors(graph, [root]);
  const part = graphOf(
    graph.nodes.filter((node) => needed.has(node.name)),
    graph.functions,
    graph.versions,
  );
  const flat = inlineCalls(part);
  for (const node of flat.nodes) {
    if (!ASSIGN.has(node.op)) continue;
    const variable = sourceOf(flat, node.input[0]);
    const value = sourceOf(flat, node.input[1]);
    if (variable === undefined || value === undefined || !VARIABLES.has(variable.node.op)) continue;
    const ref = restoredFrom(flat, value);
    if (ref !== undefined) refs.set(variable.node.name, ref);
  }
  return refs;
}

interface Found {
  readonly node: Node;
  readonly index: number;
}

/** The node behind identities. */
function sourceOf(graph: Graph, input: string | undefined): Found | undefined {
  let at = input;
  for (let steps = graph.nodes.length; at !== undefined && steps >= 0; steps--) {
    const { node: name, index } = endpoint(at);
    const node = graph.byName.get(name);
    if (node === undefined) return undefined;
    if (PASS.has(node.op)) at = node.input[0];
    else if (node.op === 'IdentityN') at = node.input[index];
    else return { node, index };
  }
  return undefined;
}

function restoredFrom(graph: Graph, { node, index }: Found): VariableRef | undefined {
  if (node.op !== 'RestoreV2') return undefined;
  const key = stringAt(graph, node.input[1], index);
  if (key === undefined) return undefined;
  const slice = parseSlice(stringAt(graph, node.input[2], index) ?? '', node);
  return slice === undefined ? { key } : { key, slice };
}

function stringAt(graph: Graph, input: string | undefined, index: number): string | undefined {
  const source = sourceOf(graph, input);
  if (source?.node.op !== 'Const') return undefined;
  const { dtype, data } = constValue(source.node);
  const bytes = dtype === 'string' ? data[index] : undefined;
  return bytes instanceof Uint8Array ? new TextDecoder().decode(bytes) : undefined;
}

/** `10 4 0,5:-` is, of a tensor of shape [10, 4], five rows from row 0, all columns. Source: TensorFlow's `ParseShapeAndSlice`. */
function parseSlice(spec: string, node: Node): Slice | undefined {
  const words = spec.trim().split(/\s+/);
  const last = words.pop() ?? '';
  if (last === '') return undefined;
  const shape = words.map(Number);
  const extents = last
    .split(':')
    .map((extent, axis) => (extent === '-' ? [0, shape[axis] ?? -1] : extent.split(',').map(Number)));
  const bad = extents.some((extent) => extent.length !== 2 || !extent.every((n) => Number.isSafeInteger(n) && n >= 0));
  if (bad || extents.length !== shape.length) {
    throw corrupt(`node ${node.name} (${node.op}) restores a malformed slice ${JSON.stringify(spec)}`, {
      node: node.name,
      op: node.op,
    });
  }
  return { start: extents.map(([start]) => start as number), length: extents.map(([, length]) => length as number) };
}

/** Value of the step counter that training keeps beside the weights; null where there is none. */
export async function globalStep(keys: ReadonlyMap<string, VariableRef>, store: VariableStore): Promise<number | null> {
  const candidates = [keys.get('global_step')?.key, 'global_step', 'global_step/.ATTRIBUTES/VARIABLE_VALUE'];
  const key = candidates.find((name) => name !== undefined && store.has(name));
  const spec = key === undefined ? undefined : store.spec(key);
  if (key === undefined || spec?.shape?.length !== 0 || (spec.dtype !== 'int64' && spec.dtype !== 'int32')) return null;
  const step = Number((await store.read({ key })).data[0]);
  if (!Number.isSafeInteger(step))
    throw new FloeError('OUT_OF_RANGE', `global step ${step} is no exact number`, { tensor: key });
  return step;
}
