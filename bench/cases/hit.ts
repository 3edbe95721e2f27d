/**
 * Answers from the output cache; the models' accuracy is stated to be 0.9. What one costs: the request of `small` (64 bytes of tensor) beside an
 * empty handler. What they bring: the same request again and again, with the cache and without, to a CNN that takes 1 KB of tensor and some
 * milliseconds, and to MobileNetV2 (600 KB); one in 200 answers is computed all the same and compared.
 */
import type { Case, Effort } from '../lib/case.ts';
import { besideEmptyHandler } from '../lib/empty-handler.ts';
import { type LoadCost, loadCost } from '../lib/loads.ts';
import { accurate, type Models } from '../lib/models.ts';
import type { Figure } from '../lib/report.ts';
import { v2Binary, v2Json } from '../lib/requests.ts';
import { type Served, serve } from '../lib/server.ts';
import { inTurns, median, medianOf } from '../lib/stats.ts';

interface Raised {
  readonly model: string;
  readonly what: string;
  readonly callers: number;
  readonly count: { readonly cached: number; readonly computed: number };
  /** Times the answers per second without the cache. */
  readonly least: number;
}

const RAISED: readonly Raised[] = [
  { model: 'cnn', what: '1 KB', callers: 32, count: { cached: 30_000, computed: 600 }, least: 50 },
  { model: 'mobilenet_v2', what: '600 KB', callers: 8, count: { cached: 3000, computed: 300 }, least: 3 },
];

export const hit: Case = async (models, effort) => {
  const figures = [...(await costOfHit(models, effort))];
  for (const raised of RAISED) figures.push(...(await throughput(models, raised, effort)));
  return figures;
};

async function costOfHit(models: Models, effort: Effort): Promise<readonly Figure[]> {
  const model = await models.get('mlp');
  const root = await accurate(model, 0.9, models.scratch());
  const { served, empty } = await besideEmptyHandler(root, v2Json(model), models.scratch(), effort);
  return [
    { name: 'mlp: CPU per cached answer', value: 1e6 * median(served.map(({ cpu }) => cpu)), unit: 'us' },
    {
      name: 'mlp: CPU per cached answer / of an empty fastify handler',
      value: medianOf(served, empty, (a, b) => a.cpu / b.cpu),
      unit: 'ratio',
      limit: { most: 1.4, slack: 0.8 },
    },
  ];
}

async function throughput(models: Models, raised: Raised, { repeats, length }: Effort): Promise<readonly Figure[]> {
  const { what, callers, count, least } = raised;
  const model = await models.get(raised.model);
  const servers = {
    cached: await serve(await accurate(model, 0.9, models.scratch())),
    computed: await serve(model.root),
  };
  const request = v2Binary(model);
  const ask = ({ pid, port }: Served, count: number): Promise<LoadCost> =>
    loadCost(pid, { port, request, concurrency: callers, count: Math.round(count * length) });
  const measures = {
    cached: () => ask(servers.cached, count.cached),
    computed: () => ask(servers.computed, count.computed),
  };
  for (const warmUp of Object.values(measures)) await warmUp();
  const { cached, computed } = await inTurns(repeats, measures);
  for (const server of Object.values(servers)) await server.close();
  const name = `${raised.model}, requests of ${what}`;
  return [
    { name: `${name}: answers`, value: median(computed.map(perSecond)), unit: '1/s' },
    { name: `${name}: answers from the output cache`, value: median(cached.map(perSecond)), unit: '1/s' },
    {
      name: `${name}: answers from the output cache / without it`,
      value: medianOf(cached, computed, (a, b) => perSecond(a) / perSecond(b)),
      unit: 'ratio',
      least,
    },
    { name: `${name}: CPU per answer`, value: 1e3 * median(computed.map(({ cpu }) => cpu)), unit: 'ms' },
    {
      name: `${name}: CPU per answer from the output cache`,
      value: 1e3 * median(cached.map(({ cpu }) => cpu)),
      unit: 'ms',
    },
    {
      name: `${name}: CPU per answer / from the output cache`,
      value: medianOf(computed, cached, (a, b) => a.cpu / b.cpu),
      unit: 'ratio',
    },
  ];
}

const perSecond = ({ answers, seconds }: LoadCost): number => answers / seconds;
