/**
 * Other servers with the same compiled graph in the same release of the engine, one after the other, each in turns with Floe: the MLP in
 * JSON, 32 callers; MobileNetV2 on a picture of 224x224 in the cheapest form that each takes, 8 callers. CPU is that of all processes of a
 * server. A server that cannot be installed or started here is named and left out.
 */
import type { Case, Effort } from '../lib/case.ts';
import { costOf, type LoadCost } from '../lib/loads.ts';
import type { Model } from '../lib/models.ts';
import { FLOE, type PeerServer, pythonOf, SERVERS, type Send, start } from '../lib/peer-servers.ts';
import { treeCpuSeconds } from '../lib/process-tree.ts';
import type { Figure } from '../lib/report.ts';
import { serve } from '../lib/server.ts';
import { inTurns, median, medianOf } from '../lib/stats.ts';

interface Load {
  readonly model: string;
  readonly kind: 'small' | 'picture';
  readonly callers: number;
  /** Floe's code gets compiled meanwhile, which belongs to no answer. */
  readonly warmUp: { readonly floe: number; readonly peer: number };
  readonly unit: 'us' | 'ms';
}

const LOADS: readonly Load[] = [
  { model: 'mlp', kind: 'small', callers: 32, warmUp: { floe: 40_000, peer: 1000 }, unit: 'us' },
  { model: 'mobilenet_v2', kind: 'picture', callers: 8, warmUp: { floe: 200, peer: 100 }, unit: 'ms' },
];
const SECONDS = 3;
/** A turn is so long that more of them say no more. */
const MOST_TURNS = 5;

export const peers: Case = async (models, effort) => {
  const figures: Figure[] = [];
  for (const server of SERVERS) {
    try {
      const python = await pythonOf(server);
      for (const load of LOADS) {
        figures.push(...(await compare(server, python, await models.get(load.model), load, effort)));
      }
    } catch (error) {
      console.log(`${server.name} is left out: ${error instanceof Error ? error.message : error}`);
    }
  }
  return figures;
};

async function compare(server: PeerServer, python: string, model: Model, load: Load, { repeats, length }: Effort) {
  const send = server[load.kind];
  const peer = await start(server, python, model, send);
  const floe = await serve(model.root);
  try {
    const ours = { pid: floe.pid, ports: { http: floe.port, grpc: floe.grpcPort } };
    const turn = {
      floe: await turnOf(ours, FLOE[load.kind], model, load.callers, load.warmUp.floe, SECONDS * length),
      peer: await turnOf(peer, send, model, load.callers, load.warmUp.peer, SECONDS * length),
    };
    const costs = await inTurns(Math.min(repeats, MOST_TURNS), turn);
    return figuresOf(server.name, load, costs.peer, costs.floe);
  } finally {
    await peer.close();
    await floe.close();
  }
}

/** Warms a server up, and gives a turn of about so many seconds. */
async function turnOf(
  { pid, ports }: { readonly pid: number; readonly ports: Parameters<Send>[1] },
  send: Send,
  model: Model,
  callers: number,
  warmUp: number,
  seconds: number,
): Promise<() => Promise<LoadCost>> {
  const warm = await send(model, ports, callers, warmUp);
  const count = Math.ceil((seconds * warm.answers) / warm.seconds);
  return () =>
    costOf(
      () => treeCpuSeconds(pid),
      () => send(model, ports, callers, count),
    );
}

function figuresOf(
  name: string,
  { model, unit }: Load,
  theirs: readonly LoadCost[],
  ours: readonly LoadCost[],
): Figure[] {
  const scale = unit === 'us' ? 1e6 : 1e3;
  const both = (what: string, unit: Figure['unit'], figure: (load: LoadCost) => number): Figure[] =>
    [
      { of: name, loads: theirs },
      { of: `Floe beside ${name}`, loads: ours },
    ].map(({ of, loads }) => ({
      name: `${model}: ${what}, ${of}`,
      value: median(loads.map(figure)),
      unit,
    }));
  const ratio = (what: string, value: number): Figure => ({ name: `${model}: ${what}`, value, unit: 'ratio' });
  return [
    ...both('CPU per answer', unit, ({ cpu }) => scale * cpu),
    ratio(
      `CPU per answer, ${name} / Floe`,
      medianOf(theirs, ours, (a, b) => a.cpu / b.cpu),
    ),
    ...both('answers', '1/s', perSecond),
    ratio(
      `answers per second, Floe / ${name}`,
      medianOf(theirs, ours, (a, b) => perSecond(b) / perSecond(a)),
    ),
    ...both('50 % within', 'ms', ({ p50 }) => p50),
    ...both('99 % within', 'ms', ({ p99 }) => p99),
  ];
}

const perSecond = ({ answers, seconds }: LoadCost): number => answers / seconds;
