import { expect, test } from 'vitest';
import type { Notes } from '../../src/core/terms.ts';
import { ModelTotals } from '../../src/transport/model-totals.ts';

const queue = { predicted: 1, position: 0, chunks: 1, wait: 2, actual: 3 };
const notes = (state: 'hit' | 'miss' | 'bypass', more: Notes = {}): Notes => ({
  cache: { state, reason: '', version: 1 },
  ...more,
});

test('requests are counted by what became of them', () => {
  const totals = new ModelTotals();
  totals.add({ model: 'm', status: 200, seconds: 10, notes: notes('miss', { queue }) });
  totals.add({ model: 'm', status: 200, seconds: 1, notes: notes('hit') });
  totals.add({ model: 'm', status: 200, seconds: 5, notes: notes('bypass', { queue }) });
  totals.add({ model: 'm', status: 504, seconds: 7, notes: notes('miss') });
  totals.add({ model: 'm', status: 404, seconds: 7, notes: {} });
  expect(totals.of('m', 1)).toMatchObject({
    success: { count: 3, seconds: 16 },
    fail: { count: 1, seconds: 7 },
    queue: { count: 2, seconds: 4 },
    infer: { count: 2, seconds: 6 },
    cacheHit: { count: 1, seconds: 1 },
    cacheMiss: { count: 1, seconds: 10 },
  });
  expect(totals.of('m', 1).lastAnswer).toBeGreaterThan(0);
  expect(totals.of('m', 2)).toMatchObject({ success: { count: 0 }, lastAnswer: 0 });
});

test('what is served no more is let go of', () => {
  const totals = new ModelTotals();
  const answered = { status: 200, seconds: 1 };
  for (const version of [1, 2])
    totals.add({ model: 'm', ...answered, notes: { cache: { state: 'miss', reason: '', version } } });
  totals.add({ model: 'gone', ...answered, notes: notes('miss') });
  totals.keepOnly((model, version) => model === 'm' && version === 2);
  const counts = [totals.of('m', 1), totals.of('m', 2), totals.of('gone', 1)].map(({ success }) => success.count);
  expect(counts).toEqual([0, 1, 0]);
});
