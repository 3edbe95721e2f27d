/**
 * Memory after a version was swapped for another of the same size, against before: ResNet50's version 2 comes and goes, each time
 * under load, so that 1 and 2 follow each other.
 */
import type { Case } from '../lib/case.ts';
import { load } from '../lib/loads.ts';
import { memoryOf } from '../lib/proc.ts';
import { v2Binary } from '../lib/requests.ts';
import { swapping } from '../lib/swapping.ts';

const REQUESTS = 40;
const CALLERS = 4;
const SWAPS = 4;
const POLL_SECONDS = 0.2;
const MB = 1e6;

export const swap: Case = async (models) => {
  const model = await models.get('resnet50');
  const { server, swap: swapOnce } = await swapping(models, model, POLL_SECONDS);
  const ask = () => load({ port: server.port, request: v2Binary(model), concurrency: CALLERS, count: REQUESTS });
  const resident = async (): Promise<number> => {
    await ask();
    return memoryOf(server.pid).rss;
  };
  const before = await resident();
  const after: number[] = [];
  for (let count = 0; count < SWAPS; count++) {
    await Promise.all([swapOnce(), ask()]);
    after.push(await resident());
  }
  await server.close();
  return [
    { name: 'resnet50: server before a swap, resident', value: before / MB, unit: 'MB' },
    { name: 'resnet50: after one swap, resident', value: (after[0] ?? Number.NaN) / MB, unit: 'MB' },
    { name: `resnet50: after ${SWAPS} swaps, resident`, value: (after.at(-1) ?? Number.NaN) / MB, unit: 'MB' },
    {
      name: `resnet50: after ${SWAPS} swaps / before`,
      value: (after.at(-1) ?? Number.NaN) / before,
      unit: 'ratio',
      limit: { most: 1.1, slack: 0.15 },
    },
  ];
};
