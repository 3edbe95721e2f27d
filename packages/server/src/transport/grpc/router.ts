/** Every method that may be called, by its path. */
import { Health } from '../../codec/proto/health.ts';
import { GRPCInferenceService } from '../../codec/proto/inference.ts';
import { Reflection, ReflectionAlpha } from '../../codec/proto/reflection.ts';
import type { Service } from '../../codec/proto/schema.ts';
import { ModelService, PredictionService } from '../../codec/proto/tensorflow-serving.ts';
import type { AnyHandler, GrpcDeps, Handlers } from './deps.ts';
import { healthService } from './health-service.ts';
import { inferenceService } from './inference-service.ts';
import { modelService } from './model-service.ts';
import { predictionService } from './prediction-service.ts';
import { reflectionService } from './reflection-service.ts';

const SERVICES = [PredictionService, ModelService, GRPCInferenceService, Health, Reflection, ReflectionAlpha];

/** `closing` aborts when the server closes. */
export function routes(deps: GrpcDeps, closing: AbortSignal): ReadonlyMap<string, AnyHandler> {
  const names = new Set<string>(SERVICES.map(({ name }) => name));
  const reflection = reflectionService(SERVICES);
  return new Map([
    ...paths(PredictionService, predictionService(deps)),
    ...paths(ModelService, modelService(deps)),
    ...paths(GRPCInferenceService, inferenceService(deps)),
    ...paths(Health, healthService(deps, names, closing)),
    ...paths(Reflection, reflection),
    ...paths(ReflectionAlpha, reflection),
  ]);
}

function paths<S extends Service>({ name }: S, handlers: Handlers<S>): [string, AnyHandler][] {
  return Object.entries<AnyHandler>(handlers).map(([method, handler]) => [`/${name}/${method}`, handler]);
}
