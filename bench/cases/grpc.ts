/**
 * gRPC ModelInfer with raw tensors beside an echo on the same library that is sent the same bytes, callers with an API key: the MLP (64
 * bytes of tensor, 32 callers), and a picture of 224x224 (600 KB, 4 callers) for a model that hardly computes. The limits are the aims, 45 us
 * and 0.9 ms, over what an echo took on the machine for which they were stated, 16 us and 0.2 ms.
 */
import { ModelInferRequest } from '../../packages/server/dist/codec/proto/inference.js';
import { cpuSeconds } from '../../packages/server/src/cli/bench/cpu-seconds.ts';
import type { GrpcLoadSpec } from '../grpc-load.ts';
import type { Case, Effort } from '../lib/case.ts';
import { ask, firstLine, startNode, startPeer, stop } from '../lib/children.ts';
import { keyFile } from '../lib/empty-handler.ts';
import type { LoadCost } from '../lib/loads.ts';
import type { Model } from '../lib/models.ts';
import { GRPC_ECHO_PEER, GRPC_LOAD } from '../lib/paths.ts';
import { oneRow } from '../lib/requests.ts';
import { pidOf, serve } from '../lib/server.ts';
import { inTurns, median, medianOf } from '../lib/stats.ts';
import type { LoadResult } from '../load.ts';

const PATH = '/inference.GRPCInferenceService/ModelInfer';
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
  const spec = { path: PATH, message: inferRequest(model), concurrency: load.concurrency };
  const ofServer = (count: number) => cost(server.pid, { ...spec, port: server.grpcPort, count });
  const ofEcho = (count: number) => cost(pidOf(echo), { ...spec, port: echoPort, count });
  // Compiling what is hot takes CPU too, and belongs to no answer.
  await ofServer(load.warmUp);
  await ofEcho(load.warmUp);
  const count = Math.round(load.count * length);
  const compared = await inTurns(repeats, { served: () => ofServer(count), echo: () => ofEcho(count) });
  await server.close();
  await stop(echo);
  return compared;
}

async function cost(pid: number, spec: GrpcLoadSpec): Promise<LoadCost> {
  const peer = startPeer(GRPC_LOAD);
  try {
    const before = cpuSeconds(pid);
    const result = await ask<LoadResult>(peer, spec);
    return { ...result, cpu: (cpuSeconds(pid) - before) / result.answers };
  } finally {
    peer.kill();
  }
}

/** One row for each input, raw. */
function inferRequest(model: Model): Uint8Array {
  const tensors = Object.entries(model.inputs).map(([name, spec]) => ({ name, shape: oneRow(spec) }));
  return ModelInferRequest.encode({
    model_name: model.name,
    model_version: '',
    id: '',
    parameters: new Map(),
    inputs: tensors.map(({ name, shape }) => ({
      name,
      datatype: 'FP32',
      shape,
      parameters: new Map(),
      contents: undefined,
    })),
    outputs: [],
    raw_input_contents: tensors.map(({ shape }) => {
      const size = shape.reduce((product, dim) => product * dim, 1);
      return new Uint8Array(Float32Array.from({ length: size }, (_, i) => Math.sin(i)).buffer);
    }),
  });
}
