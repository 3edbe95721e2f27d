/** RFC 9111, case by case. */
import { expect, test } from 'vitest';
import { type Headers, type Kept, keep, renew, validatorsOf } from '../../src/input/http-cache.ts';

const NOW = Date.parse('Thu, 02 Jan 2025 12:00:00 GMT');
const BYTES = Buffer.from('picture');
const seconds = (headers: Headers): number | undefined => {
  const kept = keep(BYTES, headers, NOW);
  return kept === undefined ? undefined : (kept.freshUntil - NOW) / 1000;
};

test.each<[string, Headers, number | undefined]>([
  ['nothing is told', {}, undefined],
  ['a lifetime is told', { 'cache-control': 'max-age=60' }, 60],
  ['some of it is over', { 'cache-control': 'public, max-age=60', age: '20' }, 40],
  ['all of it is over and there is a validator', { 'cache-control': 'max-age=60', age: '90', etag: '"a"' }, 0],
  ['all of it is over and there is none', { 'cache-control': 'max-age=60', age: '90' }, undefined],
  ['shared caches have a lifetime of their own', { 'cache-control': 'max-age=60, s-maxage=5' }, 5],
  ['directives are in capitals', { 'cache-control': 'Max-Age=60' }, 60],
  ['a directive comes twice', { 'cache-control': ['max-age=60', 'max-age=90'] }, 60],
  ['the value is quoted', { 'cache-control': 'max-age="60"' }, 60],
  ['the value is nonsense', { 'cache-control': 'max-age=soon' }, undefined],
  ['it must not be stored', { 'cache-control': 'no-store, max-age=60', etag: '"a"' }, undefined],
  ['it is for one user', { 'cache-control': 'private, max-age=60', etag: '"a"' }, undefined],
  ['it is for one user in part', { 'cache-control': 'private="set-cookie", max-age=60' }, undefined],
  ['it has to be asked about', { 'cache-control': 'no-cache, max-age=60', etag: '"a"' }, 0],
  ['it depends on everything', { 'cache-control': 'max-age=60', vary: '*' }, undefined],
  ['it depends on what is always the same', { 'cache-control': 'max-age=60', vary: 'accept' }, 60],
  ['it expires', { expires: 'Thu, 02 Jan 2025 13:00:00 GMT', date: 'Thu, 02 Jan 2025 12:30:00 GMT' }, 1800],
  ['it expires and says no date', { expires: 'Thu, 02 Jan 2025 13:00:00 GMT' }, 3600],
  ['it has expired', { expires: '0', 'last-modified': 'Thu, 02 Jan 2025 11:00:00 GMT' }, 0],
  ['a lifetime is told beside a date of expiry', { 'cache-control': 'max-age=60', expires: '0' }, 60],
])('where %s', (_case, headers, expected) => expect(seconds(headers)).toBe(expected));

test('a tag is a better validator than a date', () => {
  const modified = 'Thu, 02 Jan 2025 11:00:00 GMT';
  expect(validatorsOf({ etag: 'W/"a"', 'last-modified': modified })).toEqual({ 'if-none-match': 'W/"a"' });
  expect(validatorsOf({ 'last-modified': modified })).toEqual({ 'if-modified-since': modified });
  expect(validatorsOf({})).toEqual({});
});

test.each<[string, Headers, number | undefined]>([
  ['nothing new', {}, 60],
  ['a new lifetime', { 'cache-control': 'max-age=5' }, 5],
  ['a new age', { age: '20' }, 40],
  ['that it must not be stored', { 'cache-control': 'no-store' }, undefined],
])('an answer of 60 seconds whose server says it is the same, and %s', (_case, headers, expected) => {
  const kept = keep(BYTES, { 'cache-control': 'max-age=60', etag: '"a"', age: '50' }, NOW - 10_000) as Kept;
  const again = renew(kept, headers, NOW);
  expect(again && (again.freshUntil - NOW) / 1000).toBe(expected);
  if (again !== undefined)
    expect([again.bytes, validatorsOf(again.headers)]).toEqual([BYTES, { 'if-none-match': '"a"' }]);
});
