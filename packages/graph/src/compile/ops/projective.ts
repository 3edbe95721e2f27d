/**
 * Images seen from elsewhere: rotated, moved, zoomed, tilted. Each pixel of the result says where in the image it comes from.
 * Source: `tensorflow/core/kernels/image/image_ops.h`.
 */
import type { Value } from '../../onnx-graph.ts';
import { each, type Lower, type Lowering } from '../lowering.ts';
import { and, Calculator, indices, reshapeTo, sizeOfAxis } from './calculate.ts';
import { asInt64, cast, ints, reshape, unsqueeze } from './common.ts';

/** What pixels are read from: rows of pixels of all images, and what stands outside of them; images of one image's rows. */
interface Source {
  readonly pixels: Value;
  readonly outside: Value | number;
  readonly image: Value;
  readonly height: Value;
  readonly width: Value;
}

/** Inputs: images, eight numbers for each image or for all, the size of the result, and (in version 3) what fills the rest. */
function projected(l: Lowering): Value {
  const dtype = l.dtype();
  if (dtype === 'float64') throw l.refuse('images of float64');
  const f = new Calculator(l, 'float32');
  const size = (axis: number): Value => sizeOfAxis(l, l.input(0), axis, l.shape(0)?.[axis]);
  const [height, width] = [size(1), size(2)];
  const pixels = reshapeTo(l, cast(l, l.input(0), dtype, 'float32'), [-1, size(3)], 'float32');
  const outside = l.node.op === 'ImageProjectiveTransformV2' ? 0 : fillingOf(l);
  const image = unsqueeze(l, indices(l, size(0)), [1, 2]);
  const source = { pixels, outside, image, height, width };
  const [y, x] = placesIn(l, f, source);
  const nearest = l.attrs.string('interpolation') === 'NEAREST';
  const value = nearest ? pixelsAt(l, source, rounded(f, y), rounded(f, x)) : between(l, f, source, y, x);
  return cast(l, value, 'float32', dtype);
}

/** An image of integers is filled with integers. */
function fillingOf(l: Lowering): Value {
  return cast(l, cast(l, l.input(3), 'float32', l.dtype()), l.dtype(), 'float32');
}

/** Row and column in the image of each pixel of the result. */
function placesIn(l: Lowering, f: Calculator, { height, width }: Source): readonly [Value, Value] {
  const wanted = asInt64(l, 2);
  const count = (i: number): Value =>
    reshape(l, l.emit('Gather', [wanted, ints(l, [i])], {}, { dtype: 'int64', shape: [1] }), [], 'int64');
  const y = unsqueeze(l, f.from(indices(l, count(0)), 'int64'), [0, 2]);
  const x = unsqueeze(l, f.from(indices(l, count(1)), 'int64'), [0, 1]);
  const factor = (i: number): Value => {
    const column = l.emit('Gather', [l.input(1), ints(l, [i])], { axis: 1 }, { dtype: 'float32', shape: [-1, 1] });
    return unsqueeze(l, column, [2]);
  };
  const sum = (i: number, last: Value | number): Value =>
    f.do('Add', f.do('Add', f.do('Mul', factor(i), x), f.do('Mul', factor(i + 1), y)), last);
  const depth = sum(6, 1);
  // What is infinitely far away is outside.
  const at = (i: number): Value => f.pick(f.is('Equal', depth, 0), FAR, f.do('Div', sum(i, factor(i + 2)), depth));
  const mode = l.attrs.string('fill_mode', 'CONSTANT');
  const inside = INSIDE[mode];
  if (inside === undefined) throw l.refuse(`fill mode ${mode}`);
  const [rows, columns] = [f.from(height, 'int64'), f.from(width, 'int64')];
  return [inside(f, at(3), rows), inside(f, at(0), columns)];
}

const FAR = -1e9;

/** A place on a line of `size` pixels for one that may be beyond its ends. */
type Inside = (f: Calculator, at: Value, size: Value) => Value;

const clamped: Inside = (f, at, size) => f.do('Max', f.do('Min', at, f.do('Sub', size, 1)), 0);

/** Whole part of what is not negative. */
const whole = (f: Calculator, value: Value): Value => f.do('Floor', value);

const reflected: Inside = (f, at, size) => {
  const twice = f.do('Mul', size, 2);
  const before = f.do('Add', f.do('Mul', twice, whole(f, f.do('Div', f.do('Neg', at), twice))), at);
  const isFar = f.is('Less', before, f.do('Neg', size));
  const left = f.pick(isFar, f.do('Add', before, twice), f.do('Sub', f.do('Neg', before), 1));
  const behind = f.do('Sub', at, f.do('Mul', twice, whole(f, f.do('Div', at, twice))));
  const isBack = f.is('GreaterOrEqual', behind, size);
  const right = f.pick(isBack, f.do('Sub', f.do('Sub', twice, behind), 1), behind);
  return onLine(f, at, size, left, right);
};

/** A line of one pixel has no length: its only pixel is everywhere. */
const wrapped: Inside = (f, at, size) => {
  const length = f.do('Max', f.do('Sub', size, 1), 1);
  const turns = f.do('Add', whole(f, f.do('Div', f.do('Neg', at), length)), 1);
  const left = f.do('Add', at, f.do('Mul', size, turns));
  const right = f.do('Sub', at, f.do('Mul', size, whole(f, f.do('Div', at, length))));
  return onLine(f, at, size, left, right);
};

function onLine(f: Calculator, at: Value, size: Value, left: Value, right: Value): Value {
  const isRight = f.is('Greater', at, f.do('Sub', size, 1));
  return clamped(f, f.pick(f.is('Less', at, 0), left, f.pick(isRight, right, at)), size);
}

const INSIDE: Readonly<Record<string, Inside>> = {
  CONSTANT: (_, at) => at,
  NEAREST: clamped,
  REFLECT: reflected,
  WRAP: wrapped,
};

/** Halves away from 0. */
function rounded(f: Calculator, at: Value): Value {
  const size = f.do('Abs', at);
  const below = f.do('Floor', size);
  const up = f.pick(f.is('GreaterOrEqual', f.do('Sub', size, below), 0.5), 1, 0);
  return f.do('Mul', f.do('Sign', at), f.do('Add', below, up));
}

function between(l: Lowering, f: Calculator, source: Source, y: Value, x: Value): Value {
  const [top, left] = [f.do('Floor', y), f.do('Floor', x)];
  const [bottom, right] = [f.do('Add', top, 1), f.do('Add', left, 1)];
  const share = (from: Value, to: Value): Value => unsqueeze(l, f.do('Sub', to, from), [3]);
  const mix = (a: Value, b: Value, ofA: Value, ofB: Value): Value =>
    f.do('Add', f.do('Mul', ofA, a), f.do('Mul', ofB, b));
  const row = (line: Value): Value =>
    mix(pixelsAt(l, source, line, left), pixelsAt(l, source, line, right), share(x, right), share(left, x));
  return mix(row(top), row(bottom), share(y, bottom), share(top, y));
}

/** Whole rows and columns [n, h, w] to pixels [n, h, w, depth]. */
function pixelsAt(l: Lowering, { pixels, outside, image, height, width }: Source, row: Value, column: Value): Value {
  const [f, n] = [new Calculator(l, 'float32'), new Calculator(l, 'int64')];
  const isOn = (place: Value, size: Value): Value =>
    and(l, f.is('GreaterOrEqual', place, 0), f.is('Less', place, f.from(size, 'int64')));
  const on = and(l, isOn(row, height), isOn(column, width));
  const place = (at: Value): Value => n.from(f.pick(on, at, 0), 'float32');
  const line = n.do('Add', n.do('Mul', image, height), place(row));
  const at = n.do('Add', n.do('Mul', line, width), place(column));
  const value = l.emit('Gather', [pixels, at], { axis: 0 }, { dtype: 'float32', shape: [-1, -1, -1, -1] });
  return f.pick(unsqueeze(l, on, [3]), value, outside);
}

export const PROJECTIVE = each('ImageProjectiveTransformV2 ImageProjectiveTransformV3', projected) satisfies Record<
  string,
  Lower
>;
