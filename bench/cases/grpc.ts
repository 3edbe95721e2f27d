/**
 * gRPC ModelInfer with raw tensors beside an echo on the same library that is sent the same bytes, callers with an API key: the MLP (64
 * bytes of tensor, 32 callers), and a picture of 224x224 (600 KB, 4 callers) for a model that hardly computes. The limits are the aims, 45 us
 * and 0.9 ms, over what an echo took on the machine for which they were stated, 16 us and 0.2 ms.
 */
import { cpuSeconds } from '../../packages/server/src/cli/bench/cpu-seconds.ts';
import type { Case, Effort } from '../lib/case.ts';
import { firstLine, startNode, stop } from '../lib/children.ts';
import { keyFile } from '../lib/empty-handler.ts';
import { MODEL_INFER, modelInfer } from '../lib/grpc-requests.ts';
import { costOf, grpcLoad, type LoadCost } from '../lib/loads.ts';
import type { Model } from '../lib/models.ts';
import { GRPC_ECHO_PEER } from '../lib/paths.ts';
import { pidOf, serve } from '../lib/server.ts';
import { inTurns, median, medianOf } from '../lib/stats.ts';

const SMALL = { concurrency: 32, count: 20_000, warmUp: 40_000 };
const LARGE = { concurrency: 4, count: 600, warmUp: 800 };

export const grpc: Case = async (models, effort) => {
  const small = await beside(await models.get('mlp'), models.scratch(), SMALL, effort);
  const large = await beside(await models.get('pixels'), models.scratch(), LARGE, effort);
  const us = (costs: readonly LoadCost[]): number => 1e6 * median(costs.map(({ cpu }) => cpu));
  const over = (a: LoadCost, b: LoadCost): number => a.cpu / b.cpu;
  return [
    { name: 'gRPC, mlp: CPU per answer', value: us(small.served), unit: 'us', aim: 45 },
    { name: 'gRPC, 100 bytes: CPU per echo', value: us(small.echo), unit: 'us' },
    {
      name: 'gRPC, mlp: CPU per answer / per echo',
      value: medianOf(small.served, small.echo, over),
      unit: 'ratio',
      limit: { most: 2.8, slack: 0.6 },
    },
    { name: 'gRPC, 600 KB: CPU per answer', value: us(large.served) / 1e3, unit: 'ms' },
    { name: 'gRPC, 600 KB: CPU per echo', value: us(large.echo) / 1e3, unit: 'ms' },
    {
      name: 'gRPC, 600 KB: CPU per answer / per echo',
      value: medianOf(large.served, large.echo, over),
      unit: 'ratio',
      limit: { most: 4.5, slack: 0.5 },
    },
  ];
};

interface Load {
  readonly concurrency: number;
  readonly count: number;
  readonly warmUp: number;
}

async function beside(model: Model, scratch: string, load: Load, { repeats, length }: Effort) {
  const server = await serve(model.root, ['--keys', keyFile(scratch)]);
  const echo = startNode([GRPC_ECHO_PEER]);
  const echoPort = Number(await firstLine(echo));
  const spec = { path: MODEL_INFER, message: modelInfer(model), concurrency: load.concurrency };
  const cost = (pid: number, port: number, count: number): Promise<LoadCost> =>
    costOf(
      () => cpuSeconds(pid),
      () => grpcLoad({ ...spec, port, count }),
    );
  const ofServer = (count: number) => cost(server.pid, server.grpcPort, count);
  const ofEcho = (count: number) => cost(pidOf(echo), echoPort, count);
  // Compiling what is hot takes CPU too, and belongs to no answer.
  await ofServer(load.warmUp);
  await ofEcho(load.warmUp);
  const count = Math.round(load.count * length);
  const compared = await inTurns(repeats, { served: () => ofServer(count), echo: () => ofEcho(count) });
  await server.close();
  await stop(echo);
  return compared;
}
