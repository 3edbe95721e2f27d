/**
 * A tiny MLP, V2 JSON, 32 callers with an API key: CPU per answer against an empty fastify handler that is sent the same bytes. The
 * server identifies the caller, gives each request an id and counts it; its access log is off.
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Case } from '../lib/case.ts';
import { firstLine, startNode, stop } from '../lib/children.ts';
import { loadCost } from '../lib/loads.ts';
import { FASTIFY_PEER } from '../lib/paths.ts';
import { v2Json, withHeader } from '../lib/requests.ts';
import { pidOf, serve } from '../lib/server.ts';
import { inTurns, median, medianOf } from '../lib/stats.ts';

const CALLERS = 32;
const REQUESTS = 20_000;
const KEY = 'bench-key';

export const small: Case = async (models, { repeats, length }) => {
  const model = await models.get('mlp');
  const count = Math.round(REQUESTS * length);
  const server = await serve(model.root, ['--keys', keyFile(models.scratch())]);
  const peer = startNode([FASTIFY_PEER]);
  const spec = { request: withHeader(v2Json(model), 'authorization', `Bearer ${KEY}`), concurrency: CALLERS, count };
  const ofServer = () => loadCost(server.pid, { ...spec, port: server.port });
  const port = Number(await firstLine(peer));
  const ofPeer = () => loadCost(pidOf(peer), { ...spec, port });
  await ofServer();
  await ofPeer();
  const { served, empty } = await inTurns(repeats, { served: ofServer, empty: ofPeer });
  await server.close();
  await stop(peer);
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
      limit: { most: 1.7, slack: 0.15 },
    },
    { name: 'mlp: answers', value: median(served.map((load) => load.answers / load.seconds)), unit: '1/s' },
    { name: 'mlp: 99 % of answers within', value: median(served.map(({ p99 }) => p99)), unit: 'ms' },
  ];
};

function keyFile(folder: string): string {
  const sha256 = createHash('sha256').update(KEY).digest('hex');
  const file = join(folder, 'keys.json');
  writeFileSync(file, JSON.stringify({ keys: [{ caller: 'bench', sha256, scopes: ['infer'] }] }));
  return file;
}
