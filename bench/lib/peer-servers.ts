/** Other people's servers from PyPI, each in a Python environment of its own, with the model that was compiled here: `peers/servers/`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import type { LoadResult } from '../load.ts';
import { output, stop, track } from './children.ts';
import { MODEL_INFER, modelInfer } from './grpc-requests.ts';
import { grpcLoad, load } from './loads.ts';
import type { Model } from './models.ts';
import { PEER_SERVERS, PYTHON_ENV } from './paths.ts';
import { freePort } from './ports.ts';
import { kill, treeOf } from './process-tree.ts';
import { rawFloats, rowsJson, v2Binary, v2Json } from './requests.ts';
import { pidOf } from './server.ts';

/** How a server is asked: so many times by so many callers. */
export type Send = (model: Model, ports: Ports, concurrency: number, count: number) => Promise<LoadResult>;

export interface Ports {
  readonly http: number;
  readonly grpc: number;
}

export interface PeerServer {
  readonly name: string;
  /** Of `serve_NAME.py` and `NAME.txt`. */
  readonly file: string;
  /** Modules that have to import. */
  readonly modules: string;
  /** A few numbers, as JSON. */
  readonly small: Send;
  /** A picture, in the cheapest form that the server takes. */
  readonly picture: Send;
}

const READY_MS = 120_000;
const RETRY_MS = 200;
const SHOWN = 1500;

const http =
  (request: (model: Model) => Uint8Array): Send =>
  (model, ports, concurrency, count) =>
    load({ port: ports.http, request: request(model), concurrency, count });

const grpc: Send = (model, ports, concurrency, count) =>
  grpcLoad({ port: ports.grpc, path: MODEL_INFER, message: modelInfer(model), concurrency, count });

export const FLOE: Pick<PeerServer, 'small' | 'picture'> = { small: http(v2Json), picture: http(v2Binary) };

export const SERVERS: readonly PeerServer[] = [
  { name: 'Triton', file: 'triton', modules: 'pytriton, onnxruntime', small: http(v2Json), picture: http(v2Binary) },
  { name: 'MLServer', file: 'mlserver', modules: 'mlserver, onnxruntime', small: http(v2Json), picture: grpc },
  {
    name: 'BentoML',
    file: 'bentoml',
    modules: 'bentoml, onnxruntime',
    small: http((model) => rowsJson(model, '/predict')),
    picture: http((model) => rawFloats(model, '/raw/')),
  },
  {
    name: 'Ray Serve',
    file: 'ray',
    modules: 'ray.serve, onnxruntime',
    small: http((model) => rowsJson(model, '/json')),
    picture: http((model) => rawFloats(model, '/raw')),
  },
];

/** Its Python, made where it is missing. Throws where that cannot be. */
export async function pythonOf({ file, modules }: PeerServer): Promise<string> {
  return (await output(PYTHON_ENV, [join(PEER_SERVERS, `${file}.txt`), modules])).trim();
}

export interface Running {
  readonly pid: number;
  readonly ports: Ports;
  close(): Promise<void>;
}

/** Starts a server and waits until it has answered once. */
export async function start(server: PeerServer, python: string, model: Model, send: Send): Promise<Running> {
  // Ray's sockets are in there, and their paths may not be long.
  const folder = mkdtempSync(join(tmpdir(), 'floe-peer-'));
  const ports = { http: await freePort(), grpc: await freePort() };
  const [input = ''] = Object.keys(model.inputs);
  const script = join(PEER_SERVERS, `serve_${server.file}.py`);
  const args = [script, model.compiled, model.name, input, String(ports.http), folder, String(ports.grpc)];
  const log = join(folder, 'log');
  const file = openSync(log, 'w');
  const child = track(spawn(python, args, { stdio: ['ignore', file, file] }));
  closeSync(file);
  // Also where this process is interrupted; what it has started itself would stay.
  const end = (): void => kill(treeOf(pidOf(child)));
  process.once('exit', end);
  const close = async (): Promise<void> => {
    const tree = treeOf(pidOf(child));
    await stop(child);
    kill(tree.slice(1));
    process.off('exit', end);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await answers(child, () => send(model, ports, 1, 1));
  } catch (cause) {
    const said = readFileSync(log, 'utf8').slice(-SHOWN);
    await close();
    throw new Error(`${server.name} with ${model.name} did not get ready: ${said}`, { cause });
  }
  return { pid: pidOf(child), ports, close };
}

async function answers(child: ChildProcess, attempt: () => Promise<unknown>): Promise<void> {
  const started = performance.now();
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (child.exitCode !== null || performance.now() - started > READY_MS) throw error;
    }
    await pause(RETRY_MS);
  }
}
