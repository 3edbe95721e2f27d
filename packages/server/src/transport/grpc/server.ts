/**
 * The gRPC server: TensorFlow Serving's and Triton's services, health and reflection, over TCP, with TLS where there are certificates, and
 * over a Unix socket.
 */
import { unlink } from 'node:fs/promises';
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type Http2Session,
  type ServerHttp2Session,
} from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { asFloeError, FloeError } from '@floe/graph/base';
import { followTls, readTls, renewTls } from '../tls.ts';
import { Calls } from './calls.ts';
import type { GrpcDeps, GrpcServer } from './deps.ts';
import { Keepalive } from './keepalive.ts';

/** A body of 600 KB comes without a pause for the other side to be told that there is room. */
const STREAM_WINDOW = 4 * 1024 * 1024;
const CONNECTION_WINDOW = 16 * 1024 * 1024;
const FRAME = 1024 * 1024;
/** Calls at a time on one connection; more wait at the client. */
const MOST_STREAMS = 1024;
/** In megabytes; Node refuses streams of a connection that holds more. Messages are bounded one by one. */
const SESSION_MEMORY = 4096;

const SETTINGS = {
  settings: { initialWindowSize: STREAM_WINDOW, maxFrameSize: FRAME, maxConcurrentStreams: MOST_STREAMS },
  maxSessionMemory: SESSION_MEMORY,
};

type Server = Http2Server | Http2SecureServer;

/** Starts to listen. Throws UNAVAILABLE where an address is taken, FAILED_PRECONDITION for unusable certificates. */
export async function createGrpcServer(deps: GrpcDeps): Promise<GrpcServer> {
  const { host, port, socket, tls } = deps.options;
  const calls = new Calls(deps);
  const connections = new Connections();
  const main = tls === undefined ? createServer(SETTINGS) : createSecureServer({ ...SETTINGS, ...readTls(tls) });
  const servers: Server[] = [main];
  for (const server of [main, ...(socket === undefined ? [] : [createServer(SETTINGS)])]) {
    if (server !== main) servers.push(server);
    server.on('stream', calls.take);
    server.on('session', (session: ServerHttp2Session) => connections.add(session));
    // Whoever does not speak the protocol learns so by the end of the connection.
    server.on('sessionError', () => {});
  }
  const close = async (): Promise<void> => {
    const closed = servers.map(closeServer);
    calls.close();
    await connections.close();
    await Promise.all(closed);
  };
  try {
    await listen(main, { host, port }, `${host}:${port}`);
    const [, local] = servers;
    if (socket !== undefined && local !== undefined) {
      await freeSocket(socket);
      await listen(local, { path: socket }, socket);
    }
  } catch (error) {
    await close();
    throw error;
  }
  const secured = main as Http2SecureServer;
  const watch = tls === undefined ? undefined : followTls(secured, tls);
  const bound = (main.address() as AddressInfo).port;
  return {
    address: `${host.includes(':') ? `[${host}]` : host}:${bound}`,
    port: bound,
    reload: () => tls !== undefined && renewTls(secured, tls),
    close: () => {
      watch?.close();
      return close();
    },
  };
}

function listen(
  server: Server,
  where: { host: string; port: number } | { path: string },
  shown: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error): void =>
      reject(new FloeError('UNAVAILABLE', `cannot listen on ${shown}: ${asFloeError(cause).message}`, [], cause));
    server.once('error', fail);
    server.listen(where, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // Its error is that it did not listen.
    server.close(() => resolve());
  });
}

/** Removes the socket of a server that is gone; one that answers stays, and its address is taken. */
async function freeSocket(path: string): Promise<void> {
  const answers = await new Promise<boolean>((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'));
  });
  if (!answers) await unlink(path).catch(() => {});
}

/** The connections that are open. */
class Connections {
  private readonly open = new Set<Http2Session>();
  private readonly keepalive = new Keepalive();
  private draining = false;

  add(session: ServerHttp2Session): void {
    session.setLocalWindowSize(CONNECTION_WINDOW);
    session.on('error', () => {});
    session.on('close', () => this.open.delete(session));
    this.open.add(session);
    this.keepalive.add(session);
    if (this.draining) session.close();
  }

  /** Tells clients to call elsewhere, and waits for what is under way. */
  async close(): Promise<void> {
    this.draining = true;
    this.keepalive.close();
    const ends = [...this.open].map(ended);
    await Promise.all(ends);
  }
}

/** Resolves when the session is over; it ends once nothing is under way on it. */
function ended(session: Http2Session): Promise<void> {
  if (session.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    session.on('close', () => resolve());
    session.close();
  });
}
