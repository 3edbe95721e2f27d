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
