/**
 * A tiny MLP, V2 JSON, 32 callers with an API key: CPU per answer against an empty fastify handler that is sent the same bytes. The
 * server identifies the caller, gives each request an id and counts it; its access log is off.
 */
import type { Case } from '../lib/case.ts';
import { besideEmptyHandler } from '../lib/empty-handler.ts';
import { v2Json } from '../lib/requests.ts';
import { median, medianOf } from '../lib/stats.ts';

export const small: Case = async (models, effort) => {
  const model = await models.get('mlp');
  const { served, empty } = await besideEmptyHandler(model.root, v2Json(model), models.scratch(), effort);
  return [
    { name: 'mlp: CPU per answer', value: 1e6 * median(served.map(({ cpu }) => cpu)), unit: 'us' },
    {
      name: 'mlp: CPU per answer of an empty fastify handler',
      value: 1e6 * median(empty.map(({ cpu }) => cpu)),
      unit: 'us',
    },
    {
      name: 'mlp: CPU per answer / of an empty fastify handler',
      value: medianOf(served, empty, (a, b) => a.cpu / b.cpu),
      unit: 'ratio',
      limit: { most: 1.7, slack: 0.8 },
    },
    { name: 'mlp: answers', value: median(served.map((load) => load.answers / load.seconds)), unit: '1/s' },
    { name: 'mlp: 99 % of answers within', value: median(served.map(({ p99 }) => p99)), unit: 'ms' },
  ];
};
