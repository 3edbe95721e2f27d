/**
 * What detectors end in: non-maximum suppression, and crops of images.
 * Source: `tensorflow/core/kernels/image/non_max_suppression_op.cc` and `crop_and_resize_op.cc`. ONNX's NonMaxSuppression keeps the same
 * boxes in the same order: of equal scores the first, and both comparisons are strict.
 */
import type { DType } from '../../dtype.ts';
import type { Value } from '../../onnx-graph.ts';
import type { Lower, Lowering } from '../lowering.ts';
import { and, Calculator, indices, reshapeTo, sizeOfAxis, vector } from './calculate.ts';
import { asInt64, cast, ints, placesOf, reshape, scalar, transpose, unsqueeze } from './common.ts';

const LOWEST_FLOAT = -3.4028234663852886e38;
const INT64 = { dtype: 'int64', shape: null } as const;

/** Input `i` as a float32 of shape [1]; `fallback` where the op has no such input. */
function threshold(l: Lowering, i: number, fallback: number): Value {
  if (i < 0) return reshape(l, scalar(l, 'float32', fallback), [1], 'float32');
  return reshape(l, cast(l, l.input(i), l.dtype(i), 'float32'), [1], 'float32');
}

function suppress(l: Lowering, boxes: Value, scores: Value, most: Value, iou: Value, score: Value): Value {
  return l.emit('NonMaxSuppression', [boxes, scores, most, iou, score], {}, { dtype: 'int64', shape: [-1, 3] });
}

interface Suppression {
  /** Input that has the threshold of the overlap; -1: an attribute has it. */
  readonly iou: number;
  /** Input that has the least score; -1 where the op has none. */
  readonly score: number;
}

/** Indices of the boxes [n, 4] that are kept, best first, as int64. Inputs: boxes, scores [n], how many at most. */
function kept(l: Lowering, { iou, score }: Suppression): Value {
  const boxes = unsqueeze(l, cast(l, l.input(0), l.dtype(0), 'float32'), [0]);
  const scores = unsqueeze(l, cast(l, l.input(1), l.dtype(1), 'float32'), [0, 1]);
  const overlap = threshold(l, iou, iou < 0 ? l.attrs.float('iou_threshold', 0.5) : 0);
  const selected = suppress(l, boxes, scores, mostOf(l), overlap, threshold(l, score, LOWEST_FLOAT));
  return l.emit('Gather', [selected, scalar(l, 'int64', 2)], { axis: 1 }, { dtype: 'int64', shape: [-1] });
}

/** Input 2 as int64 of shape [1]. */
function mostOf(l: Lowering): Value {
  return reshape(l, asInt64(l, 2), [1], 'int64');
}

function nonMaxSuppression(suppression: Suppression): Lower {
  return (l) => cast(l, kept(l, suppression), 'int64', 'int32');
}

/** Outputs: the indices, their scores where the op gives them, and how many there are; filled up with 0 where it is asked for. */
function padded(withScores: boolean): Lower {
  return (l) => {
    if (withScores && l.needNumbers(5, 'the sigma of soft suppression')[0] !== 0)
      throw l.refuse('soft suppression (a sigma other than 0)');
    const found = kept(l, { iou: 3, score: 4 });
    const count = sizeOfAxis(l, found, 0);
    const fill = (value: Value, dtype: DType): Value =>
      l.attrs.bool('pad_to_max_output_size', false) ? filled(l, value, dtype, count) : value;
    const chosen = cast(l, fill(found, 'int64'), 'int64', 'int32');
    const valid = cast(l, count, 'int64', 'int32');
    if (!withScores) return [chosen, valid];
    const scores = l.emit('Gather', [l.input(1), found], { axis: 0 }, { dtype: l.dtype(1), shape: [-1] });
    return [chosen, cast(l, fill(cast(l, scores, l.dtype(1), 'float32'), 'float32'), 'float32', l.dtype(1)), valid];
  };
}

/** A vector of `count` elements with zeros behind it, as many as may be selected. */
function filled(l: Lowering, value: Value, dtype: DType, count: Value): Value {
  const missing = new Calculator(l, 'int64').do('Sub', mostOf(l), count);
  return l.emit('Pad', [value, vector(l, [0, missing])], {}, { dtype, shape: [-1] });
}

/** Sizes of the parts of CombinedNonMaxSuppression. */
interface Combined {
  readonly batch: Value;
  readonly boxes: Value;
  readonly classes: Value;
  /** Boxes are the same for all classes. */
  readonly shared: boolean;
  /** How many boxes come out for each image. */
  readonly total: number;
}

/**
 * Inputs: boxes [batch, n, q, 4] (q is 1, or one set for each class), scores [batch, n, classes], most of a class, most of an image,
 * thresholds. Of each image's boxes, over all classes, the best; what is missing is 0.
 */
function combined(l: Lowering): readonly Value[] {
  const sizes = combinedSizes(l);
  const scores = transpose(l, l.input(1), [0, 2, 1]);
  const selected = selectedOf(l, sizes, scores);
  const flat = bestScores(l, sizes, scores, selected);
  const most = new Calculator(l, 'int64');
  const candidates = most.do('Mul', sizes.classes, sizes.boxes);
  const count = l.emit('Reshape', [most.do('Min', candidates, sizes.total), ints(l, [1])], {}, INT64);
  const attrs = { axis: -1, largest: 1, sorted: 1 };
  const [best = '', at = ''] = l.emitMany('TopK', [flat, count], 2, attrs, { dtype: 'float32', shape: [-1, -1] });
  const valid = new Calculator(l, 'float32').is('Greater', best, -Infinity);
  return results(l, sizes, { best, at, valid, missing: most.do('Sub', sizes.total, count) });
}

function combinedSizes(l: Lowering): Combined {
  const [perClass = 0] = l.needNumbers(2, 'max_output_size_per_class');
  const [limit = 0] = l.needNumbers(3, 'max_total_size');
  const classes = l.shape(1)?.[2] ?? -1;
  const q = l.shape(0)?.[2] ?? -1;
  if (q < 0 || (q !== 1 && classes < 0)) throw l.refuse('the number of classes is unknown');
  const padsPerClass = l.attrs.bool('pad_per_class', false);
  if (padsPerClass && classes < 0) throw l.refuse('the number of classes is unknown');
  return {
    batch: sizeOfAxis(l, l.input(1), 0),
    boxes: sizeOfAxis(l, l.input(1), 1, l.shape(1)?.[1]),
    classes: sizeOfAxis(l, l.input(1), 2, classes),
    shared: q === 1,
    total: l.count(padsPerClass ? Math.min(limit, perClass * classes) : limit, 'max_total_size'),
  };
}

/** Rows of (image, class, box) that are kept within their class. */
function selectedOf(l: Lowering, { batch, boxes, classes, shared }: Combined, scores: Value): Value {
  const limits = [mostOf(l), threshold(l, 4, 0), threshold(l, 5, 0)] as const;
  if (shared) return suppress(l, reshapeTo(l, l.input(0), [batch, boxes, 4], 'float32'), scores, ...limits);
  // Each class has boxes of its own: it becomes an image of its own.
  const calculate = new Calculator(l, 'int64');
  const images = calculate.do('Mul', batch, classes);
  const own = reshapeTo(l, transpose(l, l.input(0), [0, 2, 1, 3]), [images, boxes, 4], 'float32');
  const rows = suppress(l, own, reshapeTo(l, scores, [images, 1, boxes], 'float32'), ...limits);
  const column = (i: number): Value => l.emit('Gather', [rows, ints(l, [i])], { axis: 1 }, INT64);
  const image = column(0);
  const parts = [calculate.do('Div', image, classes), calculate.do('Mod', image, classes), column(2)];
  return l.emit('Concat', parts, { axis: 1 }, { dtype: 'int64', shape: [-1, 3] });
}

/** Scores [batch, classes * n], minus infinity for what is not kept; its order is that in which equal scores are taken. */
function bestScores(l: Lowering, { batch, boxes, classes }: Combined, scores: Value, selected: Value): Value {
  const nothing = l.emit(
    'Expand',
    [scalar(l, 'float32', -Infinity), vector(l, [batch, classes, boxes])],
    {},
    {
      dtype: 'float32',
      shape: [-1, -1, -1],
    },
  );
  const values = l.emit('GatherND', [scores, selected], {}, { dtype: 'float32', shape: [-1] });
  const dense = l.emit('ScatterND', [nothing, selected, values], {}, { dtype: 'float32', shape: [-1, -1, -1] });
  return reshapeTo(l, dense, [batch, new Calculator(l, 'int64').do('Mul', classes, boxes)], 'float32');
}

interface Best {
  readonly best: Value;
  readonly at: Value;
  readonly valid: Value;
  readonly missing: Value;
}

/** Boxes [batch, total, 4], scores and classes [batch, total], and how many of each image are no filling. */
function results(l: Lowering, sizes: Combined, { best, at, valid, missing }: Best): readonly Value[] {
  const float = new Calculator(l, 'float32');
  const whole = new Calculator(l, 'int64');
  const orZero = (value: Value): Value => float.pick(valid, value, 0);
  const more = (value: Value, behind: readonly number[]): Value => {
    const pads = [0, 0, ...behind, 0, missing, ...behind];
    return l.emit('Pad', [value, vector(l, pads)], {}, { dtype: 'float32', shape: null });
  };
  const classOf = float.from(whole.do('Div', at, sizes.boxes), 'int64');
  const boxes = clipped(l, chosenBoxes(l, sizes, at));
  const zeroed = float.pick(unsqueeze(l, valid, [2]), boxes, 0);
  const count = l.emit(
    'ReduceSum',
    [cast(l, valid, 'bool', 'int32'), ints(l, [1])],
    { keepdims: 0 },
    { dtype: 'int32', shape: [-1] },
  );
  return [more(zeroed, [0]), more(orZero(best), []), more(orZero(classOf), []), count];
}

/** The boxes [batch, k, 4] of places in (class, box). */
function chosenBoxes(l: Lowering, { batch, boxes, classes, shared }: Combined, at: Value): Value {
  const whole = new Calculator(l, 'int64');
  const place = unsqueeze(l, shared ? whole.do('Mod', at, boxes) : at, [2]);
  const table = shared
    ? reshapeTo(l, l.input(0), [batch, boxes, 4], 'float32')
    : reshapeTo(l, transpose(l, l.input(0), [0, 2, 1, 3]), [batch, whole.do('Mul', classes, boxes), 4], 'float32');
  return l.emit('GatherND', [table, place], { batch_dims: 1 }, { dtype: 'float32', shape: [-1, -1, 4] });
}

function clipped(l: Lowering, boxes: Value): Value {
  if (!l.attrs.bool('clip_boxes', true)) return boxes;
  return l.emit(
    'Clip',
    [boxes, scalar(l, 'float32', 0), scalar(l, 'float32', 1)],
    {},
    { dtype: 'float32', shape: [-1, -1, 4] },
  );
}

/** Where the lines of a crop lie in the image: [n, size], and whether that is inside. */
interface Lines {
  readonly at: Value;
  readonly inside: Value;
}

/**
 * Inputs: images [batch, height, width, channels], boxes [n, 4] as (y1, x1, y2, x2) of 0..1, the image of each, the crops' size [2].
 * The corners of a crop are those of its box; what is outside the image is `extrapolation_value`.
 */
function cropAndResize(l: Lowering): Value {
  const [rows = 0, columns = 0] = l.needNumbers(3, 'the size of the crops');
  const nearest = l.attrs.string('method', 'bilinear') === 'nearest';
  const sizes = [0, 1, 2, 3].map((axis) => sizeOfAxis(l, l.input(0), axis, l.shape(0)?.[axis]));
  const [, height = '', width = '', depth = ''] = sizes;
  const float = new Calculator(l, 'float32');
  const y = linesOf(l, height, rows, [0, 2]);
  const x = linesOf(l, width, columns, [1, 3]);
  const pixels = reshapeTo(l, cast(l, l.input(0), l.dtype(), 'float32'), [-1, depth], 'float32');
  const pick = (row: Value, column: Value): Value => pixelsAt(l, pixels, sizes, row, column);
  const inside = unsqueeze(l, and(l, unsqueeze(l, y.inside, [2]), unsqueeze(l, x.inside, [1])), [3]);
  const value = nearest ? pick(rounded(float, y.at), rounded(float, x.at)) : between(l, y.at, x.at, pick);
  return float.pick(inside, value, l.attrs.float('extrapolation_value', 0));
}

/** Line i of `count` between edges `from` and `to`; a single one lies in the middle. */
function linesOf(l: Lowering, size: Value, count: number, [from, to]: readonly [number, number]): Lines {
  const float = new Calculator(l, 'float32');
  const edge = (i: number): Value =>
    l.emit('Gather', [l.input(1), ints(l, [i])], { axis: 1 }, { dtype: 'float32', shape: [-1, 1] });
  const last = float.do('Sub', float.from(size, 'int64'), 1);
  const [start, end] = [edge(from), edge(to)];
  const at =
    count > 1
      ? spread(float, start, end, last, count, l)
      : float.do('Mul', float.do('Mul', float.do('Add', start, end), 0.5), last);
  return { at, inside: and(l, float.is('GreaterOrEqual', at, 0), float.is('LessOrEqual', at, last)) };
}

function spread(float: Calculator, start: Value, end: Value, last: Value, count: number, l: Lowering): Value {
  const step = float.do('Div', float.do('Mul', float.do('Sub', end, start), last), count - 1);
  const numbers = float.from(indices(l, scalar(l, 'int64', l.count(count, 'the size of the crops'))), 'int64');
  return float.do('Add', float.do('Mul', start, last), float.do('Mul', numbers, step));
}

/** The nearest whole number, halves away from 0. */
function rounded(float: Calculator, at: Value): Value {
  const below = float.do('Floor', at);
  return float.do('Add', below, float.pick(float.is('GreaterOrEqual', float.do('Sub', at, below), 0.5), 1, 0));
}

function between(l: Lowering, y: Value, x: Value, pick: (row: Value, column: Value) => Value): Value {
  const float = new Calculator(l, 'float32');
  const [top, bottom, left, right] = [
    float.do('Floor', y),
    float.do('Ceil', y),
    float.do('Floor', x),
    float.do('Ceil', x),
  ];
  const down = unsqueeze(l, float.do('Sub', y, top), [2, 3]);
  const across = unsqueeze(l, float.do('Sub', x, left), [1, 3]);
  const mix = (a: Value, b: Value, share: Value): Value =>
    float.do('Add', a, float.do('Mul', float.do('Sub', b, a), share));
  return mix(
    mix(pick(top, left), pick(top, right), across),
    mix(pick(bottom, left), pick(bottom, right), across),
    down,
  );
}

/** The pixels [n, rows, columns, depth] at rows [n, rows] and columns [n, columns]; places outside the image give any pixel. */
function pixelsAt(
  l: Lowering,
  pixels: Value,
  [, height = '', width = '']: readonly Value[],
  row: Value,
  column: Value,
): Value {
  const whole = new Calculator(l, 'int64');
  const within = (place: Value, size: Value): Value =>
    whole.do('Max', whole.do('Min', whole.from(place, 'float32'), whole.do('Sub', size, 1)), 0);
  const image = unsqueeze(l, placesOf(l, 2), [1]);
  const line = whole.do('Add', whole.do('Mul', image, height), within(row, height));
  const start = unsqueeze(l, whole.do('Mul', line, width), [2]);
  const place = whole.do('Add', start, unsqueeze(l, within(column, width), [1]));
  return l.emit('Gather', [pixels, place], { axis: 0 }, { dtype: 'float32', shape: [-1, -1, -1, -1] });
}

export const DETECTION = {
  NonMaxSuppression: nonMaxSuppression({ iou: -1, score: -1 }),
  NonMaxSuppressionV2: nonMaxSuppression({ iou: 3, score: -1 }),
  NonMaxSuppressionV3: nonMaxSuppression({ iou: 3, score: 4 }),
  NonMaxSuppressionV4: padded(false),
  NonMaxSuppressionV5: padded(true),
  CombinedNonMaxSuppression: combined,
  CropAndResize: cropAndResize,
} satisfies Record<string, Lower>;
