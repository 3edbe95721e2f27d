/**
 * How long decoding and resizing will take, from the header alone: pixels times a rate that each decoded image corrects. One rate for
 * each format and way of resizing, since they differ by a factor of ten.
 */
import type { ImageSpec } from '../core/inference.ts';
import type { ImageFormat, ImageHeader } from './header.ts';

/** CPU seconds for a pixel before anything was measured: bench on one core of 2026, images of 0.2 to 12 megapixels. */
const FIRST_RATE: Readonly<Record<ImageFormat, number>> = { jpeg: 5e-9, png: 8e-9, webp: 15e-9 };
const FIRST_FACTOR: Readonly<Record<ImageSpec['resize'], number>> = { fast: 1, 'tf-bilinear': 2, 'tf-antialias': 3.5 };
/** Weight of the newest image. */
const SHARE = 0.1;
/** A stall is not a cost: one image moves the rate by no more than if it had taken this many times as long as predicted. */
const MOST = 4;
/** What even the smallest image takes: a hop to another thread and back, and the output's pixels. */
const FLOOR = 2e-4;

export class ImageCosts {
  private readonly rates = new Map<string, number>();

  /** Seconds. */
  predict(header: ImageHeader, spec: ImageSpec): number {
    return FLOOR + this.rate(header.format, spec.resize) * pixelsOf(header);
  }

  /** Takes in how long an image has taken, in seconds. */
  learn(header: ImageHeader, spec: ImageSpec, seconds: number): void {
    const { format } = header;
    const rate = this.rate(format, spec.resize);
    const seen = Math.max(0, seconds - FLOOR) / pixelsOf(header);
    this.rates.set(`${format} ${spec.resize}`, rate + SHARE * (Math.min(seen, rate * MOST) - rate));
  }

  private rate(format: ImageFormat, resize: ImageSpec['resize']): number {
    return this.rates.get(`${format} ${resize}`) ?? FIRST_RATE[format] * FIRST_FACTOR[resize];
  }
}

function pixelsOf({ width, height }: ImageHeader): number {
  return width * height;
}
