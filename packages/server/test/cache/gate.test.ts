import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  band,
  type CachePolicy,
  DEFAULT_POLICY,
  endsAt,
  type GateState,
  gate,
  reason,
  type Serving,
  type Stamp,
} from '../../src/cache/gate.ts';

const of = (accuracy: number | undefined, version: number, held?: string): Serving => ({ accuracy, version, held });
const stored = (reached: number, version: number): Stamp => ({ band: reached, version });

it.each<[number, number]>([
  [0, 0],
  [0.8, 0],
  [0.849999, 0],
  [0.85, 1],
  [0.9, 2],
  [0.94, 2],
  [0.95, 3],
  [0.98, 4],
  [1, 4],
])('an accuracy of %f lies in band %i', (accuracy, expected) => {
  expect(band(accuracy, DEFAULT_POLICY.milestones)).toBe(expected);
});

describe('answers end at milestones', () => {
  it.each<[string, Stamp | undefined, Serving, GateState, string]>([
    ['an unknown accuracy closes', undefined, of(undefined, 1), 'closed', 'closed: the accuracy is unknown'],
    ['0.799 is closed', undefined, of(0.799, 1), 'closed', 'closed: accuracy 0.799 is below 0.8'],
    [
      'what is just below 0.8 is not shown as 0.8',
      undefined,
      of(0.79999, 1),
      'closed',
      'closed: accuracy 0.79999 is below 0.8',
    ],
    [
      'a closed cache gives nothing that it has',
      stored(2, 3),
      of(0.79, 3),
      'closed',
      'closed: accuracy 0.79 is below 0.8',
    ],
    ['0.8 is a miss', undefined, of(0.8, 1), 'miss', 'no answer is stored'],
    [
      'an answer outlives a version that is no milestone better',
      stored(0, 1),
      of(0.84, 2),
      'hit',
      'computed by version 1',
    ],
    ['an answer ends with the milestone', stored(0, 1), of(0.85, 2), 'ended', 'ended: the model has reached 0.85'],
    [
      'a version that skips milestones ends it, too',
      stored(0, 1),
      of(0.96, 2),
      'ended',
      'ended: the model has reached 0.95',
    ],
    ['a model that gets worse keeps its answers', stored(2, 3), of(0.86, 3), 'hit', 'computed by version 3'],
    ['in the last band it lasts as long as its version', stored(4, 5), of(0.98, 5), 'hit', 'computed by version 5'],
    [
      'in the last band it ends with the next version',
      stored(4, 5),
      of(0.985, 6),
      'ended',
      'ended: version 6 serves, and the last milestone is behind it',
    ],
    [
      'a version that was rolled back answers no more',
      stored(1, 3),
      of(0.86, 2),
      'miss',
      'version 3, which computed it, was rolled back',
    ],
    [
      'whatever holds the cache closed is said',
      stored(2, 3),
      of(0.9, 3, 'too many differ'),
      'closed',
      'closed: too many differ',
    ],
  ])('%s', (_, entry, serving, state, why) => {
    expect(gate(entry, serving, DEFAULT_POLICY)).toBe(state);
    expect(reason(state, entry, serving, DEFAULT_POLICY)).toBe(why);
  });

  it.each<[number, number | undefined]>([
    [0, 0.85],
    [3, 0.98],
    [4, undefined],
  ])('an answer of band %i ends at %s', (reached, end) => {
    expect(endsAt(reached, DEFAULT_POLICY)).toBe(end);
  });
});

describe('answers end at one accuracy', () => {
  const policy: CachePolicy = { ...DEFAULT_POLICY, end: 'stopAt', stopAt: 0.95 };

  it.each<[string, Stamp | undefined, Serving, GateState, string]>([
    ['below open nothing is stored', undefined, of(0.79, 1), 'closed', 'closed: accuracy 0.79 is below 0.8'],
    ['from open on it is', undefined, of(0.8, 1), 'miss', 'no answer is stored'],
    ['milestones end nothing', stored(0, 1), of(0.94, 2), 'hit', 'computed by version 1'],
    ['at the end nothing is given', stored(0, 1), of(0.95, 2), 'closed', 'closed: accuracy 0.95 has reached 0.95'],
    ['nor stored', undefined, of(0.97, 2), 'closed', 'closed: accuracy 0.97 has reached 0.95'],
  ])('%s', (_, entry, serving, state, why) => {
    expect(gate(entry, serving, policy)).toBe(state);
    expect(reason(state, entry, serving, policy)).toBe(why);
    expect(endsAt(0, policy)).toBe(0.95);
  });
});

it('a hit is never more than a milestone worse than the model, and never of a later version', () => {
  const accuracy = fc.double({ min: 0, max: 1, noNaN: true });
  const version = fc.integer({ min: 1, max: 4 });
  fc.assert(
    fc.property(accuracy, version, accuracy, version, (then, first, now, later) => {
      const entry = { band: band(then, DEFAULT_POLICY.milestones), version: first };
      if (gate(entry, of(now, later), DEFAULT_POLICY) !== 'hit') return;
      expect(now).toBeGreaterThanOrEqual(DEFAULT_POLICY.open);
      expect(first).toBeLessThanOrEqual(later);
      expect(now).toBeLessThan(endsAt(entry.band, DEFAULT_POLICY) ?? 1.01);
    }),
  );
});
