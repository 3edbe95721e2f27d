/**
 * Proves that the rows of a batch (dimension 0 of every input and output) do not influence each other, so that requests may be put
 * into one batch and a batch may be split. One forward pass; what is not understood is denied, with the node that stopped the proof.
 */

import type { OnnxGraph, Value } from '../onnx-graph.ts';
import type { TensorSpec } from '../tensor.ts';
import { followRows } from './row-flow.ts';
import { Denied, type RowState } from './rows.ts';

export interface RowIndependence {
  readonly proved: boolean;
  /** What stopped the proof; empty where it succeeded. */
  readonly reason: string;
}

export function rowIndependence(graph: OnnxGraph): RowIndependence {
  try {
    prove(graph);
    return { proved: true, reason: '' };
  } catch (error) {
    if (!(error instanceof Denied)) throw error;
    return { proved: false, reason: error.message };
  }
}

function prove(graph: OnnxGraph): void {
  const states = new Map<Value, RowState>();
  for (const input of graph.inputs) states.set(input.name, { kind: 'rows', per: 1, rank: batchedRank(input) });
  if (graph.inputs.length === 0) throw new Denied('there is no input');
  followRows(graph, states);
  for (const { name } of graph.outputs) {
    const state = states.get(name);
    if (state?.kind !== 'rows' || state.per !== 1)
      throw new Denied(`output ${name} does not have one row for each row of the inputs`);
  }
}

function batchedRank({ name, shape }: TensorSpec): number {
  if (shape === null) throw new Denied(`the rank of input ${name} is unknown`);
  if (shape.length === 0) throw new Denied(`input ${name} is a scalar`);
  if (shape[0] !== -1) throw new Denied(`input ${name} has a fixed first dimension`);
  return shape.length;
}
