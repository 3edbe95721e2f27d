/** Images as TensorFlow decodes and resizes them; `test/golden/images/make.py` asked it. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { ImageSpec } from '../../src/core/inference.ts';
import { imageToTensor } from '../../src/input/image.ts';
import { resizeAsTensorFlow } from '../../src/input/tf-resize.ts';
import { SPEC } from './images.ts';

interface Case extends Pick<ImageSpec, 'size' | 'fit' | 'channels' | 'resize'> {
  readonly file: string;
  readonly values: readonly number[];
}

const golden = (name: string): Buffer => readFileSync(new URL(`../golden/images/${name}`, import.meta.url));
const cases = JSON.parse(golden('expected.json').toString()) as Case[];

/** The greatest difference in levels of 255. Grey from the coloured JPEG is TensorFlow's Y channel, ours comes from RGB of whole levels. */
const tolerance = ({ file, channels }: Case): number => (file === 'colour.jpg' && channels === 1 ? 1 : 0.002);

const greatestDifference = (left: Float32Array, right: readonly number[]): number =>
  right.reduce((most, value, i) => Math.max(most, Math.abs(value - (left[i] ?? Number.NaN))), 0);

test.each(cases)('$resize, $fit: $file to $size x $channels', async (item) => {
  const { file, size, fit, channels, resize, values } = item;
  const spec: ImageSpec = { ...SPEC, size, fit, channels, resize, colour: channels === 1 ? 'grey' : 'rgb' };
  const { data } = await imageToTensor(golden(file), spec, { maxPixels: 10_000 }, 'x');
  expect(data).toHaveLength(values.length);
  expect(greatestDifference(data as Float32Array, values)).toBeLessThan(tolerance(item));
});

test('the fast way stays near tf.image.resize with antialias', async () => {
  const near = ({ resize, file, size, fit }: Case): boolean =>
    resize === 'tf-antialias' && file === 'colour.jpg' && fit === 'fill' && size[0] > 1;
  for (const { file, size, channels, values } of cases.filter(near)) {
    const spec: ImageSpec = { ...SPEC, size, channels, colour: channels === 1 ? 'grey' : 'rgb' };
    const { data } = await imageToTensor(golden(file), spec, { maxPixels: 10_000 }, 'x');
    expect(greatestDifference(data as Float32Array, values)).toBeLessThan(6);
  }
});

test('an image of one colour keeps it whatever the size', async () => {
  for (const [height, width] of [
    [1, 1],
    [3, 1],
    [1, 200],
    [211, 97],
  ] as const) {
    const source = { data: new Uint8Array(height * width * 3).fill(200), width, height };
    for (const resize of ['tf-bilinear', 'tf-antialias'] as const) {
      const out = await resizeAsTensorFlow(source, { ...SPEC, size: [7, 9], resize });
      expect(greatestDifference(out, new Array<number>(out.length).fill(200))).toBeLessThan(1e-3);
    }
  }
});

test('large images leave others their turn', async () => {
  const source = { data: new Uint8Array(3000 * 2000 * 3), width: 3000, height: 2000 };
  let turns = 0;
  const work = resizeAsTensorFlow(source, { ...SPEC, size: [64, 64], resize: 'tf-antialias' });
  let isDone = false;
  void work.then(() => {
    isDone = true;
  });
  while (!isDone) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    turns += 1;
  }
  expect(turns).toBeGreaterThan(5);
});
