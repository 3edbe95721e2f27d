/**
 * Takes a padding with zeros into the window that follows, which pads for nothing: a convolution, or a maximum of what is never
 * negative. Looks through the transposition at the entrance of a net.
 */

import { type OnnxGraph, type OnnxNode, usesOf, type Value } from '../../onnx-graph.ts';
import { toNumbers } from '../constant.ts';

export function foldPads(graph: OnnxGraph): void {
  const { only } = usesOf(graph);
  const producers = new Map<Value, OnnxNode>();
  for (const node of graph.nodes) {
    for (const output of node.outputs) producers.set(output, node);
    if ((node.op === 'Conv' || node.op === 'MaxPool') && node.attrs['auto_pad'] === undefined) {
      takeIn(graph, node, (value) => (only.has(value) ? producers.get(value) : undefined), producers);
    }
  }
}

/** The node that makes a value, where that has a single use. */
type Maker = (value: Value) => OnnxNode | undefined;

function takeIn(graph: OnnxGraph, window: OnnxNode, maker: Maker, producers: ReadonlyMap<Value, OnnxNode>): void {
  const before = maker(window.inputs[0] ?? '');
  const turn = before?.op === 'Transpose' ? before : undefined;
  const pad = turn === undefined ? before : maker(turn.inputs[0] ?? '');
  if (pad?.op !== 'Pad') return;
  const amounts = zeroPadding(graph, pad, turn?.attrs['perm'] as readonly number[] | undefined);
  if (amounts === undefined) return;
  const rank = amounts.length / 2;
  const outer = [...amounts.slice(2, rank), ...amounts.slice(rank + 2)];
  if ([0, 1, rank, rank + 1].some((i) => amounts[i] !== 0) || outer.some((amount) => amount < 0)) return;
  if (window.op === 'MaxPool' && !isSafeForMaximum(graph, window, outer, producers.get(pad.inputs[0] ?? ''))) return;
  const own = (window.attrs['pads'] as readonly number[] | undefined) ?? [];
  window.attrs = { ...window.attrs, pads: outer.map((amount, i) => amount + (own[i] ?? 0)) };
  (turn ?? window).inputs[0] = pad.inputs[0] ?? '';
}

/** Padding does not count in a maximum: the same as zeros where no element is below zero and no window is all padding. */
function isSafeForMaximum(
  graph: OnnxGraph,
  pool: OnnxNode,
  pads: readonly number[],
  source: OnnxNode | undefined,
): boolean {
  const kernel = pool.attrs['kernel_shape'] as readonly number[];
  const fits = pool.attrs['pads'] === undefined && pads.every((amount, i) => amount < (kernel[i % kernel.length] ?? 0));
  return fits && source !== undefined && isNeverNegative(graph, source);
}

function isNeverNegative(graph: OnnxGraph, { op, inputs }: OnnxNode): boolean {
  // A largest number that is below the least one wins.
  if (op === 'Clip') return [1, 2].every((i) => Number(graph.constants.get(inputs[i] ?? '')?.data[0] ?? -1) >= 0);
  return op === 'Relu' || op === 'Sigmoid' || op === 'Softmax';
}

/** The amounts in the layout of the window, if they are constant and zeros are what is put there. */
function zeroPadding(
  graph: OnnxGraph,
  pad: OnnxNode,
  perm: readonly number[] | undefined,
): readonly number[] | undefined {
  const [, pads = '', fill] = pad.inputs;
  const mode = pad.attrs['mode'] ?? 'constant';
  const value = fill === undefined ? 0 : graph.constants.get(fill)?.data[0];
  const constant = graph.constants.get(pads);
  if (mode !== 'constant' || Number(value) !== 0 || constant === undefined) return undefined;
  const amounts = toNumbers(constant);
  if (perm === undefined) return amounts;
  return [...perm.map((axis) => amounts[axis] ?? 0), ...perm.map((axis) => amounts[axis + perm.length] ?? 0)];
}
