/** Images and specs that tests of the input stage share. */
import sharp, { type Sharp } from 'sharp';
import type { ImageSpec } from '../../src/core/inference.ts';

export const SPEC: ImageSpec = {
  size: [2, 2],
  channels: 3,
  fit: 'fill',
  colour: 'rgb',
  scale: [1],
  offset: [0],
  layout: 'NHWC',
  invert: false,
  resize: 'fast',
};

export type Rgb = readonly [red: number, green: number, blue: number];

/** Pixels of one colour, to be encoded. */
export function plain(width: number, height: number, [r, g, b]: Rgb = [200, 100, 50]): Sharp {
  return sharp({ create: { width, height, channels: 3, background: { r, g, b } } });
}

/** An image whose upper half is black and whose lower half is white. */
export function halves(width: number, height: number): Sharp {
  const data = Buffer.alloc(width * height * 3, 255).fill(0, 0, (width * height * 3) / 2);
  return sharp(data, { raw: { width, height, channels: 3 } });
}
