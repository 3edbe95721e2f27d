/**
 * RGB values 0..255 -> the model's values, in one pass: colour order, grey, inversion, scale and offset, layout and dtype. Of bytes
 * there are but 256 in each channel, so those are looked up.
 */
import { arrayFor, type DType, FloeError, type NumericData, type Tensor } from '@floe/graph/base';
import { RANGES } from '../codec/json/ranges.ts';
import type { ImageSpec } from '../core/inference.ts';

type Numbers = Exclude<NumericData, BigInt64Array | BigUint64Array>;

/** Weights of red, green and blue in grey: ITU-R BT.601, which JPEG, TensorFlow and Pillow take. */
const GREY = [0.299, 0.587, 0.114] as const;

/** A tensor [1, ...size, channels], or [1, channels, ...size]. Throws UNIMPLEMENTED for a dtype that is no plain number. */
export function toTensor(pixels: Uint8Array | Float32Array, spec: ImageSpec, dtype: DType): Tensor {
  const [height, width] = spec.size;
  const area = height * width;
  const { channels } = spec;
  const data = numbersOf(dtype, area * channels);
  const source = channels === 1 ? greyOf(pixels, area) : pixels;
  for (let channel = 0; channel < channels; channel++) {
    const from = spec.colour === 'bgr' ? channels - 1 - channel : channel;
    const to = spec.layout === 'NCHW' ? { start: channel * area, step: 1 } : { start: channel, step: channels };
    const value = valueAt(spec, channel, dtype);
    if (source instanceof Uint8Array) lookUp(source, from, channels, data, to, tableOf(value, dtype));
    else compute(source, from, channels, data, to, value);
  }
  const shape = spec.layout === 'NHWC' ? [1, height, width, channels] : [1, channels, height, width];
  return { dtype, shape, data };
}

interface Places {
  readonly start: number;
  readonly step: number;
}

type Value = (level: number) => number;

function lookUp(
  source: Uint8Array,
  from: number,
  stride: number,
  out: Numbers,
  { start, step }: Places,
  table: Numbers,
): void {
  for (let at = from, to = start; at < source.length; at += stride, to += step) {
    out[to] = table[source[at] as number] as number;
  }
}

function compute(
  source: Float32Array,
  from: number,
  stride: number,
  out: Numbers,
  { start, step }: Places,
  value: Value,
): void {
  for (let at = from, to = start; at < source.length; at += stride, to += step) out[to] = value(source[at] as number);
}

/** What a level 0..255 becomes in one channel; whole and within range where the dtype is of integers. */
function valueAt(spec: ImageSpec, channel: number, dtype: DType): Value {
  const scale = spec.scale[channel] ?? spec.scale[0] ?? 1;
  const offset = spec.offset[channel] ?? spec.offset[0] ?? 0;
  const affine: Value = spec.invert ? (level) => (255 - level) * scale + offset : (level) => level * scale + offset;
  const range = RANGES[dtype];
  if (range === undefined) return affine;
  const [least, greatest] = range;
  return (level) => Math.min(greatest, Math.max(least, Math.round(affine(level))));
}

function tableOf(value: Value, dtype: DType): Numbers {
  const table = numbersOf(dtype, 256);
  for (let level = 0; level < 256; level++) table[level] = value(level);
  return table;
}

function greyOf(pixels: Uint8Array | Float32Array, area: number): Uint8Array | Float32Array {
  const whole = pixels instanceof Uint8Array;
  const grey = whole ? new Uint8Array(area) : new Float32Array(area);
  const half = whole ? 0.5 : 0;
  const [red, green, blue] = GREY;
  for (let to = 0, at = 0; to < area; to++, at += 3) {
    const [r, g, b] = [pixels[at] as number, pixels[at + 1] as number, pixels[at + 2] as number];
    grey[to] = r * red + g * green + b * blue + half;
  }
  return grey;
}

function numbersOf(dtype: DType, length: number): Numbers {
  if (dtype !== 'float32' && dtype !== 'float64' && RANGES[dtype] === undefined) {
    throw new FloeError('UNIMPLEMENTED', `images cannot become tensors of ${dtype}`);
  }
  return new (arrayFor(dtype))(length) as Numbers;
}
