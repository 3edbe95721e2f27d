/** Format and size from an image's first bytes: what sharp says of the whole. */
import fc from 'fast-check';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { readImageHeader } from '../../src/input/header.ts';
import { plain } from './images.ts';

const [width, height] = [301, 17];

test.each([
  ['JPEG', plain(width, height).jpeg(), 'jpeg'],
  ['progressive JPEG', plain(width, height).jpeg({ progressive: true }), 'jpeg'],
  ['grey JPEG', plain(width, height).greyscale().jpeg(), 'jpeg'],
  ['CMYK JPEG', plain(width, height).toColourspace('cmyk').jpeg(), 'jpeg'],
  ['JPEG with EXIF and a profile', plain(width, height).withMetadata({ orientation: 6 }).jpeg(), 'jpeg'],
  ['PNG', plain(width, height).png(), 'png'],
  ['palette PNG', plain(width, height).png({ palette: true }), 'png'],
  ['16-bit PNG', plain(width, height).toColourspace('rgb16').png(), 'png'],
  ['WebP', plain(width, height).webp(), 'webp'],
  ['lossless WebP', plain(width, height).webp({ lossless: true }), 'webp'],
  ['WebP with alpha', plain(width, height).ensureAlpha(0.5).webp(), 'webp'],
  ['WebP with metadata', plain(width, height).withMetadata({ orientation: 6 }).webp(), 'webp'],
])('%s', async (_what, picture, format) => {
  const bytes = await picture.toBuffer();
  expect(readImageHeader(bytes)).toEqual({ format, width, height });
  // As part of something larger, whose bytes before it are none of its own.
  const inside = Buffer.concat([Buffer.alloc(3), bytes]).subarray(3);
  expect(readImageHeader(inside)).toEqual({ format, width, height });
});

test.each([
  ['GIF', plain(width, height).gif()],
  ['TIFF', plain(width, height).tiff()],
  ['AVIF', plain(width, height).avif()],
])('%s is none of ours', async (_what, picture) => {
  expect(readImageHeader(await picture.toBuffer())).toBeUndefined();
});

test('any bytes give a header or nothing', async () => {
  const images = [plain(9, 9).jpeg(), plain(9, 9).png(), plain(9, 9).webp()];
  const bytes = await Promise.all(images.map((image) => image.toBuffer()));
  fc.assert(
    fc.property(
      fc.constantFrom(...bytes),
      fc.nat(),
      fc.array(fc.tuple(fc.nat(60), fc.nat(255))),
      (image, cut, edits) => {
        const broken = Buffer.from(image.subarray(0, cut % (image.length + 1)));
        for (const [at, value] of edits) if (at < broken.length) broken[at] = value;
        const header = readImageHeader(broken);
        if (header !== undefined) expect(Math.min(header.width, header.height)).toBeGreaterThan(0);
      },
    ),
    { numRuns: 1000 },
  );
  fc.assert(fc.property(fc.uint8Array(), (random) => void readImageHeader(random)));
});

test('a size of nothing is no size', async () => {
  const png = await sharp({ create: { width: 5, height: 5, channels: 3, background: '#000' } })
    .png()
    .toBuffer();
  png.writeUInt32BE(0, 16);
  expect(readImageHeader(png)).toBeUndefined();
});
