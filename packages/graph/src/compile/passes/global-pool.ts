/**
 * The mean over all of an image as GlobalAveragePool, which the engine has for its blocked layout. Where the image's size is known only
 * at run time and turns out to be none, the engine refuses to run; TensorFlow's mean of nothing is NaN.
 */

import { addConstant, freshName, type OnnxGraph, type OnnxNode } from '../../onnx-graph.ts';
import { int64, toNumbers } from '../constant.ts';

export function poolGlobally(graph: OnnxGraph): void {
  graph.nodes = graph.nodes.flatMap((node) => (isImageMean(graph, node) ? pooled(graph, node) : [node]));
}

function isImageMean(graph: OnnxGraph, node: OnnxNode): boolean {
  if (node.op !== 'ReduceMean') return false;
  const [image = '', input] = node.inputs;
  const type = graph.types.get(image);
  const constant = input === undefined ? undefined : graph.constants.get(input);
  const axes =
    constant === undefined ? ((node.attrs['axes'] as readonly number[] | undefined) ?? []) : toNumbers(constant);
  const spatial = axes.length === 2 && axes.includes(2) && axes.includes(3);
  return spatial && type?.dtype === 'float32' && type.shape?.length === 4 && !type.shape.includes(0);
}

function pooled(graph: OnnxGraph, node: OnnxNode): OnnxNode[] {
  const [image = ''] = node.inputs;
  const [output = ''] = node.outputs;
  const pool = { op: 'GlobalAveragePool', name: node.name, inputs: [image], attrs: {} };
  if (node.attrs['keepdims'] !== 0) return [{ ...pool, outputs: [output] }];
  const whole = freshName(graph, `${output}/pooled`);
  const shape = graph.types.get(image)?.shape;
  graph.types.set(whole, { dtype: 'float32', shape: shape == null ? null : [...shape.slice(0, 2), 1, 1] });
  const axes = addConstant(graph, `${output}/axes`, int64(2, 3));
  return [
    { ...pool, outputs: [whole] },
    { op: 'Squeeze', name: node.name, inputs: [whole, axes], outputs: [output], attrs: {} },
  ];
}
