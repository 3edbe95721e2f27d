/** Which frame of a TensorFlow 1 loop each node is in. An Enter opens a frame in that of its input, an Exit leaves it. */
import { topologicalOrder } from '../analysis/order.ts';
import { endpoint, type Graph, type Node } from '../graph.ts';

export interface Frame {
  readonly name: string;
  readonly outer: Frame | undefined;
  readonly depth: number;
}

export const ENTER = /^(Ref)?Enter$/;
const EXIT = /^(Ref)?Exit$/;

/** The nodes that are in frames. */
export function framesOf(graph: Graph): ReadonlyMap<string, Frame> {
  const places = new Map<string, Frame>();
  const frames = new Map<string, Frame>();
  for (const node of topologicalOrder(graph)) {
    const inner = deepest(node, places);
    const frame = ENTER.test(node.op) ? entered(node, inner, frames) : EXIT.test(node.op) ? inner?.outer : inner;
    if (frame !== undefined) places.set(node.name, frame);
  }
  return places;
}

function deepest({ input }: Node, places: ReadonlyMap<string, Frame>): Frame | undefined {
  let found: Frame | undefined;
  for (const each of input) {
    const frame = places.get(endpoint(each).node);
    if ((frame?.depth ?? 0) > (found?.depth ?? 0)) found = frame;
  }
  return found;
}

function entered(node: Node, outer: Frame | undefined, frames: Map<string, Frame>): Frame {
  const name = new TextDecoder().decode(node.attr.get('frame_name')?.s ?? new Uint8Array(0));
  const key = `${outer?.depth ?? 0}\0${outer?.name ?? ''}\0${name}`;
  const known = frames.get(key);
  if (known !== undefined) return known;
  const frame = { name, outer, depth: (outer?.depth ?? 0) + 1 };
  frames.set(key, frame);
  return frame;
}
