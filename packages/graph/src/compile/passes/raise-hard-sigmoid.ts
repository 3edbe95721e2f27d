/**
 * The piecewise linear sigmoid of MobileNetV3, relu6(x + 3) / 6, as one HardSigmoid: the engine fuses that into the convolution before it
 * and keeps its blocked layout, which a sum with a constant breaks. x relu6(x + 3) / 6, hard swish, is x times that.
 */
import { freshName, type OnnxGraph, type OnnxNode, type Value } from '../../onnx-graph.ts';
import { isNear, Makers } from './makers.ts';

const ATTRS = { alpha: { f: 1 / 6 }, beta: { f: 0.5 } };

export function raiseHardSigmoids(graph: OnnxGraph): void {
  const makers = new Makers(graph);
  graph.nodes = graph.nodes.flatMap((node) => raised(makers, node));
}

function raised(makers: Makers, node: OnnxNode): readonly OnnxNode[] {
  const product = sixthOf(makers, node);
  const x = rampOf(makers, product);
  if (x !== undefined) return [{ ...node, op: 'HardSigmoid', inputs: [x], attrs: ATTRS }];
  for (const [factor, ramp] of makers.sides('Mul', product)) {
    const source = rampOf(makers, ramp);
    if (source !== undefined) return swish(makers.graph, node, factor, source);
  }
  return [node];
}

function swish(graph: OnnxGraph, node: OnnxNode, factor: Value, x: Value): readonly OnnxNode[] {
  const gate = freshName(graph, `${node.name}/gate`);
  graph.types.set(gate, graph.types.get(x) ?? { dtype: 'float32', shape: null });
  return [
    { op: 'HardSigmoid', name: node.name, inputs: [x], outputs: [gate], attrs: ATTRS },
    { ...node, op: 'Mul', inputs: [factor, gate], attrs: {} },
  ];
}

/** What is divided by 6. */
function sixthOf(makers: Makers, { outputs: [output] }: OnnxNode): Value | undefined {
  const [multiplied, factor] = makers.withNumber('Mul', output) ?? [];
  if (isNear(factor, 1 / 6)) return multiplied;
  const [divided, divisor] = makers.sides('Div', output)[0] ?? [];
  return makers.number(divisor) === 6 ? divided : undefined;
}

/** The x of relu6(x + 3). */
function rampOf(makers: Makers, value: Value | undefined): Value | undefined {
  const [sum, least, most] = makers.node('Clip', value)?.inputs ?? [];
  if (makers.number(least) !== 0 || makers.number(most) !== 6) return undefined;
  const [x, number] = makers.withNumber('Add', sum) ?? [];
  return number === 3 && makers.isFloat(x) ? x : undefined;
}
