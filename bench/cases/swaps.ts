/** Memory of an idle server after very many swaps, against after some: whatever a swap leaves behind adds up. Two versions of digits follow each other. */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Case } from '../lib/case.ts';
import { memoryOf } from '../lib/proc.ts';
import { serve } from '../lib/server.ts';
import { servesOnly } from './swap.ts';

const SOME = 50;
const MANY = 1000;
/** By then an idle server has given back what it does not need. */
const REST_MS = 10_000;
const MB = 1e6;

export const swaps: Case = async (models, { length }) => {
  const model = await models.get('digits');
  const aside = await model.freeze(2, join(models.scratch(), 'aside'));
  const inPlace = join(model.root, model.name, '2');
  const server = await serve(model.root, ['--poll-seconds', '0.1']);
  let done = 0;
  const swapUntil = async (count: number): Promise<number> => {
    for (; done < count; done++) {
      const comes = done % 2 === 0;
      renameSync(comes ? aside : inPlace, comes ? inPlace : aside);
      await servesOnly(server.port, model.name, comes ? 2 : 1);
    }
    await pause(REST_MS);
    return memoryOf(server.pid).rss;
  };
  const many = Math.max(2 * SOME, Math.round(MANY * length));
  const before = await swapUntil(SOME);
  const after = await swapUntil(many);
  await server.close();
  return [
    { name: `digits: idle after ${SOME} swaps, resident`, value: before / MB, unit: 'MB' },
    { name: `digits: idle after ${many} swaps, resident`, value: after / MB, unit: 'MB' },
    { name: `digits: idle after ${many} swaps / after ${SOME}`, value: after / before, unit: 'ratio', aim: 1.05 },
  ];
};
