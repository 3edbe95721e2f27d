/** The server under measurement: a process of its own on a free port, its access log off. */
import type { ChildProcess } from 'node:child_process';
import { firstLine, startNode, stop } from './children.ts';
import { MAIN } from './paths.ts';

export interface Served {
  readonly pid: number;
  readonly port: number;
  readonly grpcPort: number;
  /** Throws where the server does not leave cleanly. */
  close(): Promise<void>;
}

export function serveArguments(root: string, port: number, extra: readonly string[] = []): string[] {
  const where = ['--models', root, '--http-port', String(port), '--admin-port', '0', '--grpc-port', '0'];
  return [MAIN, 'serve', ...where, '--access-log', 'false', '--log-level', 'error', '--json', ...extra];
}

/** Starts a server and waits until its models are loaded. `flags` are Node.js's. */
export async function serve(
  root: string,
  extra: readonly string[] = [],
  flags: readonly string[] = [],
): Promise<Served> {
  const child = startNode([...flags, ...serveArguments(root, 0, extra)]);
  const { http, grpc } = JSON.parse(await firstLine(child)) as { http: string; grpc: string };
  const [port, grpcPort] = [Number(new URL(http).port), Number(grpc.split(':').at(-1))];
  return { pid: pidOf(child), port, grpcPort, close: () => closeServer(child) };
}

export async function closeServer(child: ChildProcess): Promise<void> {
  const code = await stop(child);
  if (code !== 0) throw new Error(`the server left with exit code ${code}`);
}

export function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('a process could not be started');
  return child.pid;
}
