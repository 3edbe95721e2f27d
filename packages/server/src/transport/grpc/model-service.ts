/** TensorFlow Serving's ModelService. */
import { FloeError } from '@floe/graph/base';
import { parse } from '../../codec/proto/parse.ts';
import { GetModelStatusRequest, type ModelService } from '../../codec/proto/tensorflow-serving.ts';
import { statusMessage } from '../../codec/tfs-grpc/metadata.ts';
import { refOf } from '../../codec/tfs-grpc/model-spec.ts';
import { missingStatus } from '../../codec/tfs-rest/metadata.ts';
import type { Call } from './call.ts';
import type { GrpcDeps, Handlers } from './deps.ts';

export function modelService(deps: GrpcDeps): Handlers<typeof ModelService> {
  return {
    GetModelStatus: { scope: 'infer', unary: (bytes, call) => status(deps, bytes, call) },
    HandleReloadConfigRequest: {
      scope: 'manage',
      unary: () => {
        throw new FloeError('UNIMPLEMENTED', 'the models folder says what is served: change it instead');
      },
    },
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
