/** `docs/metrics.md` tells of every metric, with its type, labels and help, and of no other. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { exposition } from '../../src/transport/http/exposition.ts';
import { HttpMetrics } from '../../src/transport/http/metrics.ts';
import { BUCKETS } from '../../src/transport/request-metrics.ts';
import { NOTHING_OBSERVED } from '../transport/fixture.ts';

interface Described {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  get(): Promise<{ type: string }>;
}

const text = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');

async function served(): Promise<string[][]> {
  const metrics = new HttpMetrics();
  const registry = exposition(metrics, NOTHING_OBSERVED, false);
  metrics.close();
  const all = registry.getMetricsAsArray() as unknown as readonly Described[];
  return Promise.all(
    all.map(async (metric) => [metric.name, (await metric.get()).type, metric.labelNames.join(', '), metric.help]),
  );
}

test('every metric that is served is told of as it is, and none that is not', async () => {
  const rows = [...text.matchAll(/^\| `(floe_\w+)`\s*\|(.*)\|(.*)\|(.*)\|$/gm)];
  const told = rows.map((row) => row.slice(1).map((cell) => cell.replaceAll('`', '').trim()));
  expect(told.sort()).toEqual((await served()).sort());
});

test('its buckets are those of the histogram', () => {
  const [, list = ''] = /Buckets end at ([^;.]*(?:\.\d[^;.]*)*) s\./.exec(text) ?? [];
  const [ms = '', s = ''] = list.split(' ms, ');
  const numbers = (part: string): number[] => (part.match(/[\d.]+/g) ?? []).map(Number);
  expect([...numbers(ms).map((value) => value / 1000), ...numbers(s)]).toEqual([...BUCKETS]);
});
