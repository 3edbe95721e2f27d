/** The servers of a process: HTTP, the admin API and gRPC, over the same models, accounts and caches. */
import { FloeError } from '@floe/graph/base';
import { bodyLimitBytes, type ServeConfig } from '../core/config.ts';
import { memoryLimitBytes } from '../core/machine.ts';
import { memoryShares } from '../core/memory-shares.ts';
import { VERSION } from '../core/version.ts';
import { RateLimits } from '../queue/rate-limit.ts';
import type { GrpcDeps, GrpcServer } from '../transport/grpc/deps.ts';
import { HeldBytes } from '../transport/held-bytes.ts';
import type { Releases } from '../transport/http/admin-releases.ts';
import type { DataServer, HttpServer } from '../transport/http/deps.ts';
import { RequestMetrics } from '../transport/request-metrics.ts';
import type { TlsOptions } from '../transport/tls.ts';
import type { Serving } from './serving.ts';
import type { TrainingPort } from './training-port.ts';

export interface Servers {
  readonly http: DataServer;
  readonly admin: HttpServer;
  readonly grpc?: GrpcServer;
}

type Shared = Serving &
  Pick<GrpcDeps, 'identity' | 'log' | 'recent' | 'repository'> & {
    readonly releases: () => Promise<Releases>;
    readonly training?: TrainingPort;
    /** Where metrics are, beside `/metrics`. */
    readonly metricsPath?: string;
    /** Whether KServe runs it. */
    readonly kserve?: boolean;
  };

/** Starts to listen on all of them, or on none: throws where an address is taken or a certificate unusable. */
export async function listen(config: ServeConfig, given: Shared, rescan: () => Promise<void>): Promise<Servers> {
  const bodyLimit = bodyLimitBytes(config);
  const held = new HeldBytes(memoryShares(config, memoryLimitBytes()).heldBodies);
  const shared = { ...given, held, limits: new RateLimits(() => performance.now()) };
  const tls = tlsOf(config);
  const [{ createHttpServer }, { createAdminServer }] = await Promise.all([
    import('../transport/http/server.ts'),
    import('../transport/http/admin.ts'),
  ]);
  const { metricsPath, kserve = false } = given;
  const options = { host: config.host, accessLog: config.accessLog, version: VERSION, ...tls };
  const metrics = new RequestMetrics();
  const http = await createHttpServer({
    ...shared,
    grpc: metrics,
    options: {
      ...options,
      port: config.httpPort,
      bodyLimit,
      kserve,
      corsOrigins: config.corsOrigins,
      ...(metricsPath === undefined ? {} : { metricsPath }),
    },
  });
  const open: Partial<Servers>[] = [{ http }];
  try {
    const admin = await createAdminServer({
      ...shared,
      rescan,
      describe: (model, version) => shared.models.describe(model, version),
      options: { host: config.adminHost, port: config.adminPort, ...tls },
    });
    open.push({ admin });
    if (config.grpcPort === 'off') return { http, admin };
    const { createGrpcServer } = await import('../transport/grpc/server.ts');
    const socket = config.grpcSocket === '' ? {} : { socket: config.grpcSocket };
    const grpc = await createGrpcServer({
      ...shared,
      metrics,
      load: shared.observed.load,
      onChange: (listener) => shared.models.onChange(listener),
      options: { ...options, ...socket, port: config.grpcPort, messageLimit: bodyLimit },
    });
    return { http, admin, grpc };
  } catch (error) {
    await Promise.all(open.map(closeAll));
    throw error;
  }
}

/** They stop taking requests at once, and each answers what is under way. */
export async function closeAll(servers: Partial<Servers>): Promise<void> {
  await Promise.all(Object.values(servers).map((server) => server?.close()));
}

function tlsOf(config: ServeConfig): { tls?: TlsOptions } {
  const { tlsCert: cert, tlsKey: key, tlsClientCa: clientCa } = config;
  if (cert === '' && key === '' && clientCa === '') return {};
  if (cert === '' || key === '') throw onlyOne(cert === '' ? '--tls-cert' : '--tls-key');
  return { tls: { cert, key, ...(clientCa === '' ? {} : { clientCa }) } };
}

function onlyOne(missing: string): FloeError {
  return new FloeError('INVALID_ARGUMENT', `TLS needs a certificate and a key: ${missing} is missing`, {
    field: missing,
  });
}
