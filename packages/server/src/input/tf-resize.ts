/**
 * `tf.image.resize` with the method bilinear, with and without `antialias`, on decoded pixels: what a model saw that was trained on
 * `image_dataset_from_directory` or a `tf.data` pipeline. `fill` is `tf.image.resize`, `contain` is `tf.image.resize_with_pad`, `cover`
 * crops in the middle as Keras' `crop_to_aspect_ratio` does.
 *
 * Both are separable: each output row and column is a weighted sum of a few input ones. Source: TensorFlow's
 * `image_resizer_state.h` (half pixel centres) and `scale_and_translate_op.cc` (triangle kernel).
 */
import { setImmediate } from 'node:timers/promises';
import type { ImageSpec } from '../core/inference.ts';

/** RGB bytes, row by row. */
export interface Pixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

const CHANNELS = 3;
/** Products after which others get their turn: about two milliseconds. */
const TURN = 1_000_000;

/** For each output place the input places it is made of, and their weights. */
interface Axis {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  /** `width` of them for each output place. */
  readonly weights: Float32Array;
  readonly width: number;
}

interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** RGB values of the spec's size. Gives way to others between rows. */
export async function resizeAsTensorFlow(source: Pixels, spec: ImageSpec): Promise<Float32Array> {
  const [height, width] = spec.size;
  const from = spec.fit === 'cover' ? cropBox(source, height, width) : boxOf(source.height, source.width);
  const to = spec.fit === 'contain' ? padBox(source, height, width) : boxOf(height, width);
  const axis = spec.resize === 'tf-antialias' ? antialiased : bilinear;
  const out = new Float32Array(height * width * CHANNELS);
  const rows = new RowReader(source, from, axis(from.width, to.width), to.width);
  const vertical = axis(from.height, to.height);
  const ring = new Ring(vertical.width, to.width * CHANNELS, rows);
  const rowsRead = Math.min(vertical.width, from.height / to.height);
  const rowWork = to.width * CHANNELS * (vertical.width + rowsRead * rows.products);
  for (let y = 0, work = 0; y < to.height; y++, work += rowWork) {
    if (work > TURN) {
      work = 0;
      await setImmediate();
    }
    const start = ((to.top + y) * width + to.left) * CHANNELS;
    sum(out.subarray(start, start + to.width * CHANNELS), ring, vertical, y);
  }
  return out;
}

function sum(out: Float32Array, ring: Ring, axis: Axis, y: number): void {
  const start = axis.starts[y] as number;
  for (let k = 0; k < (axis.counts[y] as number); k++) {
    const row = ring.row(start + k);
    const weight = axis.weights[y * axis.width + k] as number;
    for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) + weight * (row[i] as number);
  }
}

/** Reads single rows of the source, resized to the output's width. */
class RowReader {
  private readonly source: Pixels;
  private readonly from: Box;
  private readonly axis: Axis;
  private readonly width: number;

  constructor(source: Pixels, from: Box, axis: Axis, width: number) {
    this.source = source;
    this.from = from;
    this.axis = axis;
    this.width = width;
  }

  /** Products for one value. */
  get products(): number {
    return this.axis.width;
  }

  read(y: number, out: Float32Array): void {
    const { source, from, axis } = this;
    const { data } = source;
    const start = ((from.top + y) * source.width + from.left) * CHANNELS;
    for (let x = 0; x < this.width; x++) {
      let at = start + (axis.starts[x] as number) * CHANNELS;
      let [red, green, blue] = [0, 0, 0];
      for (let k = 0; k < (axis.counts[x] as number); k++, at += CHANNELS) {
        const weight = axis.weights[x * axis.width + k] as number;
        red += weight * (data[at] as number);
        green += weight * (data[at + 1] as number);
        blue += weight * (data[at + 2] as number);
      }
      out[x * CHANNELS] = red;
      out[x * CHANNELS + 1] = green;
      out[x * CHANNELS + 2] = blue;
    }
  }
}

/** The few rows that one output row needs; each is read once, for the rows that are asked for never go back. */
class Ring {
  private readonly rows: Float32Array[];
  private readonly held: Int32Array;
  private readonly reader: RowReader;

  constructor(size: number, length: number, reader: RowReader) {
    this.rows = Array.from({ length: size }, () => new Float32Array(length));
    this.held = new Int32Array(size).fill(-1);
    this.reader = reader;
  }

  row(y: number): Float32Array {
    const slot = y % this.rows.length;
    const row = this.rows[slot] as Float32Array;
    if (this.held[slot] !== y) {
      this.reader.read(y, row);
      this.held[slot] = y;
    }
    return row;
  }
}

/** `tf.image.resize(..., antialias=False)`: the two neighbours, in float32 as the kernel computes them. */
function bilinear(from: number, to: number): Axis {
  const axis = axisOf(to, 2);
  const scale = Math.fround(from / to);
  for (let i = 0; i < to; i++) {
    const at = Math.fround(Math.fround((i + 0.5) * scale) - 0.5);
    const lower = Math.max(0, Math.floor(at));
    const upper = Math.min(from - 1, Math.ceil(at));
    const share = Math.fround(at - Math.floor(at));
    axis.starts[i] = lower;
    axis.counts[i] = upper - lower + 1;
    axis.weights[i * 2] = upper === lower ? 1 : 1 - share;
    axis.weights[i * 2 + 1] = share;
  }
  return axis;
}

/** `tf.image.resize(..., antialias=True)`: a triangle as wide as what is shrunk into one place. */
function antialiased(from: number, to: number): Axis {
  const scale = Math.fround(1 / Math.fround(to / from));
  const radius = Math.max(scale, 1);
  const width = Math.min(2 * Math.ceil(radius) + 1, from);
  const axis = axisOf(to, width);
  for (let i = 0; i < to; i++) {
    const centre = Math.fround((i + 0.5) * scale);
    const start = Math.max(0, Math.ceil(centre - radius - 0.5));
    const end = Math.min(from - 1, Math.floor(centre + radius - 0.5));
    const count = Math.min(width, end - start + 1);
    const weights = axis.weights.subarray(i * width, i * width + count);
    for (let k = 0; k < count; k++) weights[k] = Math.max(0, 1 - Math.abs(start + k + 0.5 - centre) / radius);
    const total = weights.reduce((all, weight) => all + weight, 0);
    for (let k = 0; k < count; k++) weights[k] = (weights[k] as number) / total;
    axis.starts[i] = start;
    axis.counts[i] = count;
  }
  return axis;
}

function axisOf(to: number, width: number): Axis {
  return { starts: new Int32Array(to), counts: new Int32Array(to), weights: new Float32Array(to * width), width };
}

function boxOf(height: number, width: number): Box {
  return { top: 0, left: 0, height, width };
}

/** The largest part in the middle that has the target's proportions. */
function cropBox(source: Pixels, height: number, width: number): Box {
  const cropHeight = Math.max(1, Math.min(source.height, Math.trunc((source.width * height) / width)));
  const cropWidth = Math.max(1, Math.min(source.width, Math.trunc((source.height * width) / height)));
  const top = Math.trunc((source.height - cropHeight) / 2);
  const left = Math.trunc((source.width - cropWidth) / 2);
  return { top, left, height: cropHeight, width: cropWidth };
}

/** Where in the target the whole image lies, centred, with black around it. */
function padBox(source: Pixels, height: number, width: number): Box {
  const ratio = Math.max(source.width / width, source.height / height);
  const [exactHeight, exactWidth] = [source.height / ratio, source.width / ratio];
  return {
    top: Math.max(0, Math.floor((height - exactHeight) / 2)),
    left: Math.max(0, Math.floor((width - exactWidth) / 2)),
    height: Math.max(1, Math.floor(exactHeight)),
    width: Math.max(1, Math.floor(exactWidth)),
  };
}
