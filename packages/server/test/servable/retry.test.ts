import { describe, expect, it } from 'vitest';
import { type Failure, isWorthAnotherTry } from '../../src/servable/retry.ts';

describe('a version that failed is tried again', () => {
  const base: Failure = { code: 'UNAVAILABLE', tries: 1, at: 1000, hadOthersGo: false };
  const table: { says: string; change?: Partial<Failure>; now: number; again: boolean }[] = [
    { says: 'after two seconds where a store or a disk gave no answer', now: 3000, again: true },
    { says: 'not before', now: 2999, again: false },
    { says: 'where room lacked', change: { code: 'RESOURCE_EXHAUSTED' }, now: 3000, again: true },
    { says: 'where permission lacked', change: { code: 'PERMISSION_DENIED' }, now: 3000, again: true },
    { says: 'twice as late each time', change: { tries: 4 }, now: 16_999, again: false },
    { says: 'as late as that', change: { tries: 4 }, now: 17_000, again: true },
    { says: 'after five minutes at most', change: { tries: 2000 }, now: 301_000, again: true },
    { says: 'never where its bytes are others', change: { code: 'DATA_LOSS' }, now: 1e9, again: false },
    { says: 'never where its graph is refused', change: { code: 'UNIMPLEMENTED' }, now: 1e9, again: false },
    { says: 'never where its graph is too large', change: { code: 'OUT_OF_RANGE' }, now: 1e9, again: false },
    { says: 'never where its manifest is wrong', change: { code: 'INVALID_ARGUMENT' }, now: 1e9, again: false },
    { says: 'never where a file of it is missing', change: { code: 'NOT_FOUND' }, now: 1e9, again: false },
    { says: 'never where others had to go for it', change: { hadOthersGo: true }, now: 1e9, again: false },
  ];
  for (const { says, change, now, again } of table)
    it(says, () => expect(isWorthAnotherTry({ ...base, ...change }, now)).toBe(again));
});
