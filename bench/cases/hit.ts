/** The request of `small` (64 bytes of tensor), answered from the output cache: the model's accuracy is stated to be 0.9. */
import type { Case } from '../lib/case.ts';
import { besideEmptyHandler } from '../lib/empty-handler.ts';
import { accurate } from '../lib/models.ts';
import { v2Json } from '../lib/requests.ts';
import { median, medianOf } from '../lib/stats.ts';

export const hit: Case = async (models, effort) => {
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
};
