/**
 * Resizing by weighing pixels along each axis: the image times one matrix for its rows and one for its columns. A matrix is computed from
 * the sizes where the op runs, in float32 and in TensorFlow's order, so that it falls on the same side of each pixel's edge; where all
 * sizes are known the engine computes it once.
 * Source: `resize_bicubic_op.cc`, `resize_area_op.cc`, `scale_and_translate_op.cc` and `sampling_kernels.h` in `tensorflow/core/kernels/image`.
 */
import type { Value } from '../../onnx-graph.ts';
import type { Lower, Lowering } from '../lowering.ts';
import { and, Calculator, indices, not, or, sizeOfAxis, vector } from './calculate.ts';
import { cast, ints, reshape } from './common.ts';
import { KERNELS, type Kernel } from './resample-kernels.ts';

/** One axis of an image on its way from `before` pixels to `after`. */
interface Axis {
  /** Calculates in float32. */
  readonly f: Calculator;
  readonly before: Value;
  readonly after: Value;
  /** Number of each pixel: of the result as a column, of the image as a row. */
  readonly to: Value;
  readonly from: Value;
}

/** How many pixels of the image one of the result stands for. */
function scaleOf(l: Lowering, { f, before, after }: Axis): Value {
  const plain = f.do('Div', before, after);
  if (!l.attrs.bool('align_corners', false)) return plain;
  const steps = f.do('Sub', after, 1);
  const corners = f.do('Div', f.do('Sub', before, 1), f.do('Max', steps, 1));
  return f.pick(f.is('Greater', steps, 0), corners, plain);
}

/** Makes each row's weights sum to one, but where they sum to nothing. */
function normalised(l: Lowering, f: Calculator, matrix: Value): Value {
  const sum = l.emit('ReduceSum', [matrix, ints(l, [1])], { keepdims: 1 }, { dtype: f.dtype, shape: null });
  const some = f.is('Greater', f.do('Abs', sum), 1e-35);
  return f.do('Div', matrix, f.pick(some, sum, 1));
}

/** Steps between the entries of TensorFlow's table of cubic weights. */
const CUBIC_STEPS = 1024;

/** Weights of the four pixels around: of those outside, the edge's pixel has them (of old), or nobody (with centres at halves). */
function cubic(l: Lowering, axis: Axis): Value {
  const { f, before, to, from } = axis;
  const half = l.attrs.bool('half_pixel_centers', false);
  const scale = scaleOf(l, axis);
  const at = half ? f.do('Sub', f.do('Mul', f.do('Add', to, 0.5), scale), 0.5) : f.do('Mul', to, scale);
  const first = f.do('Floor', at);
  const step = f.do('Div', f.do('Round', f.do('Mul', f.do('Sub', at, first), CUBIC_STEPS)), CUBIC_STEPS);
  const rest = f.do('Sub', 1, step);
  const a = half ? -0.5 : -0.75;
  const weights = [far(f, a, step), near(f, a, step), near(f, a, rest), far(f, a, rest)];
  const last = f.do('Sub', before, 1);
  const parts = weights.map((weight, i) => {
    const pixel = f.do('Add', first, i - 1);
    const inside = half ? pixel : f.do('Max', f.do('Min', pixel, last), 0);
    return f.pick(f.is('Equal', inside, from), weight, 0);
  });
  const matrix = parts.reduce((sum, part) => f.do('Add', sum, part));
  return half ? normalised(l, f, matrix) : matrix;
}

/** ((a + 2) x - (a + 3)) x^2 + 1 */
function near(f: Calculator, a: number, x: Value): Value {
  const inner = f.do('Sub', f.do('Mul', x, a + 2), a + 3);
  return f.do('Add', f.do('Mul', f.do('Mul', inner, x), x), 1);
}

/** ((a y - 5 a) y + 8 a) y - 4 a of y = x + 1 */
function far(f: Calculator, a: number, x: Value): Value {
  const y = f.do('Add', x, 1);
  const inner = f.do('Add', f.do('Mul', f.do('Sub', f.do('Mul', y, a), 5 * a), y), 8 * a);
  return f.do('Sub', f.do('Mul', inner, y), 4 * a);
}

/** How much of the stretch that a pixel of the result stands for lies in each of the image; the last reaches on. */
function area(l: Lowering, axis: Axis): Value {
  const { f, before, to, from } = axis;
  const scale = scaleOf(l, axis);
  const [start, end] = [f.do('Mul', to, scale), f.do('Mul', f.do('Add', to, 1), scale)];
  const isLast = f.is('Equal', from, f.do('Sub', before, 1));
  const upper = f.pick(isLast, Number.POSITIVE_INFINITY, f.do('Add', from, 1));
  const shared = f.do('Sub', f.do('Min', upper, end), f.do('Max', from, start));
  return f.do('Div', f.do('Max', shared, 0), scale);
}

/** A kernel around the place where a pixel of the result is; wider by the scale where pixels become fewer. */
function kernelWeights(l: Lowering, axis: Axis, { radius, weight }: Kernel, i: number): Value {
  const { f, before, to, from } = axis;
  const part = (input: number): Value => {
    const inputs = [l.input(input), ints(l, [i])];
    return reshape(l, l.emit('Gather', inputs, { axis: 0 }, { dtype: 'float32', shape: [1] }), [], 'float32');
  };
  const step = f.do('Div', 1, part(2));
  const shift = f.do('Mul', f.do('Neg', step), part(3));
  const at = f.do('Add', f.do('Mul', f.do('Add', to, 0.5), step), shift);
  const wide = l.attrs.bool('antialias', true) ? f.do('Max', step, 1) : f.do('Add', 0, 1);
  const reach = f.do('Mul', wide, radius);
  const last = f.do('Sub', before, 1);
  const inside = (pixel: Value): Value => f.do('Max', f.do('Min', pixel, last), 0);
  const start = inside(f.do('Ceil', f.do('Sub', f.do('Sub', at, reach), 0.5)));
  const end = inside(f.do('Floor', f.do('Sub', f.do('Add', at, reach), 0.5)));
  const distance = f.do('Abs', f.do('Mul', f.do('Sub', f.do('Add', from, 0.5), at), f.do('Div', 1, wide)));
  const spanned = and(l, f.is('GreaterOrEqual', from, start), f.is('LessOrEqual', from, end));
  const matrix = normalised(l, f, f.pick(spanned, weight(f, distance), 0));
  const outside = or(l, f.is('Less', at, 0), f.is('Greater', at, before));
  return f.pick(not(l, outside), matrix, 0);
}

/** `weigh` gives the matrix [pixels of the result, pixels of the image] of rows (0) and columns (1). */
function resampled(weigh: (l: Lowering, axis: Axis, i: number) => Value): Lower {
  return (l) => {
    const f = new Calculator(l, 'float32');
    const shape = l.shape(0);
    const [height = '', width = ''] = [1, 2].map((axis) => sizeOfAxis(l, l.input(0), axis, shape?.[axis]));
    const matrix = (before: Value, i: number): Value => {
      const after = resultSize(l, i);
      const axis = { to: f.from(indices(l, after, 1), 'int64'), from: f.from(indices(l, before), 'int64') };
      const weights = weigh(l, { f, before: f.from(before, 'int64'), after: f.from(after, 'int64'), ...axis }, i);
      l.graph.types.set(weights, { dtype: 'float32', shape: [l.outType().shape?.[i + 1] ?? -1, shape?.[i + 1] ?? -1] });
      return weights;
    };
    const image = cast(l, l.input(0), l.dtype(), 'float32');
    const rows = l.emit('Reshape', [image, ints(l, [0, 0, -1])], {}, { dtype: 'float32', shape: null });
    const fewer = l.emit('MatMul', [matrix(height, 0), rows], {}, { dtype: 'float32', shape: null });
    const parted = l.emit('Reshape', [fewer, partedShape(l, width)], {}, { dtype: 'float32', shape: null });
    return l.emit('MatMul', [matrix(width, 1), parted], {}, { dtype: 'float32', shape: l.outType().shape });
  };
}

/** Columns and channels taken apart again. */
function partedShape(l: Lowering, width: Value): Value {
  const [, , columns = -1, depth = -1] = l.shape(0) ?? [];
  return vector(l, columns >= 0 || depth >= 0 ? [0, 0, columns, depth] : [0, 0, width, -1]);
}

/** Rows (0) or columns (1) of the result, an int64 scalar. */
function resultSize(l: Lowering, i: number): Value {
  const known = l.outType().shape?.[i + 1] ?? -1;
  const size = l.emit('Gather', [l.input(1), ints(l, [i])], { axis: 0 }, { dtype: l.dtype(1), shape: [1] });
  return known >= 0 ? sizeOfAxis(l, size, 0, known) : reshape(l, cast(l, size, l.dtype(1), 'int64'), [], 'int64');
}

function scaleAndTranslate(l: Lowering): ReturnType<Lower> {
  const name = l.attrs.string('kernel_type', 'lanczos3');
  const kernel = KERNELS.get(name);
  if (kernel === undefined) throw l.refuse(`a kernel called ${name}`);
  return resampled((_, axis, i) => kernelWeights(l, axis, kernel, i))(l);
}

export const RESAMPLE = {
  ResizeBicubic: resampled(cubic),
  ResizeArea: resampled(area),
  ScaleAndTranslate: scaleAndTranslate,
} satisfies Record<string, Lower>;
