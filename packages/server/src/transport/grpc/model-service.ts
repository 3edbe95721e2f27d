/** TensorFlow Serving's ModelService. */
import { FloeError } from '@floe/graph/base';
import { parse } from '../../codec/proto/parse.ts';
import { GetModelStatusRequest, type ModelService, ReloadConfigRequest } from '../../codec/proto/tensorflow-serving.ts';
import { statusMessage } from '../../codec/tfs-grpc/metadata.ts';
import { refOf } from '../../codec/tfs-grpc/model-spec.ts';
import { modelsIn, RELOADED } from '../../codec/tfs-grpc/reload.ts';
import { missingStatus } from '../../codec/tfs-rest/metadata.ts';
import type { Call } from './call.ts';
import type { GrpcDeps, Handlers } from './deps.ts';

export function modelService(deps: GrpcDeps): Handlers<typeof ModelService> {
  return {
    GetModelStatus: { scope: 'infer', unary: (bytes, call) => status(deps, bytes, call) },
    HandleReloadConfigRequest: { scope: 'manage', unary: (bytes) => reload(deps, bytes) },
  };
}

/** All versions, or one; a label makes no difference, as in TensorFlow Serving. */
function status(deps: GrpcDeps, bytes: Uint8Array, call: Call): Uint8Array {
  const { name, version } = refOf(parse(GetModelStatusRequest, bytes).model_spec);
  call.model = name;
  const ref = version === undefined ? { name } : { name, version };
  try {
    return statusMessage(deps.models.status(ref));
  } catch (thrown) {
    if (thrown instanceof FloeError && thrown.code === 'NOT_FOUND') {
      throw new FloeError('NOT_FOUND', missingStatus(ref), thrown.details, thrown);
    }
    throw thrown;
  }
}

/** From then on the listed models are served, and no others; the answer comes when they are. */
async function reload({ repository }: GrpcDeps, bytes: Uint8Array): Promise<Uint8Array> {
  await repository.reload(modelsIn(parse(ReloadConfigRequest, bytes)));
  return RELOADED;
}
