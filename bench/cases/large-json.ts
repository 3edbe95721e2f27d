/**
 * MobileNetV2 asked by 1.1 MB of V2 JSON and by raw tensors, four callers: CPU per answer, and the longest that the event loop was held up
 * meanwhile, as the server itself measures it (a stall shorter than 5 ms is not seen whole).
 */
import type { Case } from '../lib/case.ts';
import { loadCost } from '../lib/loads.ts';
import { v2Binary, v2Json } from '../lib/requests.ts';
import { serve } from '../lib/server.ts';
import { inTurns, median, medianOf } from '../lib/stats.ts';

const CALLERS = 4;
const REQUESTS = 200;
const LONGEST = /^floe_event_loop_delay_longest_seconds (\S+)$/m;

export const largeJson: Case = async (models, { repeats, length }) => {
  const model = await models.get('mobilenet_v2');
  const server = await serve(model.root);
  const count = Math.round(REQUESTS * length);
  const cost = async (request: Uint8Array) => {
    await longestStall(server.port);
    const load = await loadCost(server.pid, { port: server.port, request, concurrency: CALLERS, count });
    return { ...load, stall: await longestStall(server.port) };
  };
  const [asJson, asBytes] = [v2Json(model), v2Binary(model)];
  await cost(asJson);
  await cost(asBytes);
  const { json, binary } = await inTurns(repeats, { json: () => cost(asJson), binary: () => cost(asBytes) });
  await server.close();
  return [
    { name: 'mobilenet_v2: CPU per answer to JSON', value: 1e3 * median(json.map(({ cpu }) => cpu)), unit: 'ms' },
    {
      name: 'mobilenet_v2: CPU per answer to JSON / to raw tensors',
      value: medianOf(json, binary, (a, b) => a.cpu / b.cpu),
      unit: 'ratio',
      limit: { most: 1.63, slack: 0.3 },
    },
    { name: 'longest stall, JSON', value: 1e3 * median(json.map(({ stall }) => stall)), unit: 'ms' },
    { name: 'longest stall, raw tensors', value: 1e3 * median(binary.map(({ stall }) => stall)), unit: 'ms' },
  ];
};

/** Seconds since it was asked last. */
async function longestStall(port: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  return Number(LONGEST.exec(await response.text())?.[1]);
}
