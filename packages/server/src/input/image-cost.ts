/**
 * How long decoding and resizing will take, from the header and the file's length alone. A JPEG of one size takes three times as long
 * where it has seven times the bytes, so the work is pixels and bytes; a line through it is learned from the images themselves, one
 * for each format and way of resizing.
 */
import type { ImageSpec } from '../core/inference.ts';
import { type Point, ShapeCost } from '../cost/shape-cost.ts';
import type { ImageFormat, ImageHeader } from './header.ts';

/** Pixels that are as much work as one byte. PNG unpacks faster what it has packed less. */
const PIXELS_PER_BYTE: Readonly<Record<ImageFormat, number>> = { jpeg: 12, png: 0, webp: 4 };
/** CPU seconds for a pixel before anything was measured, on one core of 2026, for images of 0.01 to 6 megapixels. */
const DECODING: Readonly<Record<ImageFormat, number>> = { jpeg: 0.8e-9, png: 13e-9, webp: 12e-9 };
const RESIZING: Readonly<Record<ImageSpec['resize'], number>> = { fast: 0, 'tf-bilinear': 3e-9, 'tf-antialias': 12e-9 };
/** What any image takes: a hop to another thread and back, setting up libvips, and the output's pixels. */
const FIXED = 2e-3;
const SMALL = 50_000;
const LARGE = 8_000_000;

export class ImageCosts {
  private readonly lines = new Map<string, ShapeCost>();

  /** Seconds for an image of so many bytes. */
  predict(header: ImageHeader, bytes: number, spec: ImageSpec): number {
    return this.line(header.format, spec.resize).predict(workOf(header, bytes));
  }

  /** Takes in how long an image has taken, in seconds. */
  learn(header: ImageHeader, bytes: number, spec: ImageSpec, seconds: number): void {
    this.line(header.format, spec.resize).observe(workOf(header, bytes), seconds);
  }

  private line(format: ImageFormat, resize: ImageSpec['resize']): ShapeCost {
    const key = `${format} ${resize}`;
    const known = this.lines.get(key);
    if (known !== undefined) return known;
    const perPixel = DECODING[format] + RESIZING[resize];
    const line = new ShapeCost(1, perPixel);
    line.restore([SMALL, LARGE].map((work): Point => [work, FIXED + work * perPixel, 1]));
    this.lines.set(key, line);
    return line;
  }
}

/** In pixels. */
function workOf({ format, width, height }: ImageHeader, bytes: number): number {
  return width * height + PIXELS_PER_BYTE[format] * bytes;
}
