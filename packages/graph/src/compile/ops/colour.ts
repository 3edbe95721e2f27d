/**
 * Colours of pixels: red, green and blue to and from hue, saturation and value, and changing them.
 * Source: `tensorflow/core/kernels/image/colorspace_op.h`, `adjust_hue_op.cc`, `adjust_saturation_op.cc`, `adjust_contrast_op.cc`.
 */
import type { Value } from '../../onnx-graph.ts';
import type { Lower, Lowering } from '../lowering.ts';
import { Calculator } from './calculate.ts';
import { cast, ints, unsqueeze } from './common.ts';

/** A pixel as its hue in 0..1, the greatest of its colours, and how far that is from the least. */
interface Hued {
  readonly hue: Value;
  readonly value: Value;
  readonly range: Value;
}

/** What works on a node's pixels, in float32 for half floats. */
class Pixels {
  readonly f: Calculator;
  private readonly l: Lowering;
  private readonly last: number;

  constructor(l: Lowering) {
    this.l = l;
    this.last = l.rank(0) - 1;
    this.f = new Calculator(l, l.dtype() === 'float64' ? 'float64' : 'float32');
  }

  /** The three numbers of each pixel, of the shape without channels. */
  channels(): readonly [Value, Value, Value] {
    const image = this.f.from(this.l.input(0), this.l.dtype());
    const shape = this.l.shape(0)?.slice(0, -1) ?? null;
    const [a, b, c] = [0, 1, 2].map((i) => {
      const index = this.l.fresh('channel', { dtype: 'int64', shape: [], data: BigInt64Array.of(BigInt(i)) });
      return this.l.emit('Gather', [image, index], { axis: this.last }, { dtype: this.f.dtype, shape });
    });
    return [a as Value, b as Value, c as Value];
  }

  joined(channels: readonly Value[]): Value {
    const parts = channels.map((channel) => unsqueeze(this.l, channel, [this.last]));
    const image = this.l.emit('Concat', parts, { axis: this.last }, { ...this.l.outType(), dtype: this.f.dtype });
    return cast(this.l, image, this.f.dtype, this.l.dtype());
  }

  hued(): Hued {
    const { f } = this;
    const [r, g, b] = this.channels();
    const value = f.do('Max', r, f.do('Max', g, b));
    const range = f.do('Sub', value, f.do('Min', r, f.do('Min', g, b)));
    const norm = f.do('Div', 1, f.do('Mul', f.pick(f.is('Greater', range, 0), range, 1), 6));
    const turned = (from: Value, to: Value, by: number): Value =>
      f.do('Add', f.do('Mul', norm, f.do('Sub', from, to)), by);
    const green = f.pick(f.is('Equal', g, value), turned(b, r, 2 / 6), turned(r, g, 4 / 6));
    const any = f.pick(f.is('Equal', r, value), turned(g, b, 0), green);
    const hue = f.pick(f.is('Greater', range, 0), any, 0);
    return { hue: f.pick(f.is('Less', hue, 0), f.do('Add', hue, 1), hue), value, range };
  }

  saturation({ value, range }: Hued): Value {
    const lit = this.f.is('Greater', value, 0);
    return this.f.pick(lit, this.f.do('Div', range, this.f.pick(lit, value, 1)), 0);
  }

  /** The image of pixels told by hue, value and range. */
  plain({ hue, value, range }: Hued): Value {
    const { f } = this;
    const sixth = f.do('Mul', hue, 6);
    const clamped = (x: Value): Value => f.do('Max', f.do('Min', x, 1), 0);
    const away = (from: number): Value => f.do('Abs', f.do('Sub', sixth, from));
    const shares = [f.do('Sub', away(3), 1), f.do('Sub', 2, away(2)), f.do('Sub', 2, away(4))];
    const low = f.do('Sub', value, range);
    return this.joined(shares.map((share) => f.do('Add', low, f.do('Mul', range, clamped(share)))));
  }
}

function rgbToHsv(l: Lowering): Value {
  const pixels = new Pixels(l);
  const hued = pixels.hued();
  return pixels.joined([hued.hue, pixels.saturation(hued), hued.value]);
}

function hsvToRgb(l: Lowering): Value {
  const pixels = new Pixels(l);
  const [hue, saturation, value] = pixels.channels();
  return pixels.plain({ hue, value, range: pixels.f.do('Mul', saturation, value) });
}

/** Inputs: images, by how many turns (-1 to 1). */
function adjustHue(l: Lowering): Value {
  const pixels = new Pixels(l);
  const { f } = pixels;
  const hued = pixels.hued();
  const moved = f.do('Add', hued.hue, f.from(l.input(1), 'float32'));
  const hue = f.do('Sub', moved, f.do('Floor', moved));
  return pixels.plain({ ...hued, hue });
}

/** Inputs: images, the factor of the saturation, which ends at 1. */
function adjustSaturation(l: Lowering): Value {
  const pixels = new Pixels(l);
  const { f } = pixels;
  const hued = pixels.hued();
  const more = f.do('Mul', pixels.saturation(hued), f.from(l.input(1), 'float32'));
  const saturation = f.do('Max', f.do('Min', more, 1), 0);
  return pixels.plain({ ...hued, range: f.do('Mul', saturation, hued.value) });
}

/** Inputs: images, the factor of each pixel's distance from the mean of its channel in its image. */
function adjustContrast(l: Lowering): Value {
  const rank = l.rank(0);
  const f = new Calculator(l, 'float32');
  const image = f.from(l.input(0), l.dtype());
  const axes = ints(l, [rank - 3, rank - 2]);
  const shape = l.shape(0)?.map((dim, i) => (i < rank - 3 || i === rank - 1 ? dim : 1)) ?? null;
  const mean = l.emit('ReduceMean', [image, axes], { keepdims: 1 }, { dtype: 'float32', shape });
  const changed = f.do('Add', f.do('Mul', f.do('Sub', image, mean), f.from(l.input(1), 'float32')), mean);
  return cast(l, changed, 'float32', l.dtype());
}

export const COLOUR = {
  RGBToHSV: rgbToHsv,
  HSVToRGB: hsvToRgb,
  AdjustHue: adjustHue,
  AdjustSaturation: adjustSaturation,
  AdjustContrastv2: adjustContrast,
} satisfies Record<string, Lower>;
