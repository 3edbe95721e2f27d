import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { load, type ModelSession, tensor } from '../src/index.ts';
import { CHECKPOINT, digitsFolder, holdout, type ModelsFolder } from './support/digits.ts';

let folder: ModelsFolder;
let session: ModelSession;
beforeAll(async () => {
  folder = await digitsFolder();
  session = await load(join(folder.root, 'digits/1'));
});
afterAll(async () => {
  await session.close();
  await folder.remove();
});

describe('the library', () => {
  it('reads held-out digits as well as TensorFlow said', async () => {
    const { images, labels } = await holdout(1996);
    const { klass } = await session.run({ x: images }, ['klass']);
    const right = Array.from(klass?.data as BigInt64Array).filter((digit, row) => Number(digit) === labels[row]);
    expect(right.length / labels.length).toBeCloseTo(0.9815, 4);
  });

  it('takes x and x:0 for one tensor and gives results by place and by name', async () => {
    const { images } = await holdout(2);
    const plain = await session.run({ x: images }, ['probs', 'klass:0']);
    const indexed = await session.run({ 'x:0': images }, ['probs:0']);
    expect(indexed[0]?.data).toEqual(plain['probs']?.data);
    expect(plain[1]).toBe(plain['klass:0']);
    expect(plain[0]?.shape).toEqual([2, 10]);
  });

  it('gives all outputs of the signature where none is named', async () => {
    const { images } = await holdout(1);
    expect(Object.keys(await session.run({ x: images }))).toEqual(['0', '1', 'probs', 'klass']);
  });

  it('feeds any tensor in the middle and fetches any node', async () => {
    const { images } = await holdout(3);
    const { 'pool2:0': inner, probs } = await session.run({ x: images }, ['pool2:0', 'probs']);
    expect(inner?.shape).toEqual([3, 7, 7, 16]);
    const fromInner = await session.run({ pool2: inner as NonNullable<typeof inner> }, ['probs:0']);
    const differences = Array.from(fromInner[0]?.data as Float32Array, (p, i) => Math.abs(p - Number(probs?.data[i])));
    expect(Math.max(...differences)).toBeLessThan(1e-6);
  });

  const pixels = new Float32Array(784);
  const refused: [string, () => Promise<unknown>, object][] = [
    [
      'a shape that does not fit',
      () => session.run({ x: tensor(pixels, [1, 784]) }),
      { code: 'INVALID_ARGUMENT', message: expect.stringContaining('x') },
    ],
    [
      'a dtype that does not fit',
      () => session.run({ x: tensor(new Float64Array(784), [1, 28, 28, 1]) }),
      { code: 'INVALID_ARGUMENT' },
    ],
    [
      'a tensor that the graph does not have',
      () => session.run({ x: tensor(pixels, [1, 28, 28, 1]) }, ['nothing:0']),
      { code: 'INVALID_ARGUMENT', message: expect.stringContaining('nothing') },
    ],
    [
      'an output that a node does not have',
      () => session.run({ x: tensor(pixels, [1, 28, 28, 1]) }, ['probs:3']),
      { message: expect.stringContaining('probs:3') },
    ],
  ];
  for (const [what, run, error] of refused) {
    it(`refuses ${what}, and goes on`, async () => {
      await expect(run()).rejects.toMatchObject(error);
      await session.run({ x: tensor(pixels, [1, 28, 28, 1]) });
    });
  }

  it('refuses data that does not fill its shape', () => {
    expect(() => tensor(pixels, [2, 28, 28, 1])).toThrow('shape [2, 28, 28, 1] needs 1568 elements, not 784');
  });

  it('says what is wrong with a path', async () => {
    await expect(load(join(folder.root, 'nothing'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('freezes what is not frozen yet, for one session', async () => {
    await expect(load(CHECKPOINT)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('outputs'),
    });
  });
});
