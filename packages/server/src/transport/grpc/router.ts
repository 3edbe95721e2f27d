/** Every method that may be called, by its path. */
import { Health } from '../../codec/proto/health.ts';
import { GRPCInferenceService } from '../../codec/proto/inference.ts';
import { Reflection, ReflectionAlpha } from '../../codec/proto/reflection.ts';
import type { AnyMessage, Method, Service } from '../../codec/proto/schema.ts';
import { ModelService, PredictionService } from '../../codec/proto/tensorflow-serving.ts';
import type { AnyHandler, GrpcDeps, Handlers } from './deps.ts';
import { healthService } from './health-service.ts';
import { inferenceService } from './inference-service.ts';
import { modelService } from './model-service.ts';
import { predictionService } from './prediction-service.ts';
import { reflectionService } from './reflection-service.ts';

const SERVICES = [PredictionService, ModelService, GRPCInferenceService, Health, Reflection, ReflectionAlpha];

export interface Route {
  /** Such as `inference.GRPCInferenceService/ModelInfer`. */
  readonly name: string;
  readonly handler: AnyHandler;
  /** What its requests are. */
  readonly message: AnyMessage;
}

/** `closing` aborts when the server closes. */
export function routes(deps: GrpcDeps, closing: AbortSignal): ReadonlyMap<string, Route> {
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

function paths<S extends Service>({ name, methods }: S, handlers: Handlers<S>): [string, Route][] {
  return Object.entries<Method>(methods).map(([method, { request }]) => {
    const handler = handlers[method as keyof S['methods']];
    return [`/${name}/${method}`, { name: `${name}/${method}`, handler, message: request }];
  });
}
