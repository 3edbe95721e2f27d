import { describe, expect, it } from 'vitest';
import { AccuracyBook } from '../../src/cache/accuracy-book.ts';
import { DEFAULT_POLICY, gate } from '../../src/cache/gate.ts';
import { nextStanding, type Standing, Standings } from '../../src/cache/standing.ts';
import { type AccuracyFigures, lowerBound } from '../../src/core/accuracy.ts';

const live = (bound: number, labels = 200): AccuracyFigures => ({ stated: 0.91, live: { lowerBound: bound, labels } });

describe('the standing of a version, step by step', () => {
  it.each<[string, readonly AccuracyFigures[], number | undefined, string | undefined]>([
    [
      'without a stated accuracy it is unknown, whatever feedback says',
      [{ live: { lowerBound: 0.95, labels: 900 } }],
      undefined,
      undefined,
    ],
    ['the stated accuracy counts at once', [{ stated: 0.91 }], 0.91, undefined],
    ['feedback counts from 200 labels on', [live(0.1, 199)], 0.91, undefined],
    ['a live figure above the stated one raises nothing', [live(0.97)], 0.91, undefined],
    ['a live figure below it lowers the accuracy', [live(0.86)], 0.86, undefined],
    ['a live rise within a version never raises its band', [live(0.86), live(0.9)], 0.86, undefined],
    ['an explicit call begins anew', [live(0.86), { ...live(0.92), stated: 0.95 }], 0.92, undefined],
    ['below open it closes', [live(0.79)], 0.79, 'live accuracy 0.79 is below 0.8'],
    ['at open it stays closed', [live(0.79), live(0.8)], 0.8, 'live accuracy 0.8 is below 0.81'],
    ['a hundredth above open it opens', [live(0.79), live(0.81)], 0.81, undefined],
    ['what opened again begins anew', [live(0.86), live(0.79), live(0.9)], 0.9, undefined],
    ['what was never closed need not come back', [live(0.805)], 0.805, undefined],
    [
      'an explicit call does not open what feedback closed',
      [live(0.79), { ...live(0.79), stated: 0.95 }],
      0.79,
      'live accuracy 0.79 is below 0.81',
    ],
  ])('%s', (_, steps, accuracy, held) => {
    let standing: Standing | undefined;
    for (const figures of steps) standing = nextStanding(figures, standing, DEFAULT_POLICY);
    expect(standing?.accuracy).toBe(accuracy);
    expect(standing?.held).toBe(held);
    const closed = accuracy === undefined || held !== undefined;
    expect(gate(undefined, { version: 1, accuracy, held }, DEFAULT_POLICY)).toBe(closed ? 'closed' : 'miss');
  });
});

it('an explicit call overrides the manifest until it is taken back, and every change is told', () => {
  const book = new AccuracyBook();
  const changes: string[] = [];
  const standings = new Standings(book, DEFAULT_POLICY, (model, version) => {
    changes.push(`${model} ${version} ${standings.of(model, version).accuracy}`);
  });
  book.fromManifest('digits', 1, 0.91);
  book.state('digits', 1, 0.7);
  book.state('digits', 1, undefined);
  book.live('digits', 1, { lowerBound: 0.88, labels: 500 });
  book.fromManifest('digits', 1, undefined);
  expect(changes).toEqual(['digits 1 0.91', 'digits 1 0.7', 'digits 1 0.91', 'digits 1 0.88', 'digits 1 undefined']);
});

it('refuses what is no accuracy', () => {
  expect(() => new AccuracyBook().state('digits', 1, 91)).toThrow('between 0 and 1');
  expect(() => new AccuracyBook().state('digits', 1, Number.NaN)).toThrow('between 0 and 1');
});

it('forgets versions and models', () => {
  const book = new AccuracyBook();
  book.fromManifest('digits', 1, 0.91);
  book.fromManifest('digits', 2, 0.92);
  book.forget('digits', 1);
  expect([book.of('digits', 1), book.of('digits', 2)]).toEqual([{}, { stated: 0.92 }]);
  book.forget('digits');
  expect(book.of('digits', 2)).toEqual({});
});

it.each([
  [180, 200],
  [199, 200],
  [1, 3],
  [10, 10],
])('if the lower bound were the truth, %i of %i right would be 1.6449 deviations above it', (right, labels) => {
  const bound = lowerBound(right, labels);
  const deviation = Math.sqrt((bound * (1 - bound)) / labels);
  expect((right / labels - bound) / deviation).toBeCloseTo(1.6449, 6);
});

it('nothing right, or no labels, bounds nothing', () => {
  expect([lowerBound(0, 10), lowerBound(0, 0)]).toEqual([0, 0]);
});
