/**
 * TensorFlow 2 keeps beside the graph which objects a function captures (`SavedObjectGraph`), and inside the checkpoint under which
 * key each object's value is (`TrackableObjectGraph`). Together they give the keys of captured variables.
 * Source: `tensorflow/core/protobuf/saved_object_graph.proto` and `trackable_object_graph.proto`.
 */

import { endpoint, type Graph } from '../graph.ts';
import { calledFunction } from '../inline/call-body.ts';
import { dataInputs } from '../inline/walk.ts';
import { type SavedObjectGraph, TrackableObjectGraph } from '../proto/tensorflow.ts';
import type { VariableStore } from '../source.ts';

const OBJECTS = '_CHECKPOINTABLE_OBJECT_GRAPH';
const VALUE = 'VARIABLE_VALUE';
const CALLS = new Set(['PartitionedCall', 'StatefulPartitionedCall']);

/** Name of a VarHandleOp -> checkpoint key. */
export async function capturedKeys(
  graph: Graph,
  objects: SavedObjectGraph | undefined,
  store: VariableStore,
): Promise<Map<string, string>> {
  const keys = new Map<string, string>();
  if (objects === undefined || !store.has(OBJECTS)) return keys;
  const values = await keysOfObjects(store);
  for (const node of graph.nodes) {
    if (!CALLS.has(node.op)) continue;
    const captured = objects.concrete_functions.get(calledFunction(node).name)?.bound_inputs ?? [];
    const inputs = dataInputs(node);
    if (captured.length > inputs.length) continue;
    for (const [i, object] of captured.entries()) {
      const { node: name } = endpoint(inputs[inputs.length - captured.length + i] as string);
      const key = values.get(object);
      if (key !== undefined && graph.byName.get(name)?.op === 'VarHandleOp') keys.set(name, key);
    }
  }
  return keys;
}

async function keysOfObjects(store: VariableStore): Promise<ReadonlyMap<number, string>> {
  const { data } = await store.read({ key: OBJECTS });
  const keys = new Map<number, string>();
  if (!(data[0] instanceof Uint8Array)) return keys;
  for (const [i, { attributes }] of TrackableObjectGraph.decode(data[0], OBJECTS).nodes.entries()) {
    const key = attributes.find(({ name }) => name === VALUE)?.checkpoint_key;
    if (key !== undefined && store.has(key)) keys.set(i, key);
  }
  return keys;
}
