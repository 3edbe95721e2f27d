/** `docs/caching.md` says what the code does: settings with their defaults, milestones, and the reasons that an answer may give. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { DEFAULT_POLICY, reason } from '../../src/cache/gate.ts';
import { DEFAULT_VERIFY } from '../../src/cache/verification.ts';
import { environmentName, resolveConfig, ServeConfig } from '../../src/core/config.ts';

const text = readFileSync(fileURLToPath(new URL('../../../../docs/caching.md', import.meta.url)), 'utf8');
const config = resolveConfig({}, {}, { models: '/models' });
const flagOf = (option: string): string =>
  `--${environmentName(option).replace('FLOE_', '').toLowerCase().replaceAll('_', '-')}`;
const rowOf = (start: string): readonly string[] => {
  const line = text.split('\n').find((one) => one.startsWith(`| \`${start}\``)) ?? '';
  return line.split('|').map((cell) => cell.trim());
};

it.each(Object.keys(ServeConfig.shape).filter((option) => /^(cache(?!Dir)|verify|outputCache)/.test(option)))(
  'setting %s with its default',
  (option) => {
    const value = config[option as keyof typeof config];
    expect(rowOf(flagOf(option))[2]).toBe(Array.isArray(value) ? value.join(',') : String(value));
  },
);

it('defaults are those of the policy', () => {
  const { cacheOpen: open, cacheEnd: end, cacheMilestones: milestones, cacheStopAt: stopAt } = config;
  expect({ open, end, milestones, stopAt }).toEqual(DEFAULT_POLICY);
  expect({ every: config.verifyEvery, bound: config.verifyBound }).toEqual(DEFAULT_VERIFY);
});

it.each([
  `bypass; ${reason('closed', undefined, { version: 1, accuracy: 0.79 }, DEFAULT_POLICY)}`,
  `miss; ${reason('miss', undefined, { version: 1, accuracy: 0.8 }, DEFAULT_POLICY)}`,
  `miss; ${reason('miss', { band: 0, version: 3 }, { version: 2, accuracy: 0.8 }, DEFAULT_POLICY)}`,
  `miss; ${reason('ended', { band: 0, version: 1 }, { version: 2, accuracy: 0.85 }, DEFAULT_POLICY)}`,
  `hit; ${reason('hit', { band: 0, version: 1 }, { version: 2, accuracy: 0.84 }, DEFAULT_POLICY)}`,
])('the reason "%s"', (shown) => {
  expect(rowOf(shown)).not.toEqual(['']);
});
