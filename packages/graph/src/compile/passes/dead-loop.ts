/** Takes out of a Loop what nothing needs: variables that only carry themselves on, and items that are collected for nobody. */
import { type OnnxGraph, type OnnxNode, usedInside, type Value } from '../../onnx-graph.ts';

/** Inputs of a Loop and of its body before the states: number of turns and condition; turn and condition. */
const FIRST = 2;
/** Outputs of the body before the states: the condition. */
const CONDITION = 1;

/** `isLive` says of the Loop's outputs whether anything uses them. */
export function pruneLoop(node: OnnxNode, isLive: (value: Value) => boolean): void {
  const body = node.bodies?.['body'];
  if (node.op !== 'Loop' || body === undefined) return;
  const needed = neededOutputs(node, body, isLive);
  const kept = node.outputs.map((_, i) => needed.has(i));
  if (kept.every((keep) => keep)) return;
  const keep = <T>(list: readonly T[], first: number): T[] =>
    list.filter((_, i) => i < first || (kept[i - first] ?? false));
  node.inputs = keep(node.inputs, FIRST);
  node.bodies = { body: { ...body, inputs: keep(body.inputs, FIRST), outputs: keep(body.outputs, CONDITION) } };
  node.outputs = keep(node.outputs, 0);
}

/** Numbers of the Loop's outputs that are used, or that the body needs in a later turn to make those. */
function neededOutputs(node: OnnxNode, body: OnnxGraph, isLive: (value: Value) => boolean): ReadonlySet<number> {
  const makers = new Map(body.nodes.flatMap((inner) => inner.outputs.map((output) => [output, inner] as const)));
  const states = new Map(body.inputs.slice(FIRST).map((input, i) => [input.name, i]));
  const needed = new Set(node.outputs.flatMap((output, i) => (isLive(output) ? [i] : [])));
  const queue = new Set<Value>([body.outputs[0]?.name ?? '']);
  for (const i of needed) queue.add(body.outputs[i + CONDITION]?.name ?? '');
  // A Set that grows while it is walked is a queue without repeats.
  for (const value of queue) {
    const state = states.get(value);
    if (state !== undefined) {
      needed.add(state);
      queue.add(body.outputs[state + CONDITION]?.name ?? '');
    }
    const maker = makers.get(value);
    if (maker !== undefined) for (const input of [...maker.inputs, ...usedInside(maker)]) queue.add(input);
  }
  return needed;
}
