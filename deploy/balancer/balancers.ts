/** The balancers that are compared, as they are told to do the same: least requests, one retry elsewhere where it is safe, checks every second. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { stringify } from 'yaml';

export interface Replica {
  readonly port: number;
  readonly grpcPort: number;
}

export interface Balancer {
  readonly pid: number;
  readonly port: number;
  readonly grpcPort: number;
  stop(): Promise<void>;
}

export type Start = (
  folder: string,
  replicas: readonly Replica[],
  ports: { http: number; grpc: number },
) => Promise<Balancer>;

async function running(child: ChildProcess, { http, grpc }: { http: number; grpc: number }): Promise<Balancer> {
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  };
  return { pid: child.pid ?? 0, port: http, grpcPort: grpc, stop };
}

/** The chart's, as it is written for Compose, with these servers in place of those that it finds by their name. */
export const haproxy: Start = async (folder, replicas, ports) => {
  const servers = (of: (replica: Replica) => number): string =>
    replicas.map((replica, n) => `  server s${n} 127.0.0.1:${of(replica)} check port ${replica.port}`).join('\n');
  const composed = await readFile(new URL('../compose/haproxy.cfg', import.meta.url), 'utf8');
  const config = composed
    .replace('bind :8501', `bind 127.0.0.1:${ports.http}`)
    .replace('bind :8500', `bind 127.0.0.1:${ports.grpc}`)
    .replace('bind :8404', `bind unix@${join(folder, 'own')}`)
    .replace('http-check connect port 8501', 'http-check connect')
    .replace(
      /^.*server-template .*:8501 .*$/m,
      servers(({ port }) => port),
    )
    .replace(
      /^.*server-template .*:8500 .*$/m,
      servers(({ grpcPort }) => grpcPort),
    );
  const file = join(folder, 'haproxy.cfg');
  await writeFile(file, config);
  return running(spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' }), ports);
};

export const envoy: Start = async (folder, replicas, ports) => {
  const type = 'type.googleapis.com/envoy.extensions';
  const manager = (cluster: string) => ({
    name: 'manager',
    typed_config: {
      '@type': `${type}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
      stat_prefix: cluster,
      codec_type: 'AUTO',
      http_filters: [{ name: 'router', typed_config: { '@type': `${type}.filters.http.router.v3.Router` } }],
      route_config: {
        virtual_hosts: [
          {
            name: 'all',
            domains: ['*'],
            routes: [
              {
                match: { prefix: '/' },
                route: {
                  cluster,
                  timeout: '310s',
                  retry_policy: {
                    retry_on: 'connect-failure,refused-stream,reset,unavailable',
                    num_retries: 3,
                    retry_host_predicate: [
                      {
                        name: 'previous',
                        typed_config: { '@type': `${type}.retry.host.previous_hosts.v3.PreviousHostsPredicate` },
                      },
                    ],
                    host_selection_retry_max_attempts: '5',
                  },
                },
              },
            ],
          },
        ],
      },
    },
  });
  const listener = (name: string, port: number) => ({
    name,
    address: { socket_address: { address: '127.0.0.1', port_value: port } },
    filter_chains: [{ filters: [manager(name)] }],
  });
  const cluster = (name: string, of: (replica: Replica) => number, http2: boolean) => ({
    name,
    type: 'STATIC',
    connect_timeout: '2s',
    lb_policy: 'LEAST_REQUEST',
    outlier_detection: { consecutive_5xx: 3, base_ejection_time: '1s' },
    health_checks: [
      {
        timeout: '1s',
        interval: '1s',
        unhealthy_threshold: 2,
        healthy_threshold: 1,
        http_health_check: { path: '/v2/health/ready' },
      },
    ],
    ...(http2
      ? {
          typed_extension_protocol_options: {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
              '@type': `${type}.upstreams.http.v3.HttpProtocolOptions`,
              explicit_http_config: { http2_protocol_options: {} },
            },
          },
        }
      : {}),
    load_assignment: {
      cluster_name: name,
      endpoints: [
        {
          lb_endpoints: replicas.map((replica) => ({
            endpoint: {
              address: { socket_address: { address: '127.0.0.1', port_value: of(replica) } },
              ...(http2 ? { health_check_config: { port_value: replica.port } } : {}),
            },
          })),
        },
      ],
    },
  });
  const grpc = cluster('grpc', ({ grpcPort }) => grpcPort, true);
  const check = grpc.health_checks[0] as { http_health_check: object };
  check.http_health_check = { path: '/v2/health/ready', codec_client_type: 'HTTP1' };
  const config = {
    static_resources: {
      listeners: [listener('http', ports.http), listener('grpc', ports.grpc)],
      clusters: [cluster('http', ({ port }) => port, false), grpc],
    },
  };
  const file = join(folder, 'envoy.yaml');
  await writeFile(file, stringify(config));
  const args = ['--config-path', file, '--log-level', 'error', '--use-dynamic-base-id', '--concurrency', '2'];
  return running(spawn(process.env['ENVOY'] ?? 'envoy', args, { stdio: 'inherit' }), ports);
};
