/**
 * What the output cache costs where it helps nobody: MobileNetV2, V2 binary, eight callers, every request another, with the cache and
 * without.
 */
import type { Case } from '../lib/case.ts';
import { loadCost } from '../lib/loads.ts';
import { accurate } from '../lib/models.ts';
import { v2Binary } from '../lib/requests.ts';
import { type Served, serve } from '../lib/server.ts';
import { inTurns, median, medianOf } from '../lib/stats.ts';

const CALLERS = 8;
const REQUESTS = 500;

export const miss: Case = async (models, { repeats, length }) => {
  const model = await models.get('mobilenet_v2');
  const root = await accurate(model, 0.9, models.scratch());
  const servers = { cached: await serve(root), plain: await serve(root, ['--output-cache-mb', '0']) };
  const request = v2Binary(model);
  const count = Math.round(REQUESTS * length);
  // Each load is a process of its own that begins to number its requests at `first`: none is sent twice.
  let first = 0;
  const cost = ({ pid, port }: Served) => {
    first += count;
    return loadCost(pid, { port, request, concurrency: CALLERS, count, numberedFrom: first });
  };
  await cost(servers.cached);
  await cost(servers.plain);
  const { cached, plain } = await inTurns(repeats, {
    cached: () => cost(servers.cached),
    plain: () => cost(servers.plain),
  });
  await servers.cached.close();
  await servers.plain.close();
  return [
    { name: 'mobilenet_v2: CPU per answer, all new', value: 1e3 * median(cached.map(({ cpu }) => cpu)), unit: 'ms' },
    {
      name: 'mobilenet_v2: CPU per answer, all new / without output cache',
      value: medianOf(cached, plain, (a, b) => a.cpu / b.cpu),
      unit: 'ratio',
      limit: { most: 1.08, slack: 0.07 },
    },
  ];
};
