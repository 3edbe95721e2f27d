/** The Open Inference Protocol's service with Triton's extensions. */
import { FloeError, invalid } from '@floe/graph/base';
import {
  CudaSharedMemoryStatusResponse,
  type GRPCInferenceService,
  ModelConfigRequest,
  ModelInferRequest,
  ModelMetadataRequest,
  ModelReadyRequest,
  ModelReadyResponse,
  ModelStatisticsRequest,
  RepositoryIndexRequest,
  RepositoryModelLoadRequest,
  RepositoryModelUnloadRequest,
  ServerLiveResponse,
  ServerMetadataResponse,
  ServerReadyResponse,
  SystemSharedMemoryStatusResponse,
} from '../../codec/proto/inference.ts';
import { parse } from '../../codec/proto/parse.ts';
import { v2GrpcCodec } from '../../codec/v2-grpc/codec.ts';
import { configMessage, indexMessage, metadataMessage, statisticsMessage } from '../../codec/v2-grpc/metadata.ts';
import { v2Worded } from '../../codec/v2-rest/errors.ts';
import { serverMetadata } from '../../codec/v2-rest/metadata.ts';
import type { ModelRef, ServableInfo } from '../../core/inference.ts';
import { indexedModels, servingVersions, statisticsOf } from '../about-models.ts';
import { loadModel, unloadModel } from '../repository.ts';
import type { Call } from './call.ts';
import { constant, infer, inferOneOfMany, NOTHING, report } from './context.ts';
import type { GrpcDeps, Handlers } from './deps.ts';
import { inferStream } from './infer-stream.ts';

export function inferenceService(deps: GrpcDeps): Handlers<typeof GRPCInferenceService> {
  return {
    ServerLive: constant(ServerLiveResponse, { live: true }),
    ServerReady: { unary: () => ServerReadyResponse.encode({ ready: deps.models.ready() }) },
    ServerMetadata: { scope: 'infer', ...constant(ServerMetadataResponse, aboutServer(deps)) },
    ModelReady: { scope: 'infer', unary: (bytes, call) => modelReady(deps, bytes, call) },
    ModelMetadata: {
      scope: 'infer',
      unary: (bytes, call) => about(deps, ModelMetadataRequest, bytes, call, metadataMessage),
    },
    ModelConfig: {
      scope: 'infer',
      unary: (bytes, call) => about(deps, ModelConfigRequest, bytes, call, configMessage),
    },
    ModelInfer: { scope: 'infer', unary: (bytes, call) => modelInfer(deps, bytes, call, infer) },
    ModelStreamInfer: {
      scope: 'infer',
      stream: async (messages, call) => {
        await inferStream(messages, call, (bytes) => modelInfer(deps, bytes, call, inferOneOfMany));
        report(deps, call);
      },
    },
    ModelStatistics: { scope: 'infer', unary: (bytes, call) => statistics(deps, bytes, call) },
    RepositoryIndex: { scope: 'infer', unary: (bytes) => repositoryIndex(deps, bytes) },
    RepositoryModelLoad: { scope: 'manage', unary: (bytes, call) => load(deps, bytes, call) },
    RepositoryModelUnload: { scope: 'manage', unary: (bytes, call) => unload(deps, bytes, call) },
    // There is none, so there is nothing to be told of it or to be taken back.
    SystemSharedMemoryStatus: { scope: 'infer', ...constant(SystemSharedMemoryStatusResponse, { regions: new Map() }) },
    SystemSharedMemoryRegister: unsupported('manage', 'shared memory is'),
    SystemSharedMemoryUnregister: { scope: 'manage', unary: () => NOTHING },
    CudaSharedMemoryStatus: { scope: 'infer', ...constant(CudaSharedMemoryStatusResponse, { regions: new Map() }) },
    CudaSharedMemoryRegister: unsupported('manage', 'shared memory is'),
    CudaSharedMemoryUnregister: { scope: 'manage', unary: () => NOTHING },
    TraceSetting: unsupported('manage', 'tracing is'),
    LogSettings: unsupported('manage', 'changing log settings is'),
  };
}

function unsupported(scope: 'infer' | 'manage', what: string) {
  return {
    scope,
    unary: (): never => {
      throw new FloeError('UNIMPLEMENTED', `${what} not supported`);
    },
  };
}

function aboutServer({ options }: GrpcDeps) {
  return serverMetadata(options.version);
}

function modelInfer(deps: GrpcDeps, bytes: Uint8Array, call: Call, run: typeof infer): Promise<Uint8Array> {
  const message = parse(ModelInferRequest, bytes);
  const ref = refOf(call, message.model_name, message.model_version);
  return worded(ref, () => run(deps, call, { codec: v2GrpcCodec, ref, request: { message } }));
}

function refOf(call: Call, name: string, version: string): ModelRef {
  call.model = name;
  if (version === '') return { name };
  if (/^\d{1,15}$/.test(version)) return { name, version: Number(version) };
  throw invalid(`failed to get model version from specified version string '${version}'`, { field: 'version' });
}

/** A model or version that is not there is not ready; to ask for it is no error. */
function modelReady({ models }: GrpcDeps, bytes: Uint8Array, call: Call): Uint8Array {
  const { name, version } = parse(ModelReadyRequest, bytes);
  const ref = refOf(call, name, version);
  let ready = false;
  try {
    ready = models.status(ref).some(({ state }) => state === 'AVAILABLE');
  } catch (thrown) {
    if (!(thrown instanceof FloeError) || thrown.code !== 'NOT_FOUND') throw thrown;
  }
  return ModelReadyResponse.encode({ ready });
}

function about(
  { models }: GrpcDeps,
  request: typeof ModelMetadataRequest,
  bytes: Uint8Array,
  call: Call,
  message: (servable: ServableInfo, versions: readonly number[]) => Uint8Array,
): Promise<Uint8Array> {
  const { name, version } = parse(request, bytes);
  const ref = refOf(call, name, version);
  return worded(ref, () => models.use(ref, (servable) => message(servable, servingVersions(models, { name }))));
}

/** Of a version, of all that a model has, or of all models. */
async function statistics({ models, recent }: GrpcDeps, bytes: Uint8Array, call: Call): Promise<Uint8Array> {
  const { name, version } = parse(ModelStatisticsRequest, bytes);
  if (name === '') return statisticsMessage(statisticsOf(models, recent));
  const ref = refOf(call, name, version);
  return worded(ref, async () => statisticsMessage(statisticsOf(models, recent, ref)));
}

function repositoryIndex({ models, repository }: GrpcDeps, bytes: Uint8Array): Uint8Array {
  const { ready } = parse(RepositoryIndexRequest, bytes);
  return indexMessage(indexedModels(models), repository.unloaded(), ready);
}

async function load({ repository }: GrpcDeps, bytes: Uint8Array, call: Call): Promise<Uint8Array> {
  const { model_name: name, parameters } = parse(RepositoryModelLoadRequest, bytes);
  call.model = name;
  await loadModel(repository, name, parameters.keys());
  return NOTHING;
}

async function unload({ repository }: GrpcDeps, bytes: Uint8Array, call: Call): Promise<Uint8Array> {
  const { model_name: name } = parse(RepositoryModelUnloadRequest, bytes);
  call.model = name;
  await worded({ name }, () => unloadModel(repository, name));
  return NOTHING;
}

/** In Triton's words, where it fails. */
async function worded<T>(ref: ModelRef, answer: () => Promise<T>): Promise<T> {
  try {
    return await answer();
  } catch (thrown) {
    throw thrown instanceof FloeError ? v2Worded(thrown, ref) : thrown;
  }
}
