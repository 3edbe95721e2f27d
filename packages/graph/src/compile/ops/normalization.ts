/** Batch normalisation (inference), local response normalisation, softmax. */

import { reshaped } from '../../late-tensor.ts';
import type { Value } from '../../onnx-graph.ts';
import type { Tensor } from '../../tensor.ts';
import { float32, toNumbers } from '../constant.ts';
import { each, type Lower, type Lowering } from '../lowering.ts';
import { cast, range, run, scalar, unsqueeze } from './common.ts';
import { isFloat } from './unary.ts';
import { channelsFirstShape, fromChannelsFirst, IMAGES, toChannelsFirst } from './window.ts';

/** y = x * a + b with a = scale / sqrt(variance + epsilon) and b = offset - mean * a; the other outputs are the given statistics. */
function batchNorm(l: Lowering): readonly Value[] {
  if (l.attrs.bool('is_training', true))
    throw l.refuse('is_training: it would normalise by the statistics of each batch');
  const dtype = l.dtype();
  if (dtype !== 'float32' && dtype !== 'float16') throw l.refuse(`batch normalisation of ${dtype}`);
  const rank = l.rank(0);
  const trailing = l.attrs.string('data_format', 'NHWC').startsWith('NC') ? rank - 2 : 0;
  const { a, b } = constantAffine(l, trailing) ?? emittedAffine(l, trailing);
  // The statistics are float32 whatever the image is.
  const x = cast(l, l.input(0), dtype, 'float32');
  const y = run(l, 'Add', [run(l, 'Mul', [x, a], 'float32'), b], 'float32');
  const [mean, variance] = [l.input(3), l.input(4)];
  return [cast(l, y, 'float32', dtype), mean, variance, mean, variance, scalar(l, 'float32', 0)];
}

interface Affine {
  readonly a: Value;
  readonly b: Value;
}

function constantAffine(l: Lowering, trailing: number): Affine | undefined {
  const parts = range(4).map((i) => l.constant(i + 1));
  if (!parts.every((part) => part !== undefined)) return undefined;
  const [scale, offset, mean, variance] = parts.map(toNumbers) as [Numbers, Numbers, Numbers, Numbers];
  const epsilon = l.attrs.float('epsilon', 1e-4);
  const a = scale.map((value, i) => value / Math.sqrt((variance[i] ?? 0) + epsilon));
  const b = offset.map((value, i) => value - (mean[i] ?? 0) * (a[i] ?? 0));
  const shaped = (values: Numbers): Tensor =>
    reshaped(float32(values), [values.length, ...new Array<number>(trailing).fill(1)]);
  return { a: l.fresh('scale', shaped(a)), b: l.fresh('offset', shaped(b)) };
}
type Numbers = readonly number[];

function emittedAffine(l: Lowering, trailing: number): Affine {
  const [scale, offset, mean, variance] = l.inputs(1, 5) as [Value, Value, Value, Value];
  const f = (op: string, ...inputs: Value[]): Value => run(l, op, inputs, 'float32', { shape: null });
  const a = f('Div', scale, f('Sqrt', f('Add', variance, scalar(l, 'float32', l.attrs.float('epsilon', 1e-4)))));
  const b = f('Sub', offset, f('Mul', mean, a));
  const axes = range(trailing).map((i) => i + 1);
  return { a: unsqueeze(l, a, axes), b: unsqueeze(l, b, axes) };
}

/** TensorFlow sums alpha * x^2 over 2 r + 1 channels where ONNX averages. */
function lrn(l: Lowering): Value {
  const size = 2 * l.attrs.int('depth_radius', 5) + 1;
  const attrs = {
    size,
    alpha: { f: l.attrs.float('alpha', 1) * size },
    beta: { f: l.attrs.float('beta', 0.5) },
    bias: { f: l.attrs.float('bias', 1) },
  };
  if (!(attrs.alpha.f > 0 && attrs.beta.f > 0)) throw l.refuse('the engine normalises with positive numbers only');
  const x = toChannelsFirst(l, l.input(0), IMAGES);
  return fromChannelsFirst(l, run(l, 'LRN', [x], l.dtype(), { attrs, shape: channelsFirstShape(l, IMAGES) }), IMAGES);
}

function lastAxis(op: string): Lower {
  return (l) => run(l, op, [l.input(0)], l.dtype(), { attrs: { axis: -1 } });
}

/** Half the sum of squares. */
function l2Loss(l: Lowering): Value {
  const dtype = l.dtype();
  if (!isFloat(dtype)) throw l.refuse(`L2Loss of ${dtype}`);
  const squares = run(l, 'Mul', [l.input(0), l.input(0)], dtype, { shape: l.shape(0) });
  return run(
    l,
    'Mul',
    [run(l, 'ReduceSum', [squares], dtype, { attrs: { keepdims: 0 } }), scalar(l, dtype, 0.5)],
    dtype,
  );
}

export const NORMALIZATION = {
  ...each('FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3', batchNorm),
  LRN: lrn,
  Softmax: lastAxis('Softmax'),
  LogSoftmax: lastAxis('LogSoftmax'),
  L2Loss: l2Loss,
} satisfies Record<string, Lower>;
