/** Convolutions. Filters are HWIO in TensorFlow and OIHW in ONNX. */

import { reshaped } from '../../late-tensor.ts';
import type { OnnxAttr, Value } from '../../onnx-graph.ts';
import { sizeOf } from '../../tensor.ts';
import { transposed } from '../constant.ts';
import type { Lower, Lowering } from '../lowering.ts';
import { asInt64, ints, range, run, shapeOf, transpose, weights } from './common.ts';
import {
  channelsFirstShape,
  fromChannelsFirst,
  type Layout,
  layoutOf,
  padding,
  spatialOf,
  spatialSizes,
  toChannelsFirst,
  type Window,
} from './window.ts';

const FORMATS: Readonly<Record<number, string>> = { 2: 'NHWC', 3: 'NDHWC' };

function layoutFor(l: Lowering, spatial: number): Layout {
  return layoutOf(l, spatial, FORMATS[spatial] ?? '');
}

function filterShape(l: Lowering, layout: Layout): readonly number[] {
  const shape = l.shape(1);
  if (shape === null || shape.length !== layout.spatial + 2 || shape.includes(-1))
    throw l.refuse('the shape of the filter is unknown');
  return shape;
}

function windowOf(l: Lowering, layout: Layout, kernel: readonly number[]): Window {
  const ones = new Array<number>(layout.spatial + 2).fill(1);
  return {
    kernel,
    strides: spatialOf(l, l.attrs.ints('strides'), layout, 'strides'),
    dilations: spatialOf(l, l.attrs.ints('dilations', ones), layout, 'dilations'),
  };
}

function windowAttrs({ kernel, strides, dilations }: Window): Record<string, OnnxAttr> {
  return { kernel_shape: kernel, strides, dilations };
}

/** The filter, input 1, with its last dimension first, then the one before it, then the spatial ones: what ONNX wants of both directions. */
function channelsFirstFilter(l: Lowering, spatial: number): Value {
  const perm = [spatial + 1, spatial, ...range(spatial)];
  return weights(
    l,
    1,
    (constant) => transposed(constant, perm),
    (value) => transpose(l, value, perm),
  );
}

function convolution(spatial: number): Lower {
  return (l) => {
    const layout = layoutFor(l, spatial);
    const filter = filterShape(l, layout);
    const window = windowOf(l, layout, filter.slice(0, spatial));
    const w = channelsFirstFilter(l, spatial);
    const depth = filter[spatial] ?? 1;
    const channels = l.shape(0)?.[layout.channel] ?? -1;
    if (channels > 0 && (depth === 0 || channels % depth !== 0))
      throw l.refuse(`${channels} channels for filters of ${depth}`);
    const group = channels > 0 ? channels / depth : 1;
    return convolve(l, layout, window, w, group);
  };
}

function convolve(l: Lowering, layout: Layout, window: Window, w: Value, group: number): Value {
  const x = toChannelsFirst(l, l.input(0), layout);
  const attrs = { ...windowAttrs(window), group, ...padding(l, window, spatialSizes(l, 0, layout), layout) };
  return fromChannelsFirst(
    l,
    run(l, 'Conv', [x, w], l.dtype(), { attrs, shape: channelsFirstShape(l, layout) }),
    layout,
  );
}

/** The filter [H, W, C, M] has output channel c * M + m: one group per input channel. */
function depthwise(l: Lowering): Value {
  const layout = layoutFor(l, 2);
  const [height = 1, width = 1, channels = 1, multiplier = 1] = filterShape(l, layout);
  const shape = [channels * multiplier, 1, height, width];
  const w = weights(
    l,
    1,
    (constant) => reshaped(transposed(constant, [2, 3, 0, 1]), shape),
    (value) => l.emit('Reshape', [transpose(l, value, [2, 3, 0, 1]), ints(l, shape)]),
  );
  return convolve(l, layout, windowOf(l, layout, [height, width]), w, channels);
}

/** Inputs: the size of the result, the filter [H, W, result's channels, channels], the smaller image. */
function backpropInput(spatial: number): Lower {
  return (l) => {
    const layout = layoutFor(l, spatial);
    const filter = filterShape(l, layout);
    const window = windowOf(l, layout, filter.slice(0, spatial));
    const w = channelsFirstFilter(l, spatial);
    const x = toChannelsFirst(l, l.input(2), layout);
    const sizes = spatialSizes(l, 2, layout);
    const targets = targetSizes(l, layout);
    const totals = sizes.map((size, i) => surplus(l, size, targets[i] ?? -1, window, i));
    const attrs = { ...windowAttrs(window), group: 1 };
    const shape = channelsFirstShape(l, layout);
    const known = totals.every((total) => total !== undefined);
    const y = known
      ? run(l, 'ConvTranspose', [x, w], l.dtype(2), {
          attrs: { ...attrs, ...cut(l, totals as number[], layout) },
          shape,
        })
      : trimmed(
          l,
          run(l, 'ConvTranspose', [x, w], l.dtype(2), { attrs: { ...attrs, ...full(window) }, shape: null }),
          window,
          layout,
        );
    return fromChannelsFirst(l, y, layout);
  };
}

/** Spatial sizes that the result has to have, as far as they are known. */
function targetSizes(l: Lowering, { axes, spatial }: Layout): number[] {
  const partial = l.partial(0);
  const out = l.outType().shape;
  if (partial?.length === spatial) return partial.map((size) => size ?? -1);
  return axes.map((axis) => partial?.[axis] ?? out?.[axis] ?? -1);
}

/** How much longer than wanted the full result is; negative where it is shorter. */
function surplus(
  l: Lowering,
  size: number,
  target: number,
  { kernel, strides, dilations }: Window,
  i: number,
): number | undefined {
  const stride = strides[i] ?? 1;
  const reach = ((kernel[i] ?? 1) - 1) * (dilations[i] ?? 1) + 1;
  if (stride === 1) return l.attrs.string('padding') === 'SAME' ? reach - 1 : 0;
  return size < 0 || target < 0 ? undefined : (size - 1) * stride + reach - target;
}

function cut(l: Lowering, totals: readonly number[], layout: Layout): Record<string, OnnxAttr> {
  const output_padding = totals.map((total) => Math.max(0, -total));
  if (l.attrs.string('padding') === 'EXPLICIT') throw l.refuse('explicit padding of a transposed convolution');
  const before =
    l.attrs.string('padding') === 'SAME'
      ? totals.map((total) => Math.floor(Math.max(0, total) / 2))
      : range(layout.spatial).fill(0);
  const after = totals.map((total, i) => Math.max(0, total) - (before[i] ?? 0));
  return { pads: [...before, ...after], output_padding };
}

/** No padding, and as many results behind the last as any legal size has. */
function full({ strides }: Window): Record<string, OnnxAttr> {
  return { output_padding: strides.map((stride) => stride - 1) };
}

/** Cuts the wanted size out of the full result, at run time. */
function trimmed(l: Lowering, value: Value, { strides }: Window, layout: Layout): Value {
  if (l.attrs.string('padding') === 'EXPLICIT') throw l.refuse('explicit padding of a transposed convolution');
  const { spatial } = layout;
  const vector = { dtype: 'int64', shape: [spatial] } as const;
  const f = (op: string, ...inputs: Value[]): Value => l.emit(op, inputs, {}, vector);
  const axes = ints(
    l,
    range(spatial).map((i) => i + 2),
  );
  const sizes = asInt64(l, 0);
  if ((l.shape(0)?.[0] ?? -1) < 0) throw l.refuse('the number of sizes is unknown');
  const wanted = l.shape(0)?.[0] === spatial ? sizes : f('Gather', sizes, ints(l, layout.axes));
  const have = f(
    'Sub',
    f('Gather', shapeOf(l, value), axes),
    ints(
      l,
      strides.map((stride) => stride - 1),
    ),
  );
  const surplusNow = f('Max', f('Sub', have, wanted), ints(l, [0]));
  const same = l.attrs.string('padding') === 'SAME';
  const starts = same ? f('Div', surplusNow, ints(l, [2])) : ints(l, range(spatial).fill(0));
  const shape = channelsFirstShape(l, layout);
  return l.emit('Slice', [value, starts, f('Add', starts, wanted), axes], {}, { dtype: l.dtype(2), shape });
}

/** Adds one number per channel; in NCHW the channels are not last. */
function biasAdd(l: Lowering): Value {
  const nchw = l.attrs.string('data_format', 'NHWC').startsWith('NC');
  const rank = nchw ? l.rank(0) : 2;
  const dtype = l.dtype();
  if (!nchw || rank <= 2) return run(l, 'Add', [l.input(0), l.input(1)], dtype);
  const ones = new Array<number>(rank - 2).fill(1);
  const bias = weights(
    l,
    1,
    (constant) => reshaped(constant, [sizeOf(constant.shape), ...ones]),
    (value) =>
      l.emit(
        'Unsqueeze',
        [
          value,
          ints(
            l,
            range(rank - 2).map((i) => i + 1),
          ),
        ],
        {},
        { dtype, shape: [-1, ...ones] },
      ),
  );
  return run(l, 'Add', [l.input(0), bias], dtype);
}

export const CONVOLUTION = {
  Conv2D: convolution(2),
  Conv3D: convolution(3),
  DepthwiseConv2dNative: depthwise,
  Conv2DBackpropInput: backpropInput(2),
  Conv3DBackpropInputV2: backpropInput(3),
  BiasAdd: biasAdd,
  BiasAddV1: (l) => run(l, 'Add', [l.input(0), l.input(1)], l.dtype()),
} satisfies Record<string, Lower>;
