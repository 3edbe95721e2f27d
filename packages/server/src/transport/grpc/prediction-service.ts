/** TensorFlow Serving's PredictionService. */
import { FloeError } from '@floe/graph/base';
import { parse } from '../../codec/proto/parse.ts';
import {
  GetModelMetadataRequest,
  type PredictionService,
  PredictRequest,
} from '../../codec/proto/tensorflow-serving.ts';
import { tfsGrpcCodec } from '../../codec/tfs-grpc/codec.ts';
import { tfsGrpcError } from '../../codec/tfs-grpc/errors.ts';
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
    Classify: unsupported('classify'),
    Regress: unsupported('regress'),
    MultiInference: unsupported('multi-inference'),
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

function unsupported(verb: string) {
  return {
    scope: 'infer',
    unary: (): never => {
      throw new FloeError('UNIMPLEMENTED', `${verb} is not supported; use predict`);
    },
  } as const;
}
