/** TensorFlow Serving's PredictionService. */
import { FloeError } from '@floe/graph/base';
import type { ExamplesMethod } from '../../codec/examples/call.ts';
import { callsOf, modelOf } from '../../codec/examples/multi.ts';
import { parse } from '../../codec/proto/parse.ts';
import {
  GetModelMetadataRequest,
  type PredictionService,
  PredictRequest,
} from '../../codec/proto/tensorflow-serving.ts';
import { tfsGrpcCodec } from '../../codec/tfs-grpc/codec.ts';
import { tfsGrpcError } from '../../codec/tfs-grpc/errors.ts';
import { examplesCall, examplesGrpcCodec, multiCall, taskGrpcCodec } from '../../codec/tfs-grpc/examples.ts';
import { checkMetadataFields, metadataMessage } from '../../codec/tfs-grpc/metadata.ts';
import { refOf } from '../../codec/tfs-grpc/model-spec.ts';
import type { ModelRef } from '../../core/inference.ts';
import type { Call } from './call.ts';
import { infer } from './context.ts';
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

function onExamples(deps: GrpcDeps, method: ExamplesMethod, bytes: Uint8Array, call: Call): Promise<Uint8Array> {
  const request = examplesCall(method, bytes);
  const ref = refOf(request.spec);
  call.model = ref.name;
  return worded(ref, infer(deps, call, { codec: examplesGrpcCodec, ref, request }));
}

/** All tasks are checked before the first runs, and all are answered by one version. */
async function multiInference(deps: GrpcDeps, bytes: Uint8Array, call: Call): Promise<Uint8Array> {
  const { spec, tasks, examples } = multiCall(bytes);
  call.model = modelOf(tasks);
  const ref = refOf(spec);
  const checked = deps.models.use(ref, (servable) => ({
    version: servable.version,
    calls: callsOf(tasks, servable, examples),
  }));
  const { version, calls } = await worded(ref, checked);
  const results = calls.map(({ method, call: { signature = '' } }) => {
    const request = { spec, method, signatureName: signature, examples };
    return infer(deps, call, { codec: taskGrpcCodec, ref: { name: ref.name, version }, request });
  });
  return Buffer.concat(await worded(ref, Promise.all(results)));
}
