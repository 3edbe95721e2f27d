/** Pooling. Padding never counts: TensorFlow's average is over the elements inside the image. */

import type { Value } from '../../onnx-graph.ts';
import type { Lower, Lowering } from '../lowering.ts';
import { run } from './common.ts';
import {
  channelsFirstShape,
  fromChannelsFirst,
  layoutOf,
  padding,
  spatialOf,
  spatialSizes,
  toChannelsFirst,
} from './window.ts';

function pool(op: 'MaxPool' | 'AveragePool', spatial: number): Lower {
  return (l) => {
    const kernel = list(l, 'ksize', 1);
    const strides = list(l, 'strides', 2);
    const layout = layoutOf(l, spatial, spatial === 2 ? 'NHWC' : 'NDHWC');
    const window = {
      kernel: spatialOf(l, kernel, layout, 'ksize'),
      strides: spatialOf(l, strides, layout, 'strides'),
      dilations: new Array<number>(spatial).fill(1),
    };
    if (layout.axes.some((axis) => l.outType().shape?.[axis] === 0))
      throw l.refuse('the window is larger than the image');
    const pads = padding(l, window, spatialSizes(l, 0, layout), layout);
    if (pads['auto_pad'] !== undefined && window.strides.some((stride, i) => stride > (window.kernel[i] ?? 1)))
      throw l.refuse('strides larger than the window, where the size of the image is unknown');
    const attrs = { kernel_shape: window.kernel, strides: window.strides, ...pads };
    const x = toChannelsFirst(l, l.input(0), layout);
    return fromChannelsFirst(l, run(l, op, [x], l.dtype(), { attrs, shape: channelsFirstShape(l, layout) }), layout);
  };
}

/** MaxPoolV2 takes as an input what MaxPool has as an attribute. */
function list(l: Lowering, name: string, i: number): readonly number[] {
  return l.arity > 1 ? l.needNumbers(i, name) : l.attrs.ints(name);
}

export const POOLING = {
  MaxPool: pool('MaxPool', 2),
  MaxPoolV2: pool('MaxPool', 2),
  MaxPool3D: pool('MaxPool', 3),
  AvgPool: pool('AveragePool', 2),
  AvgPool3D: pool('AveragePool', 3),
} satisfies Record<string, (l: Lowering) => Value | readonly Value[]>;
