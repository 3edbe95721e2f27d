/**
 * `@floe/client` beside a raw `fetch` that is given the same bytes, made once, and only gets the answer's: CPU of the caller's process for each call, one at a time. The MLP
 * (64 bytes of tensor), and a picture of 224x224 (600 KB) for a model that hardly computes. Turns are short and many: a call takes longer than what is compared.
 */
import process from 'node:process';
import { Floe, type Tensor, tensor } from '../../packages/client/dist/index.js';
import type { Case, Effort } from '../lib/case.ts';
import type { Model } from '../lib/models.ts';
import { bodyOf, headerOf, inferPath, oneRow, v2Binary } from '../lib/requests.ts';
import { serve } from '../lib/server.ts';
import { inTurns, median, medianOf } from '../lib/stats.ts';

const HEADER_LENGTH = 'inference-header-content-length';
const TURNS = 8;
const SMALL = { calls: 200, warmUp: 3000 };
const LARGE = { calls: 20, warmUp: 200 };

export const client: Case = async (models, effort) => {
  const small = await beside(await models.get('mlp'), SMALL, effort);
  const large = await beside(await models.get('pixels'), LARGE, effort);
  const figures = ({ raw, typed }: typeof small, what: string) => [
    { name: `client, ${what}: CPU per call`, value: 1e6 * median(typed), unit: 'us' as const },
    { name: `client, ${what}: CPU per raw fetch`, value: 1e6 * median(raw), unit: 'us' as const },
    {
      name: `client, ${what}: CPU per call / per raw fetch`,
      value: medianOf(typed, raw, (a, b) => a / b),
      unit: 'ratio' as const,
      limit: { most: 1.1, slack: 0.2 },
    },
  ];
  return [...figures(small, 'mlp'), ...figures(large, '600 KB')];
};

/** Seconds of CPU for each call, turn by turn. */
async function beside(
  model: Model,
  { calls, warmUp }: { readonly calls: number; readonly warmUp: number },
  { repeats, length }: Effort,
): Promise<Record<'raw' | 'typed', number[]>> {
  const server = await serve(model.root);
  const ask = asking(`http://127.0.0.1:${server.port}`, model);
  await cost(ask.raw, warmUp);
  await cost(ask.typed, warmUp);
  const turn = Math.round(calls * length);
  const costs = await inTurns(repeats * TURNS, {
    raw: () => cost(ask.raw, turn),
    typed: () => cost(ask.typed, turn),
  });
  await server.close();
  return costs;
}

function asking(address: string, model: Model): Record<'raw' | 'typed', () => Promise<unknown>> {
  const floe = new Floe(address);
  const inputs: Record<string, Tensor> = {};
  for (const [name, spec] of Object.entries(model.inputs)) {
    const shape = oneRow(spec);
    const size = shape.reduce((product, dim) => product * dim, 1);
    inputs[name] = tensor(
      Float32Array.from({ length: size }, (_, index) => Math.sin(index * 0.7)),
      shape,
    );
  }
  const request = v2Binary(model);
  const body = new Uint8Array(bodyOf(request));
  const headers = { [HEADER_LENGTH]: headerOf(request, HEADER_LENGTH) };
  return {
    raw: async () => (await fetch(address + inferPath(model), { method: 'POST', headers, body })).arrayBuffer(),
    typed: () => floe.infer(model.name, inputs),
  };
}

async function cost(ask: () => Promise<unknown>, calls: number): Promise<number> {
  const before = process.cpuUsage();
  for (let call = 0; call < calls; call++) await ask();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6 / calls;
}
