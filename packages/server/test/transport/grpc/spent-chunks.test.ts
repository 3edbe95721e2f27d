import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { SpentChunks } from '../../../src/transport/grpc/spent-chunks.ts';

/** [from, to] of each chunk that was copied, in a buffer of 100 bytes. */
const cases: readonly (readonly [
  what: string,
  chunks: readonly (readonly [number, number])[],
  isGivenBack: boolean,
])[] = [
  ['a chunk fills it', [[0, 100]], true],
  ['a chunk fills it behind the head of its frame', [[9, 100]], true],
  [
    'chunks fill it, with heads between them',
    [
      [0, 40],
      [49, 70],
      [79, 100],
    ],
    true,
  ],
  ['another stream may have a byte before it', [[10, 100]], false],
  [
    'another stream may have a byte between',
    [
      [0, 40],
      [59, 100],
    ],
    false,
  ],
  ['a chunk of it is still to be copied', [[49, 100]], false],
  ['the head of the next frame is still to be read', [[0, 91]], false],
];

describe('memory that was copied', () => {
  test.each(cases)('where %s', async (_, chunks, isGivenBack) => {
    const buffer = new ArrayBuffer(100);
    const spent = new SpentChunks();
    for (const [from, to] of chunks) spent.add(Buffer.from(buffer, from, to - from));
    expect(buffer.detached).toBe(false);
    await turn();
    expect(buffer.detached).toBe(isGivenBack);
  });

  test('of one buffer says nothing of the next', async () => {
    const [one, two] = [new ArrayBuffer(100), new ArrayBuffer(100)];
    const spent = new SpentChunks();
    spent.add(Buffer.from(one, 9, 40));
    spent.add(Buffer.from(two, 60, 40));
    await turn();
    expect([one.detached, two.detached]).toEqual([false, false]);
  });
});
