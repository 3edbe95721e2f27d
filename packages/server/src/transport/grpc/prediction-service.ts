/** TensorFlow Serving's PredictionService. */
import { FloeError } from '@floe/graph/base';
import type { ExamplesMethod } from '../../codec/examples/call.ts';
import { embedded } from '../../codec/proto/embed.ts';
import { parse } from '../../codec/proto/parse.ts';
import {
  ClassificationRequest,
  GetModelMetadataRequest,
  MultiInferenceRequest,
  PredictionService,
  PredictRequest,
  RegressionRequest,
} from '../../codec/proto/tensorflow-serving.ts';
import { tfsGrpcCodec } from '../../codec/tfs-grpc/codec.ts';
import { tfsGrpcError } from '../../codec/tfs-grpc/errors.ts';
import { checkTasks, tfsGrpcExamplesCodec, tfsGrpcTaskCodec } from '../../codec/tfs-grpc/examples.ts';
import { checkMetadataFields, metadataMessage } from '../../codec/tfs-grpc/metadata.ts';
import { refOf } from '../../codec/tfs-grpc/model-spec.ts';
import type { ModelRef } from '../../core/inference.ts';
import type { Call } from './call.ts';
import { infer, inferOneOfMany } from './context.ts';
import type { GrpcDeps, Handlers } from './deps.ts';

export function predictionService(deps: GrpcDeps): Handlers<typeof PredictionService> {
  return {
    Predict: { scope: 'infer', unary: (bytes, call) => predict(deps, bytes, call) },
    GetModelMetadata: { scope: 'infer', unary: (bytes, call) => metadata(deps, bytes, call) },
    Classify: { scope: 'infer', unary: (bytes, call) => onExamples(deps, 'classify', bytes, call) },
    Regress: { scope: 'infer', unary: (bytes, call) => onExamples(deps, 'regress', bytes, call) },
    MultiInference: { scope: 'infer', unary: (bytes, call) => multiInference(deps, bytes, call) },
  };
}

function predict(deps: GrpcDeps, bytes: Uint8Array, call: Call): Promise<Uint8Array> {
  const message = parse(PredictRequest, bytes);
  const ref = refOf(message.model_spec);
  call.model = ref.name;
  return worded(ref, infer(deps, call, { codec: tfsGrpcCodec, ref, request: { message } }));
}

function onExamples(deps: GrpcDeps, method: ExamplesMethod, bytes: Uint8Array, call: Call): Promise<Uint8Array> {
  const message = parse(method === 'classify' ? ClassificationRequest : RegressionRequest, bytes);
  const ref = refOf(message.model_spec);
  call.model = ref.name;
  return worded(ref, infer(deps, call, { codec: tfsGrpcExamplesCodec, ref, request: { message, method } }));
}

/** Each task is an inference of its own, so that each finds its own answer in the cache; all are answered by one version. */
async function multiInference(deps: GrpcDeps, bytes: Uint8Array, call: Call): Promise<Uint8Array> {
  const message = parse(MultiInferenceRequest, bytes);
  checkTasks(message);
  const ref = refOf(message.tasks[0]?.model_spec);
  call.model = ref.name;
  const version = await worded(
    ref,
    deps.models.use(ref, (servable) => servable.version),
  );
  const results = message.tasks.map((_, task) => {
    const question = { codec: tfsGrpcTaskCodec, ref: { name: ref.name, version }, request: { message, task } };
    return inferOneOfMany(deps, call, question);
  });
  const all = await worded(ref, Promise.all(results));
  return Buffer.concat(all.map((result) => embedded(RESULTS, result)));
}

const RESULTS = PredictionService.methods.MultiInference.response.fields['results']?.number ?? 0;

function metadata(deps: GrpcDeps, bytes: Uint8Array, call: Call): Promise<Uint8Array> {
  const { model_spec: spec, metadata_field: fields } = parse(GetModelMetadataRequest, bytes);
  const ref = refOf(spec);
  call.model = ref.name;
  checkMetadataFields(fields);
  return worded(ref, deps.models.use(ref, metadataMessage));
}

/** In TensorFlow Serving's words, where it fails. */
function worded<T>(ref: ModelRef, answer: Promise<T>): Promise<T> {
  return answer.catch((thrown: unknown) => {
    throw thrown instanceof FloeError ? tfsGrpcError(thrown, ref) : thrown;
  });
}
