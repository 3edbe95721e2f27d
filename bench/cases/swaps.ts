/** Memory of an idle server after very many swaps, against after some: whatever a swap leaves behind adds up. Two versions of digits follow each other. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Case } from '../lib/case.ts';
import { memoryOf } from '../lib/proc.ts';
import { swapping } from '../lib/swapping.ts';

const SOME = 50;
const MANY = 1000;
/** By then an idle server has given back what it does not need. */
const REST_MS = 10_000;
const POLL_SECONDS = 0.1;
const MB = 1e6;

export const swaps: Case = async (models, { length }) => {
  const { server, swap } = await swapping(models, await models.get('digits'), POLL_SECONDS);
  const residentAfter = async (more: number): Promise<number> => {
    for (let count = 0; count < more; count++) await swap();
    await pause(REST_MS);
    return memoryOf(server.pid).rss;
  };
  const many = Math.max(2 * SOME, Math.round(MANY * length));
  const before = await residentAfter(SOME);
  const after = await residentAfter(many - SOME);
  await server.close();
  return [
    { name: `digits: idle after ${SOME} swaps, resident`, value: before / MB, unit: 'MB' },
    { name: `digits: idle after ${many} swaps, resident`, value: after / MB, unit: 'MB' },
    { name: `digits: idle after ${many} swaps / after ${SOME}`, value: after / before, unit: 'ratio', aim: 1.05 },
  ];
};
