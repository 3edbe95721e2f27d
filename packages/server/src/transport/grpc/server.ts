/**
 * The gRPC server: TensorFlow Serving's and Triton's services, health and reflection, over TCP, with TLS where there are certificates, and
 * over a Unix socket.
 */
import { createSecureServer, createServer, type Http2SecureServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { followTls, readTls, renewTls, type TlsOptions } from '../tls.ts';
import { Calls } from './calls.ts';
import { Connections } from './connections.ts';
import type { GrpcDeps, GrpcServer } from './deps.ts';
import { ceaseToListen, listenAt, listenOn } from './listening.ts';

/** A body of 600 KB comes without a pause for the other side to be told that there is room. */
const STREAM_WINDOW = 4 * 1024 * 1024;
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
  const main = open(calls, connections, false, tls);
  const local = socket === undefined ? undefined : open(calls, connections, true);
  const close = async (): Promise<void> => {
    const servers = local === undefined ? [main] : [main, local];
    const ceased = servers.map(ceaseToListen);
    calls.close();
    await connections.close();
    await Promise.all(ceased);
  };
  try {
    await listenAt(main, host, port);
    if (local !== undefined && socket !== undefined) await listenOn(local, socket);
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

function open(calls: Calls, connections: Connections, isLocal: boolean, tls?: TlsOptions): Server {
  const server = tls === undefined ? createServer(SETTINGS) : createSecureServer({ ...SETTINGS, ...readTls(tls) });
  server.on('stream', calls.from(isLocal));
  server.on('session', connections.add);
  // Whoever does not speak the protocol learns so by the end of the connection.
  server.on('sessionError', () => {});
  return server;
}
