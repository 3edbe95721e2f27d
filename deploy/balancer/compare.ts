/** What `deploy/balancer/compare` prints; see there. */
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { loadCost } from '../../bench/lib/loads.ts';
import { type Model, Models } from '../../bench/lib/models.ts';
import { freePort } from '../../bench/lib/ports.ts';
import { v2Binary } from '../../bench/lib/requests.ts';
import { type Served, serve } from '../../bench/lib/server.ts';
import { quantile } from '../../bench/lib/stats.ts';
import { cpuSeconds } from '../../packages/server/src/cli/bench/cpu-seconds.ts';
import { table } from '../../packages/server/src/cli/output.ts';
import { ask, digitQuestion, GrpcClient } from '../e2e/road/requests.ts';
import { envoy, haproxy, type Start } from './balancers.ts';

const REPLICAS = 3;
const CALLERS = 8;
const REQUESTS = 6000;
const CALLS = 3000;
const RATE = 150;
const SECONDS = 6;
const TIMEOUT_MS = 5000;
/** A replica that gets a fifth of the time that the others get. */
const STOPPED_MS = 80;
const RUNNING_MS = 20;
const BLANK = new Float32Array(784);

interface Asked {
  readonly failed: number;
  readonly p50: number;
  readonly p99: number;
}

/** Open loop. */
async function askAt(port: number, meanwhile: () => Promise<void>): Promise<Asked> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const times: number[] = [];
  let failed = 0;
  const all: Promise<void>[] = [];
  const acts = meanwhile();
  const start = performance.now();
  while (performance.now() - start < SECONDS * 1000) {
    for (const due = ((performance.now() - start) / 1000) * RATE; all.length < due; ) {
      const at = performance.now();
      const one = ask(`http://127.0.0.1:${port}`, agent, digitQuestion(BLANK), TIMEOUT_MS).then(
        ({ status }) => (status === 200 ? void times.push(performance.now() - at) : void failed++),
        () => void failed++,
      );
      all.push(one);
    }
    await delay(4);
  }
  await Promise.all([...all, acts]);
  agent.destroy();
  return { failed, p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

/** CPU of the balancer for a call, and how many of one connection's calls each replica got. */
async function askByGrpc(
  pid: number,
  port: number,
  replicas: readonly Served[],
): Promise<{ cpu: number; spread: string }> {
  const counts = (): Promise<number[]> =>
    Promise.all(replicas.map(async (one) => countedIn(await metricsOf(one.port))));
  const client = new GrpcClient(`http://127.0.0.1:${port}`);
  const caller = async (calls: number): Promise<void> => {
    for (let n = 0; n < calls; n++) await client.digit(BLANK, TIMEOUT_MS);
  };
  await caller(20);
  const [before, cpu] = [await counts(), cpuSeconds(pid)];
  await Promise.all(Array.from({ length: CALLERS }, () => caller(CALLS / CALLERS)));
  const spent = cpuSeconds(pid) - cpu;
  const after = await counts();
  client.close();
  return { cpu: spent / CALLS, spread: after.map((count, n) => count - (before[n] ?? 0)).join(' / ') };
}

async function metricsOf(port: number): Promise<string> {
  return (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
}

/** Requests over gRPC that a server has counted. */
function countedIn(metrics: string): number {
  const lines = metrics.split('\n').filter((line) => line.startsWith('floe_grpc_requests_total{'));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** The last replica stands still most of the time. */
async function slowed(pid: number): Promise<void> {
  const end = performance.now() + SECONDS * 1000;
  while (performance.now() < end) {
    process.kill(pid, 'SIGSTOP');
    await delay(STOPPED_MS);
    process.kill(pid, 'SIGCONT');
    await delay(RUNNING_MS);
  }
}

async function compared(
  name: string,
  start: Start | undefined,
  model: Model,
  folder: string,
): Promise<readonly string[]> {
  const replicas = await Promise.all(Array.from({ length: REPLICAS }, () => serve(model.root)));
  const [first, , last] = replicas as [Served, Served, Served];
  const ports = { http: await freePort(), grpc: await freePort() };
  const balancer = start === undefined ? { ...first, stop: async () => {} } : await start(folder, replicas, ports);
  // Checks have to have passed once.
  await delay(3000);
  const load = { port: balancer.port, request: v2Binary(model), concurrency: CALLERS, count: REQUESTS };
  await loadCost(balancer.pid, { ...load, count: REQUESTS / 10 });
  const http = await loadCost(balancer.pid, load);
  const grpc = await askByGrpc(balancer.pid, balancer.grpcPort, replicas);
  const row = [name, us(http.cpu), us(grpc.cpu), ms(http.p50), ms(http.p99), grpc.spread];
  if (start === undefined) row.push('', '', '');
  else {
    const slow = await askAt(balancer.port, () => slowed(last.pid));
    const killed = await askAt(balancer.port, async () => {
      await delay(2000);
      process.kill(last.pid, 'SIGKILL');
    });
    row.push(ms(slow.p50), ms(slow.p99), String(slow.failed + killed.failed));
  }
  await balancer.stop();
  await Promise.all(replicas.map((one) => one.close().catch(() => {})));
  return row;
}

const us = (seconds: number): string => `${(seconds * 1e6).toFixed(0)} us`;
const ms = (value: number): string => `${value.toFixed(2)} ms`;

const models = new Models();
const model = await models.get('digits');
const folder = await mkdtemp(join(tmpdir(), 'floe-balancers-'));
try {
  const rows = [
    ['', 'CPU, HTTP', 'CPU, gRPC', 'p50', 'p99', 'gRPC by replica', 'p50, one slow', 'p99, one slow', 'failed'],
  ];
  rows.push([...(await compared('none: one server', undefined, model, folder))]);
  rows.push([...(await compared('HAProxy', haproxy, model, folder))]);
  rows.push([...(await compared('Envoy', envoy, model, folder))]);
  process.stdout.write(`${table(rows)}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
