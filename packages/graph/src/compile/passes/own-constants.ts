/**
 * Gives each subgraph the small constants that it uses, under names that only it knows. Where ONNX infers shapes it sees a subgraph
 * without what is around it, and takes a range of a shape whose bounds it cannot see for an empty one: a Resize to such a size is refused.
 */
import { freshName, graphsIn, type OnnxGraph, type Value } from '../../onnx-graph.ts';
import { isInline } from '../../write/onnx.ts';

export function ownConstants(graph: OnnxGraph): void {
  const [outermost, ...bodies] = [...graphsIn(graph)];
  const taken = new Set(outermost?.nodes.flatMap(({ inputs }) => inputs));
  for (const body of bodies) own(body, taken);
}

/** `taken` has the constants that other graphs use. */
function own(body: OnnxGraph, taken: Set<Value>): void {
  const { constants } = body;
  const copies = new Map<Value, Value>();
  const named = (value: Value): Value => {
    const tensor = constants.get(value);
    if (tensor === undefined || !isInline(tensor)) return value;
    const known = copies.get(value);
    if (known !== undefined) return known;
    const name = taken.has(value) ? freshName(body, value) : value;
    constants.set(name, tensor);
    copies.set(value, name);
    taken.add(name);
    return name;
  };
  for (const node of body.nodes) node.inputs = node.inputs.map(named);
}
