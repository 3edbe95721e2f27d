/** gRPC's health protocol (`grpc/health/v1/health.proto`). */
import { message, one } from '@floe/graph/proto';
import { enumerated, type Service, unary } from './schema.ts';

export const ServingStatus = {
  name: 'grpc.health.v1.HealthCheckResponse.ServingStatus',
  values: { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 },
} as const;

export const HealthCheckRequest = message('grpc.health.v1.HealthCheckRequest', { service: one(1, 'string') });
export const HealthCheckResponse = message('grpc.health.v1.HealthCheckResponse', {
  status: enumerated(1, ServingStatus),
});

export const Health = {
  name: 'grpc.health.v1.Health',
  methods: {
    Check: unary(HealthCheckRequest, HealthCheckResponse),
    Watch: { ...unary(HealthCheckRequest, HealthCheckResponse), responseStream: true },
  },
} as const satisfies Service;
