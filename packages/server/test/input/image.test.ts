import { crc32 } from 'node:zlib';
import type { Tensor } from '@floe/graph';
import fc from 'fast-check';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import type { ImageSpec } from '../../src/core/inference.ts';
import { imageToTensor } from '../../src/input/image.ts';
import { halves, plain, SPEC as spec } from './images.ts';

const limits = { maxPixels: 10_000 };
const raw = { raw: { width: 2, height: 2, channels: 3 as const } };
/** Red, green; blue, grey. */
const PIXELS = Uint8Array.from([255, 0, 0, 0, 255, 0, 0, 0, 255, 100, 100, 100]);
const png = await sharp(PIXELS, raw).png().toBuffer();

const values = async (change: Partial<ImageSpec>): Promise<number[]> => {
  const tensor = await imageToTensor(png, { ...spec, ...change }, limits, 'x');
  return Array.from(tensor.data as Float32Array);
};

/** Without its second half. */
const cut = (image: Buffer): Buffer => image.subarray(0, image.length / 2);

/** Says that it is larger than it is. */
async function lyingSize(): Promise<Buffer> {
  const image = await plain(10, 10).png().toBuffer();
  image.writeUInt32BE(90, 16);
  image.writeUInt32BE(crc32(image.subarray(12, 29)), 29);
  return image;
}

/** A few bytes that would become 7.5 GB. */
async function bomb(): Promise<Buffer> {
  const image = await plain(10, 10).png().toBuffer();
  image.writeUInt32BE(50_000, 16);
  image.writeUInt32BE(50_000, 20);
  image.writeUInt32BE(crc32(image.subarray(12, 29)), 29);
  return image;
}

describe('an image becomes a tensor', () => {
  it('with channels last', async () => {
    expect(await values({})).toEqual([...PIXELS]);
  });

  it('with channels first', async () => {
    expect(await values({ layout: 'NCHW' })).toEqual([255, 0, 0, 100, 0, 255, 0, 100, 0, 0, 255, 100]);
  });

  it('with colours in the other order', async () => {
    expect((await values({ colour: 'bgr' })).slice(0, 6)).toEqual([0, 0, 255, 0, 255, 0]);
  });

  it('with a scale and an offset for each channel', async () => {
    expect((await values({ scale: [1, 2, 3], offset: [-1, -2, -3] })).slice(9)).toEqual([99, 198, 297]);
  });

  it('inverted before scaling', async () => {
    expect((await values({ invert: true })).slice(0, 3)).toEqual([0, 255, 255]);
  });

  it('of one channel', async () => {
    const tensor = await imageToTensor(png, { ...spec, channels: 1, colour: 'grey' }, limits, 'x');
    expect(tensor.shape).toEqual([1, 2, 2, 1]);
    expect((tensor.data as Float32Array)[3]).toBe(100);
  });

  it('of the size that the model wants', async () => {
    const wide = await sharp({ create: { width: 40, height: 20, channels: 3, background: '#fff' } })
      .jpeg()
      .toBuffer();
    const tensor = await imageToTensor(wide, { ...spec, size: [4, 4], fit: 'contain' }, limits, 'x');
    expect(tensor.shape).toEqual([1, 4, 4, 3]);
    expect(Array.from((tensor.data as Float32Array).subarray(0, 3))).toEqual([0, 0, 0]);
  });

  it('though it is grey with an alpha channel', async () => {
    const grey = await sharp(Uint8Array.from([255, 0, 255, 255]), { raw: { width: 2, height: 1, channels: 2 } })
      .png()
      .toBuffer();
    const tensor = await imageToTensor(grey, { ...spec, size: [1, 2] }, limits, 'x');
    expect(Array.from(tensor.data as Float32Array)).toEqual([0, 0, 0, 255, 255, 255]);
  });
});

describe('images of all kinds', () => {
  const tensorOf = async (image: Sharp, change: Partial<ImageSpec> = {}): Promise<number[]> => {
    const tensor = await imageToTensor(await image.toBuffer(), { ...spec, ...change }, limits, 'x');
    return Array.from(tensor.data as Float32Array);
  };
  /** Every pixel has to be this, give or take `slack` levels. */
  const expectAll = (values: readonly number[], colour: readonly number[], slack: number): void => {
    for (const [i, value] of values.entries()) {
      expect(Math.abs(value - (colour[i % colour.length] as number)), `value ${i} of ${values}`).toBeLessThanOrEqual(
        slack,
      );
    }
  };

  it.each([
    ['a palette', plain(8, 8).png({ palette: true }), 1],
    ['16 bits a channel', plain(8, 8).toColourspace('rgb16').png(), 1],
    ['CMYK', plain(8, 8).toColourspace('cmyk').jpeg({ quality: 100 }), 40],
    ['progressive JPEG', plain(8, 8).jpeg({ progressive: true, quality: 100 }), 2],
    ['lossless WebP', plain(8, 8).webp({ lossless: true }), 0],
    ['a colour profile', plain(8, 8).withIccProfile('p3').png(), 2],
  ])('come as RGB: %s', async (_what, image, slack) => {
    expectAll(await tensorOf(image), [200, 100, 50], slack);
  });

  it('of several frames give the first', async () => {
    const frames = await Promise.all(
      [plain(8, 8, [255, 0, 0]), plain(8, 8, [0, 0, 255])].map((one) => one.png().toBuffer()),
    );
    const animated = sharp(frames, { join: { animated: true } }).webp({ lossless: true, loop: 0 });
    expect((await sharp(await animated.toBuffer()).metadata()).pages).toBe(2);
    expectAll(await tensorOf(animated), [255, 0, 0], 0);
    expectAll(await tensorOf(animated, { resize: 'tf-bilinear' }), [255, 0, 0], 0);
  });

  it('are turned upright as EXIF says, but for TensorFlow, which does not', async () => {
    const upsideDown = halves(8, 8).withMetadata({ orientation: 3 }).png();
    expectAll((await tensorOf(upsideDown)).slice(0, 6), [255], 40);
    expectAll((await tensorOf(upsideDown, { resize: 'tf-bilinear' })).slice(0, 6), [0], 40);
  });

  it('are grey as television is: mostly green', async () => {
    const grey = { channels: 1, colour: 'grey' } as const;
    expectAll(await tensorOf(plain(8, 8, [255, 0, 0]).png(), grey), [76], 0);
    expectAll(await tensorOf(plain(8, 8, [0, 255, 0]).png(), grey), [150], 0);
    expectAll(await tensorOf(plain(8, 8, [0, 0, 255]).png(), grey), [29], 0);
    expectAll(await tensorOf(plain(8, 8, [0, 0, 255]).png(), { ...grey, resize: 'tf-antialias' }), [29.07], 0.001);
  });

  it('are black where one sees through them, but for TensorFlow, which drops alpha', async () => {
    const clear = sharp({
      create: { width: 8, height: 8, channels: 4, background: { r: 200, g: 100, b: 50, alpha: 0 } },
    });
    expectAll(await tensorOf(clear.png()), [0], 0);
    expectAll(await tensorOf(clear.png(), { resize: 'tf-bilinear' }), [200, 100, 50], 0);
  });
});

describe('an image is refused', () => {
  const cases: [string, () => Promise<Uint8Array> | Uint8Array, RegExp][] = [
    ['where it is no image', () => Buffer.from('hello'), /input x: the image cannot be decoded/],
    ['where it is cut', () => png.subarray(0, png.length - 20), /input x: the image cannot be decoded/],
    ['where its header is all there is', () => png.subarray(0, 33), /input x: the image cannot be decoded/],
    [
      'where a JPEG is cut',
      async () => cut(await halves(90, 90).jpeg().toBuffer()),
      /input x: the image cannot be decoded/,
    ],
    [
      'where a WebP is cut',
      async () => (await plain(90, 90).webp({ lossless: true }).toBuffer()).subarray(0, 40),
      /input x: the image cannot be decoded/,
    ],
    ['where its size is a lie', () => lyingSize(), /input x: the image cannot be decoded/],
    [
      'where its size is a bomb',
      () => bomb(),
      /input x: the image has 50000 x 50000 pixels, more than the limit of 10000/,
    ],
    [
      'in a format that is not accepted',
      () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'),
      /input x: svg images are not accepted|cannot be decoded/,
    ],
    [
      'with more pixels than the limit',
      () =>
        sharp({ create: { width: 200, height: 200, channels: 3, background: '#000' } })
          .png()
          .toBuffer(),
      /input x: the image has 200 x 200 pixels, more than the limit of 10000/,
    ],
  ];
  for (const [what, make, message] of cases) {
    it(what, async () => {
      await expect(imageToTensor(await make(), spec, limits, 'x')).rejects.toThrow(message);
    });
  }

  it('or decoded, whatever is changed in it', async () => {
    const kinds = [
      halves(40, 30).jpeg(),
      halves(40, 30).png(),
      halves(40, 30).webp(),
      halves(40, 30).webp({ lossless: true }),
    ];
    const images = await Promise.all(kinds.map((one) => one.toBuffer()));
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 });
    const resizes = fc.constantFrom('fast', 'tf-bilinear', 'tf-antialias');
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...images), edits, fc.nat(), resizes, async (image, changes, end, resize) => {
        const broken = Buffer.from(image.subarray(0, image.length - (end % 3 === 0 ? end % image.length : 0)));
        for (const [at, value] of changes) broken[at % broken.length] = value;
        const tensor = await imageToTensor(broken, { ...spec, resize }, limits, 'x').catch((error: unknown) => error);
        if (tensor instanceof Error) expect(tensor).toMatchObject({ name: 'FloeError', code: 'INVALID_ARGUMENT' });
        else expect((tensor as Tensor).data).toHaveLength(12);
      }),
      { numRuns: 300 },
    );
  });
});
