import { describe, expect, it } from 'vitest';
import { retrying } from '../../src/core/retrying.ts';

/** Fails so many times; waits resolve at once and are written down. */
function tries(failures: number, isWorth = true) {
  const waits: number[] = [];
  const end = new AbortController();
  let done = 0;
  const result = retrying(
    async () => {
      done++;
      if (done <= failures) throw new Error(`failure ${done}`);
    },
    {
      seconds: [1, 5],
      isWorth: () => isWorth,
      onFailure: () => {},
      wait: async (seconds) => {
        waits.push(seconds);
        if (waits.length === 10) end.abort();
      },
      signal: end.signal,
    },
  );
  return { result, waits };
}

describe('retrying', () => {
  it('tries until it succeeds, at pauses that grow to the last one', async () => {
    const { result, waits } = tries(4);
    expect(await result).toBe(true);
    expect(waits).toEqual([1, 5, 5, 5]);
  });

  it('throws what another try cannot help', async () => {
    const { result, waits } = tries(1, false);
    await expect(result).rejects.toThrow('failure 1');
    expect(waits).toEqual([]);
  });

  it('ends when it is told to', async () => {
    const { result, waits } = tries(Number.POSITIVE_INFINITY);
    expect(await result).toBe(false);
    expect(waits).toHaveLength(10);
  });
});
