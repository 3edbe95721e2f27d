/**
 * Windows over an image as values of their own: patches, dilation by a filter, and the greatest of a window with its place.
 * Source: TensorFlow's `extract_image_patches_op.cc`, `dilation_ops.cc`, `maxpooling_op.cc`.
 */
import type { DType } from '../../dtype.ts';
import type { Value } from '../../onnx-graph.ts';
import { kernelDtype } from '../kernels.ts';
import type { Lower, Lowering } from '../lowering.ts';
import { Calculator, indices, sizeOfAxis, vector } from './calculate.ts';
import { cast, ints, range, run, scalar, transpose } from './common.ts';
import { isFloat } from './unary.ts';
import { IMAGES, spatialOf } from './window.ts';

/** How a window moves along the spatial dimensions 1, 2, ... */
interface Windows {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly rates: readonly number[];
}

/** One dimension: how much goes before it, and where each of its windows finds each of its elements: [windows, size]. */
interface Places {
  readonly before: Value | number;
  readonly after: Value | number;
  readonly at: Value;
}

function placesOf(l: Lowering, axis: number, { sizes, strides, rates }: Windows): Places {
  const [size = 1, stride = 1, rate = 1] = [sizes, strides, rates].map((list) => list[axis - 1]);
  const whole = new Calculator(l, 'int64');
  const length = sizeOfAxis(l, l.input(0), axis, l.shape(0)?.[axis]);
  const reach = (size - 1) * rate + 1;
  const same = l.attrs.string('padding') === 'SAME';
  // Rounded up for SAME, down for VALID, where a window that is too large stands nowhere.
  const room = same ? whole.do('Add', length, stride - 1) : whole.do('Max', whole.do('Add', length, stride - reach), 0);
  const count = whole.do('Div', room, stride);
  const first = whole.do('Mul', indices(l, count, 1), stride);
  const offsets = l.fresh('offsets', {
    dtype: 'int64',
    shape: [size],
    data: BigInt64Array.from(range(size), (i) => BigInt(i * rate)),
  });
  const at = whole.do('Add', first, offsets);
  if (!same) return { before: 0, after: 0, at };
  const needed = whole.do('Add', whole.do('Mul', whole.do('Sub', count, 1), stride), reach);
  const total = whole.do('Max', whole.do('Sub', needed, length), 0);
  const before = whole.do('Div', total, 2);
  return { before, after: whole.do('Sub', total, before), at };
}

/** Patches [batch, places..., sizes..., channels]; what is outside is `fill`. */
function patchesOf(l: Lowering, windows: Windows, fill: number): Value {
  const spatial = windows.sizes.length;
  const dtype = l.dtype();
  const places = range(spatial).map((i) => placesOf(l, i + 1, windows));
  let value = l.input(0);
  if (l.attrs.string('padding') === 'SAME') {
    const pads = vector(l, [0, ...places.map(({ before }) => before), 0, 0, ...places.map(({ after }) => after), 0]);
    value = padded(l, value, pads, fill, dtype);
  }
  places.forEach(({ at }, i) => {
    const shape = new Array<number>(spatial + 3 + i).fill(-1);
    value = l.emit('Gather', [value, at], { axis: 2 * i + 1 }, { dtype, shape });
  });
  const of = (offset: number): number[] => range(spatial).map((i) => 2 * i + 1 + offset);
  return transpose(l, value, [0, ...of(0), ...of(1), 2 * spatial + 1]);
}

function padded(l: Lowering, value: Value, pads: Value, fill: number, dtype: DType): Value {
  const kernel = kernelDtype('Pad', dtype, l.opset);
  if (kernel === undefined) throw l.refuse(`the engine cannot pad ${dtype}`);
  const shape = new Array<number>(l.rank(0)).fill(-1);
  const inputs = [cast(l, value, dtype, kernel), pads, scalar(l, kernel, fill)];
  return cast(l, l.emit('Pad', inputs, {}, { dtype: kernel, shape }), kernel, dtype);
}

/** `spatial` dimensions of images; the elements of a patch go into the channels. */
function extractPatches(spatial: number): Lower {
  return (l) => {
    const inner = (name: string, fallback?: readonly number[]): readonly number[] => {
      const list = l.attrs.ints(name, fallback);
      if (list.length !== spatial + 2 || list[0] !== 1 || list.at(-1) !== 1) throw l.refuse(`${name} [${list}]`);
      return list.slice(1, -1);
    };
    const windows = {
      sizes: inner('ksizes'),
      strides: inner('strides'),
      rates: inner('rates', range(spatial + 2).fill(1)),
    };
    if (
      spatial === 3 &&
      l.attrs.string('padding') === 'SAME' &&
      windows.strides.some((by, i) => by > (windows.sizes[i] ?? 1) + 1)
    )
      throw l.refuse('strides larger than the patches');
    const patches = patchesOf(l, windows, 0);
    const known = l.outType().shape?.slice(1) ?? [];
    const rest = known.map((size, i) => (size >= 0 ? size : i === spatial ? -1 : 0));
    return l.emit('Reshape', [patches, ints(l, [0, ...rest])], {}, l.outType());
  };
}

/** Inputs: images, a filter [rows, columns, channels]: the greatest sum of a pixel and its weight in each window. */
function dilation(l: Lowering): Value {
  const dtype = floatOf(l);
  const [rows = -1, columns = -1] = l.shape(1) ?? [];
  if (rows < 0 || columns < 0) throw l.refuse('the shape of the filter is unknown');
  const inner = (name: string): readonly number[] => l.attrs.ints(name).slice(1, 3);
  const windows = { sizes: [rows, columns], strides: inner('strides'), rates: inner('rates') };
  const patches = patchesOf(l, windows, Number.NEGATIVE_INFINITY);
  const sums = new Calculator(l, dtype).do('Add', patches, l.input(1));
  return run(l, 'ReduceMax', [sums], dtype, { attrs: { keepdims: 0 }, extra: [ints(l, [3, 4])] });
}

/** Values, and where each was in its image (or in all of them) as one number; of equal ones the first. */
function maxPoolWithArgmax(l: Lowering): readonly Value[] {
  const dtype = floatOf(l);
  const [sizes, strides] = ['ksize', 'strides'].map((name) => spatialOf(l, l.attrs.ints(name), IMAGES, name));
  const windows = { sizes: sizes as number[], strides: strides as number[], rates: [1, 1] };
  const [rows = 1, columns = 1] = windows.sizes;
  const patches = patchesOf(l, windows, Number.NEGATIVE_INFINITY);
  const shape = l.outType().shape;
  const flat = l.emit('Reshape', [patches, ints(l, [0, 0, 0, rows * columns, -1])], {}, { dtype, shape: null });
  const keep = { keepdims: 0 };
  const greatest = run(l, 'ReduceMax', [flat], dtype, { attrs: keep, extra: [ints(l, [3])] });
  const first = run(l, 'ArgMax', [flat], dtype, { attrs: { axis: 3, ...keep }, result: 'int64' });
  l.graph.types.set(first, { dtype: 'int64', shape });
  return [greatest, cast(l, placeOf(l, first, windows), 'int64', l.attrs.dtype('Targmax', 'int64'))];
}

/** The number of the element in its image, given which element of each window it is. */
function placeOf(l: Lowering, element: Value, { sizes, strides }: Windows): Value {
  const whole = new Calculator(l, 'int64');
  const [, height, width, channels] = range(4).map((axis) => sizeOfAxis(l, l.input(0), axis, l.shape(0)?.[axis]));
  const along = (axis: number, inWindow: Value): Value => {
    const { before } = placesOf(l, axis, { sizes, strides, rates: [1, 1] });
    const window = indices(l, sizeOfAxis(l, element, axis, l.outType().shape?.[axis]), 3 - axis);
    return whole.do('Add', whole.do('Sub', whole.do('Mul', window, strides[axis - 1] ?? 1), before), inWindow);
  };
  const row = along(1, whole.do('Div', element, sizes[1] ?? 1));
  const column = along(2, whole.do('Mod', element, sizes[1] ?? 1));
  const pixel = whole.do('Add', whole.do('Mul', row, width as Value), column);
  const place = whole.do('Add', whole.do('Mul', pixel, channels as Value), indices(l, channels as Value));
  if (!l.attrs.bool('include_batch_in_index', false)) return place;
  const size = whole.do('Mul', whole.do('Mul', height as Value, width as Value), channels as Value);
  return whole.do('Add', place, whole.do('Mul', indices(l, sizeOfAxis(l, element, 0), 3), size));
}

function floatOf(l: Lowering): DType {
  const dtype = l.dtype();
  if (!isFloat(dtype)) throw l.refuse(`windows of ${dtype}`);
  return dtype;
}

export const PATCHES = {
  ExtractImagePatches: extractPatches(2),
  ExtractVolumePatches: extractPatches(3),
  Dilation2D: dilation,
  MaxPoolWithArgmax: maxPoolWithArgmax,
} satisfies Record<string, Lower>;
