/** The product as a user runs it: `floe freeze` into a registry, `floe serve` on it, and questions over the Open Inference Protocol. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Numbers } from './judge.ts';

const MAIN = fileURLToPath(new URL('../../packages/server/dist/cli/main.js', import.meta.url));
const DATATYPES: Readonly<Record<string, string>> = { float32: 'FP32', int32: 'INT32' };
const START_SECONDS = 120;

/** Freezes a model to `<root>/<name>/1` by the command. */
export function freezeCommand(source: string, root: string, name: string): void {
  execFileSync(process.execPath, [MAIN, 'freeze', source, '--models', root, '--name', name, '--json'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

/** Runs a server on `root` for as long as `work` takes. Throws where it does not start or does not leave cleanly. */
export async function withServer(root: string, work: (address: string) => Promise<void>): Promise<void> {
  const where = ['--models', root, '--http-port', '0', '--admin-port', '0', '--grpc-port', 'off'];
  const server = spawn(process.execPath, [MAIN, 'serve', ...where, '--log-level', 'error', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const left = once(server, 'exit') as Promise<[number | null]>;
  try {
    await work(await addressOf(server, left));
  } finally {
    server.kill('SIGTERM');
    const [code] = await left;
    if (code !== 0) process.exitCode = 1;
  }
}

/** The first line says where the server listens, once its models are loaded. */
async function addressOf(server: ChildProcess, left: Promise<unknown>): Promise<string> {
  if (server.stdout === null) throw new Error('the server has no output');
  const lines = createInterface({ input: server.stdout });
  const signal = AbortSignal.timeout(START_SECONDS * 1000);
  const first = once(lines, 'line', { signal }) as Promise<[string]>;
  const line = await Promise.race([first, left.then(() => undefined)]);
  if (line === undefined) throw new Error('the server left before it was ready');
  lines.on('line', () => {});
  return (JSON.parse(line[0]) as { http: string }).http;
}

interface Reply {
  readonly outputs?: readonly { name: string; shape: number[]; datatype: string; data: number[] }[];
  readonly error?: unknown;
}

/** Asks a served model; the answer by the keys of its signature. */
export async function infer(
  address: string,
  model: string,
  feeds: Readonly<Record<string, Numbers>>,
): Promise<ReadonlyMap<string, Numbers>> {
  const inputs = Object.entries(feeds).map(([name, { shape, dtype, data }]) => {
    return { name, shape, datatype: DATATYPES[dtype], data: Array.from(data) };
  });
  const body = JSON.stringify({ inputs });
  const reply = await fetch(`${address}/v2/models/${model}/infer`, { method: 'POST', body });
  const { outputs, error } = (await reply.json()) as Reply;
  if (outputs === undefined) throw new Error(`${reply.status}: ${JSON.stringify(error)}`);
  return new Map(outputs.map(({ name, shape, data, datatype }) => [name, { shape, data, dtype: datatype }]));
}
