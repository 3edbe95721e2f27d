/**
 * One copy of ResNet50's weights however many requests run: the most memory held with eight callers against one, in units of the
 * weights. What grows is bodies, activations and threads.
 */
import type { Case } from '../lib/case.ts';
import { load } from '../lib/loads.ts';
import { memoryOf, peakMemory } from '../lib/proc.ts';
import { v2Binary } from '../lib/requests.ts';
import { serve } from '../lib/server.ts';

const REQUESTS = 120;
const MANY_CALLERS = 8;
const MB = 1e6;

export const weights: Case = async (models, { length }) => {
  const model = await models.get('resnet50');
  const empty = await restingWithout(models.scratch());
  const server = await serve(model.root);
  const request = v2Binary(model);
  const peakWith = (concurrency: number) =>
    peakMemory(server.pid, () => load({ port: server.port, request, concurrency, count: REQUESTS * length }));
  const resting = memoryOf(server.pid);
  const one = await peakWith(1);
  const many = await peakWith(MANY_CALLERS);
  await server.close();
  return [
    { name: 'resnet50: weights', value: model.weights / MB, unit: 'MB' },
    { name: 'server without models, resident', value: empty / MB, unit: 'MB' },
    { name: 'resnet50: server at rest, resident', value: resting.rss / MB, unit: 'MB' },
    {
      name: 'resnet50: copies of the weights at rest (over a server without models)',
      value: (resting.pss - empty) / model.weights,
      unit: 'ratio',
      // The bare engine is at 1.6, as it pads weights for its own layout; a second copy would be at 2.6.
      limit: { most: 2, slack: 0.4 },
    },
    { name: 'resnet50: most with 1 caller, resident', value: one.rss / MB, unit: 'MB' },
    { name: `resnet50: most with ${MANY_CALLERS} callers, resident`, value: many.rss / MB, unit: 'MB' },
    {
      name: `resnet50: growth from 1 to ${MANY_CALLERS} callers / weights`,
      value: (many.pss - one.pss) / model.weights,
      unit: 'ratio',
      limit: { most: 0.5, slack: 0.25 },
    },
  ];
};

async function restingWithout(root: string): Promise<number> {
  const server = await serve(root);
  const { pss } = memoryOf(server.pid);
  await server.close();
  return pss;
}
