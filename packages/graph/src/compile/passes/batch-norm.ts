/**
 * What is left of batch normalisation, x * a + b with constants per channel of an image, as one BatchNormalization (mean 0, variance
 * 1): the engine keeps its blocked layout through it, and breaks it at a multiplication.
 */

import { addConstant, type OnnxGraph, type OnnxNode, usesOf, type Value } from '../../onnx-graph.ts';
import type { Tensor } from '../../tensor.ts';
import { float32, toNumbers } from '../constant.ts';

export function normaliseLeftovers(graph: OnnxGraph): void {
  const { only } = usesOf(graph);
  const factors = new Map<Value, { readonly image: Value; readonly scale: Float32Array }>();
  for (const node of graph.nodes) {
    const [left = '', right = ''] = node.inputs;
    const swapped = graph.constants.has(left);
    const image = swapped ? right : left;
    const constant = graph.constants.get(swapped ? left : right);
    if (constant === undefined) continue;
    if (node.op === 'Mul') {
      const scale = perChannel(graph, constant, image);
      // The engine subtracts the mean, 0, times the factor.
      if (scale?.every(Number.isFinite) && only.has(node.outputs[0] ?? ''))
        factors.set(node.outputs[0] ?? '', { image, scale });
    }
    const factor = factors.get(image);
    if (factor === undefined || !(node.op === 'Add' || (node.op === 'Sub' && !swapped))) continue;
    const offset = perChannel(graph, constant, factor.image);
    if (offset !== undefined)
      replace(graph, node, factor.image, factor.scale, node.op === 'Add' ? offset : offset.map((value) => -value));
  }
}

/** One number per channel of a float image with channels first, all dimensions but the batch known as far as needed. */
function perChannel(graph: OnnxGraph, constant: Tensor, image: Value): Float32Array | undefined {
  const type = graph.types.get(image);
  const channels = type?.shape?.[1] ?? -1;
  if (type?.dtype !== 'float32' || type.shape?.length !== 4 || channels < 0 || constant.dtype !== 'float32')
    return undefined;
  const shape = [...new Array<number>(Math.max(0, 4 - constant.shape.length)).fill(1), ...constant.shape];
  const fits = shape.length === 4 && shape[0] === 1 && shape[1] === channels && shape[2] === 1 && shape[3] === 1;
  return fits ? Float32Array.from(toNumbers(constant)) : undefined;
}

function replace(graph: OnnxGraph, node: OnnxNode, image: Value, scale: Float32Array, offset: Float32Array): void {
  const count = scale.length;
  const constant = (label: string, values: ArrayLike<number>): Value =>
    addConstant(graph, `${node.name}/${label}`, float32(values));
  node.op = 'BatchNormalization';
  node.inputs = [
    image,
    constant('scale', scale),
    constant('offset', offset),
    constant('mean', new Float32Array(count)),
    constant('variance', new Float32Array(count).fill(1)),
  ];
  node.attrs = { epsilon: { f: 0 } };
}
