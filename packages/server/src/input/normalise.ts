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
  const data = numbersOf(dtype, area * spec.channels);
  const source = spec.channels === 1 ? greyOf(pixels, area) : pixels;
  const channels = channelsOf(spec, area, dtype);
  if (!(source instanceof Uint8Array)) for (const channel of channels) compute(source, channel, channels.length, data);
  else if (channels.length === 3) lookUpRgb(source, channels as [Channel, Channel, Channel], dtype, data);
  else for (const channel of channels) lookUp(source, tableOf(channel.value, dtype), data);
  const { channels: depth } = spec;
  const shape = spec.layout === 'NHWC' ? [1, height, width, depth] : [1, depth, height, width];
  return { dtype, shape, data };
}

type Value = (level: number) => number;

/** Where a channel's values come from and go to, and what becomes of them. */
interface Channel {
  readonly from: number;
  readonly start: number;
  readonly step: number;
  readonly value: Value;
}

function channelsOf(spec: ImageSpec, area: number, dtype: DType): readonly Channel[] {
  const { channels } = spec;
  const planar = spec.layout === 'NCHW';
  return Array.from({ length: channels }, (_, channel) => ({
    from: spec.colour === 'bgr' ? channels - 1 - channel : channel,
    start: planar ? channel * area : channel,
    step: planar ? 1 : channels,
    value: valueAt(spec, channel, dtype),
  }));
}

/** All three in one pass, which takes two thirds of the time of three. */
function lookUpRgb(source: Uint8Array, channels: [Channel, Channel, Channel], dtype: DType, out: Numbers): void {
  const [first, second, third] = channels;
  const [table1, table2, table3] = [first, second, third].map(({ value }) => tableOf(value, dtype)) as Numbers[];
  const [from1, from2, from3] = [first.from, second.from, third.from];
  const [to1, to2, to3] = [first.start, second.start, third.start];
  const { step } = first;
  for (let at = 0, to = 0; at < source.length; at += 3, to += step) {
    out[to1 + to] = (table1 as Numbers)[source[at + from1] as number] as number;
    out[to2 + to] = (table2 as Numbers)[source[at + from2] as number] as number;
    out[to3 + to] = (table3 as Numbers)[source[at + from3] as number] as number;
  }
}

function lookUp(source: Uint8Array, table: Numbers, out: Numbers): void {
  for (let at = 0; at < source.length; at++) out[at] = table[source[at] as number] as number;
}

function compute(source: Float32Array, { from, start, step, value }: Channel, stride: number, out: Numbers): void {
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
    const sum = (pixels[at] as number) * red + (pixels[at + 1] as number) * green + (pixels[at + 2] as number) * blue;
    grey[to] = sum + half;
  }
  return grey;
}

function numbersOf(dtype: DType, length: number): Numbers {
  if (dtype !== 'float32' && dtype !== 'float64' && RANGES[dtype] === undefined) {
    throw new FloeError('UNIMPLEMENTED', `images cannot become tensors of ${dtype}`);
  }
  return new (arrayFor(dtype))(length) as Numbers;
}
