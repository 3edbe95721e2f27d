/**
 * Draws `docs/caching.svg`: the share of requests that the output cache answers while a model gets better, version by version, and that
 * of a cache whose answers belong to one version. Both are the cache of the server; the requests are drawn from a Zipf distribution
 * with a fixed seed: `tools/run node bench/cache-plot.ts`.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AccuracyBook } from '../packages/server/src/cache/accuracy-book.ts';
import { DEFAULT_POLICY } from '../packages/server/src/cache/gate.ts';
import { OutputCache } from '../packages/server/src/cache/output-cache.ts';
import type { ServableInfo } from '../packages/server/src/core/inference.ts';
import { plainTerms } from '../packages/server/src/core/terms.ts';
import { ROOT } from './lib/paths.ts';
import { random, zipf } from './lib/random.ts';

/** Accuracy of versions 1, 2, ...; the last but two falls below `open` and comes back. */
const VERSIONS = [0.74, 0.79, 0.81, 0.83, 0.84, 0.86, 0.88, 0.89, 0.91, 0.79, 0.92, 0.96, 0.985, 0.987];
const PER_VERSION = 4000;
const WINDOW = 200;
const INPUTS = 5000;
const NOBODY_LEAVES = new AbortController().signal;

/** Share of hits in each window. */
async function simulate(scope: 'model' | 'version'): Promise<number[]> {
  const accuracy = new AccuracyBook();
  const cache = new OutputCache({
    policy: DEFAULT_POLICY,
    verify: { every: 0, bound: 0 },
    limitBytes: 2 ** 26,
    accuracy,
  });
  const draw = zipf(INPUTS, 1, random(1));
  const shares: number[] = [];
  for (const [index, value] of VERSIONS.entries()) {
    const servable = servableOf(index + 1);
    accuracy.fromManifest(servable.model, servable.version, value);
    cache.serves(servable.model, servable.version);
    for (let window = 0; window < PER_VERSION / WINDOW; window++)
      shares.push(await hitsOf(cache, servable, scope, draw));
  }
  return shares;
}

async function hitsOf(
  cache: OutputCache,
  servable: ServableInfo,
  scope: 'model' | 'version',
  draw: () => number,
): Promise<number> {
  let hits = 0;
  for (let i = 0; i < WINDOW; i++) {
    const terms = { ...plainTerms(NOBODY_LEAVES), scope };
    const x = { dtype: 'int32' as const, shape: [1], data: Int32Array.of(draw()) };
    const call = { inputs: new Map([['x', x]]) };
    const context = { servable, ref: { name: servable.model }, isStable: true };
    await cache.answer(call, context, terms, async () => [{ name: 'y', tensor: x }]);
    if (terms.notes.cache?.state === 'hit') hits++;
  }
  return hits / WINDOW;
}

function servableOf(version: number): ServableInfo {
  const signature = {
    inputs: { x: { name: 'x:0', dtype: 'int32' as const, shape: [1] } },
    outputs: { y: { name: 'y:0', dtype: 'int32' as const, shape: [1] } },
    methodName: '',
  };
  return {
    model: 'model',
    version,
    signatures: { serving_default: signature },
    defaultSignature: 'serving_default',
    labels: [],
    preprocessing: {},
    metadata: {},
    deterministic: true,
  };
}

const [WIDTH, HEIGHT, LEFT, TOP, BOTTOM] = [960, 420, 56, 44, 60];
const PLOT_WIDTH = WIDTH - LEFT - 64;
const PLOT_HEIGHT = HEIGHT - TOP - BOTTOM;
const LOWEST_ACCURACY = 0.7;

const column = PLOT_WIDTH / VERSIONS.length;
const yOf = (share: number): number => TOP + PLOT_HEIGHT * (1 - share);
const yOfAccuracy = (accuracy: number): number => yOf((accuracy - LOWEST_ACCURACY) / (1 - LOWEST_ACCURACY));
const number = (value: number): string => value.toFixed(1);

function text(x: number, y: number, words: string, style = ''): string {
  return `<text x="${number(x)}" y="${number(y)}" ${style}>${words}</text>`;
}

function line(shares: readonly number[], style: string): string {
  const step = PLOT_WIDTH / shares.length;
  const points = shares.map((share, i) => `${number(LEFT + (i + 0.5) * step)},${number(yOf(share))}`);
  return `<polyline points="${points.join(' ')}" fill="none" ${style}/>`;
}

function accuracies(): string {
  const steps = VERSIONS.map((accuracy, i) => {
    const [x, y] = [LEFT + i * column, yOfAccuracy(accuracy)];
    const label = text(
      x + column / 2,
      y - 5,
      String(accuracy),
      'text-anchor="middle" fill="#9a3412" paint-order="stroke" stroke="#ffffff" stroke-width="3"',
    );
    return `<path d="M${number(x)} ${number(y)}h${number(column)}" stroke="#c2410c" stroke-width="2.5"/>${label}`;
  });
  return steps.join('\n');
}

function bounds(): string {
  return [DEFAULT_POLICY.open, ...DEFAULT_POLICY.milestones]
    .map((accuracy) => {
      const y = yOfAccuracy(accuracy);
      const dash = accuracy === DEFAULT_POLICY.open ? '' : 'stroke-dasharray="3 4"';
      const rule = `<path d="M${LEFT} ${number(y)}h${number(PLOT_WIDTH)}" stroke="#d6a184" ${dash}/>`;
      return rule + text(LEFT + PLOT_WIDTH + 6, y + 4, String(accuracy), 'fill="#9a3412"');
    })
    .join('\n');
}

function axes(): string {
  const shares = [0, 0.2, 0.4, 0.6, 0.8, 1].map((share) =>
    text(LEFT - 8, yOf(share) + 4, `${100 * share} %`, 'text-anchor="end" fill="#1e3a8a"'),
  );
  const versions = VERSIONS.map((_, i) =>
    text(LEFT + (i + 0.5) * column, TOP + PLOT_HEIGHT + 18, `v${i + 1}`, 'text-anchor="middle"'),
  );
  const frame = `<rect x="${LEFT}" y="${TOP}" width="${number(PLOT_WIDTH)}" height="${PLOT_HEIGHT}" fill="none" stroke="#94a3b8"/>`;
  return [frame, ...shares, ...versions].join('\n');
}

function legend(): string {
  const entries: [string, string][] = [
    ['stroke="#1d4ed8" stroke-width="2.5"', 'answered from the cache, 80-20 rule'],
    ['stroke="#64748b" stroke-width="1.5" stroke-dasharray="5 3"', 'the same, answers belong to one version'],
    ['stroke="#c2410c" stroke-width="2.5"', 'accuracy of the version that serves (right axis)'],
  ];
  return entries
    .map(([style, words], i) => {
      const x = LEFT + i * 290;
      return `<path d="M${x} 22h26" ${style}/>${text(x + 32, 26, words)}`;
    })
    .join('\n');
}

function draw(rule: readonly number[], byVersion: readonly number[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11">
<title>Share of requests answered from the cache while a model gets better, version by version</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>
${axes()}
${bounds()}
${line(byVersion, 'stroke="#64748b" stroke-width="1.5" stroke-dasharray="5 3"')}
${line(rule, 'stroke="#1d4ed8" stroke-width="2.5"')}
${accuracies()}
${legend()}
${text(LEFT + PLOT_WIDTH / 2, HEIGHT - 16, `requests, ${PER_VERSION} for each version`, 'text-anchor="middle"')}
</svg>
`;
}

const mean = (shares: readonly number[]): string =>
  `${((100 * shares.reduce((a, b) => a + b, 0)) / shares.length).toFixed(1)} %`;

const rule = await simulate('model');
const byVersion = await simulate('version');
writeFileSync(join(ROOT, 'docs/caching.svg'), draw(rule, byVersion));
const open = rule.filter((_, i) => (VERSIONS[Math.floor((i * WINDOW) / PER_VERSION)] ?? 0) >= DEFAULT_POLICY.open);
const openByVersion = byVersion.filter(
  (_, i) => (VERSIONS[Math.floor((i * WINDOW) / PER_VERSION)] ?? 0) >= DEFAULT_POLICY.open,
);
console.log(`answered from the cache while it is open: ${mean(open)}; by version: ${mean(openByVersion)}`);
