import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { ImageSpec } from '../../src/core/inference.ts';
import { imageToTensor } from '../../src/input/image.ts';

const spec: ImageSpec = {
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
const limits = { maxPixels: 10_000 };
const raw = { raw: { width: 2, height: 2, channels: 3 as const } };
/** Red, green; blue, grey. */
const PIXELS = Uint8Array.from([255, 0, 0, 0, 255, 0, 0, 0, 255, 100, 100, 100]);
const png = await sharp(PIXELS, raw).png().toBuffer();

const values = async (change: Partial<ImageSpec>): Promise<number[]> => {
  const tensor = await imageToTensor(png, { ...spec, ...change }, limits, 'x');
  return Array.from(tensor.data as Float32Array);
};

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

describe('an image is refused', () => {
  const cases: [string, () => Promise<Uint8Array> | Uint8Array, RegExp][] = [
    ['where it is no image', () => Buffer.from('hello'), /input x: the image cannot be decoded/],
    ['where it is cut', () => png.subarray(0, png.length - 20), /input x: the image cannot be decoded/],
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
});
