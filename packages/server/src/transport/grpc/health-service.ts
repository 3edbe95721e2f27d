/** gRPC's health protocol: the server and each of its services serve once all models do. */
import { FloeError } from '@floe/graph/base';
import { type Health, HealthCheckRequest, HealthCheckResponse, ServingStatus } from '../../codec/proto/health.ts';
import { parse } from '../../codec/proto/parse.ts';
import type { Call } from './call.ts';
import type { GrpcDeps, Handlers } from './deps.ts';

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = ServingStatus.values;

/** `services`: names that may be asked for, beside the empty one. `closing` aborts when the server closes. */
export function healthService(
  deps: GrpcDeps,
  services: ReadonlySet<string>,
  closing: AbortSignal,
): Handlers<typeof Health> {
  const statusOf = (service: string): number | undefined => {
    if (service !== '' && !services.has(service)) return undefined;
    return deps.models.ready() && !closing.aborted ? SERVING : NOT_SERVING;
  };
  return {
    Check: {
      unary: (bytes) => {
        const { service } = parse(HealthCheckRequest, bytes);
        const status = statusOf(service);
        if (status !== undefined) return HealthCheckResponse.encode({ status });
        throw new FloeError('NOT_FOUND', `unknown service ${service}`, { field: 'service' });
      },
    },
    Watch: {
      watch: (bytes, call, over) => {
        const { service } = parse(HealthCheckRequest, bytes);
        return watch(deps, call, over, () => statusOf(service) ?? SERVICE_UNKNOWN);
      },
    },
  };
}

/** Says the status, and says it again whenever it is another. */
async function watch(deps: GrpcDeps, call: Call, over: AbortSignal, status: () => number): Promise<void> {
  let told: number | undefined;
  let changed = Promise.withResolvers<void>();
  const wake = (): void => changed.resolve();
  const end = deps.onChange(wake);
  over.addEventListener('abort', wake);
  try {
    for (;;) {
      const now = status();
      if (now !== told) await call.write(HealthCheckResponse.encode({ status: now }));
      told = now;
      if (over.aborted) return;
      await changed.promise;
      changed = Promise.withResolvers();
    }
  } finally {
    over.removeEventListener('abort', wake);
    end();
  }
}
