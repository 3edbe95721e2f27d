/** What an answer of the server costs beside one of an empty fastify handler that is sent the same bytes: 32 callers with an API key. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Effort } from './case.ts';
import { firstLine, startNode, stop } from './children.ts';
import { type LoadCost, loadCost } from './loads.ts';
import { FASTIFY_PEER } from './paths.ts';
import { withHeader } from './requests.ts';
import { pidOf, serve } from './server.ts';
import { inTurns } from './stats.ts';

const CALLERS = 32;
const REQUESTS = 20_000;
const WARM_UP = 40_000;
const KEY = 'bench-key';

export interface Compared {
  readonly served: readonly LoadCost[];
  readonly empty: readonly LoadCost[];
}

/** Sends `request` to a server of the models in `root`, and to the empty handler. `scratch` is a folder for the keys. */
export async function besideEmptyHandler(
  root: string,
  request: Uint8Array,
  scratch: string,
  { repeats, length }: Effort,
): Promise<Compared> {
  const server = await serve(root, ['--keys', keyFile(scratch)]);
  const peer = startNode([FASTIFY_PEER]);
  const spec = { request: withHeader(request, 'authorization', `Bearer ${KEY}`), concurrency: CALLERS };
  const ofServer = (count: number) => loadCost(server.pid, { ...spec, port: server.port, count });
  const port = Number(await firstLine(peer));
  const ofPeer = (count: number) => loadCost(pidOf(peer), { ...spec, port, count });
  // Compiling what is hot takes CPU too, more of it in the server, and belongs to no answer.
  await ofServer(WARM_UP);
  await ofPeer(WARM_UP);
  const count = Math.round(REQUESTS * length);
  const compared = await inTurns(repeats, { served: () => ofServer(count), empty: () => ofPeer(count) });
  await server.close();
  await stop(peer);
  return compared;
}

/** A file of API keys with the one that the load shows. */
export function keyFile(folder: string): string {
  const sha256 = createHash('sha256').update(KEY).digest('hex');
  const file = join(folder, 'keys.json');
  writeFileSync(file, JSON.stringify({ keys: [{ caller: 'bench', sha256, scopes: ['infer'] }] }));
  return file;
}
