/** TensorFlow Serving's answers about models: `GetModelMetadataResponse` and `GetModelStatusResponse`. */
import { DTYPES, invalid, type Signature, type TensorSpec } from '@floe/graph/base';
import type { ServableInfo, VersionStatus } from '../../core/inference.ts';
import type { SignatureDef, TensorInfo } from '../proto/tensorflow.ts';
import { Code } from '../proto/tensorflow.ts';
import {
  GetModelMetadataResponse,
  GetModelStatusResponse,
  SignatureDefMap,
  State,
} from '../proto/tensorflow-serving.ts';
import { specOf } from './model-spec.ts';

/** The only metadata that there is. */
const SIGNATURES = 'signature_def';

/** Throws INVALID_ARGUMENT where no field is asked for, or one that there is not. */
export function checkMetadataFields(fields: readonly string[]): void {
  const field = 'metadata_field';
  if (fields.length === 0) throw invalid('GetModelMetadataRequest must specify at least one metadata_field', { field });
  const unknown = fields.find((name) => name !== SIGNATURES);
  if (unknown !== undefined) throw invalid(`Metadata field ${unknown} is not supported`, { field });
}

export function metadataMessage(servable: ServableInfo): Uint8Array {
  const signatures = new Map(Object.entries(servable.signatures).map(([key, one]) => [key, signatureDef(one)]));
  const value = SignatureDefMap.encode({ signature_def: signatures });
  const any = { type_url: `type.googleapis.com/${SignatureDefMap.name}`, value };
  return GetModelMetadataResponse.encode({
    model_spec: specOf(servable.model, servable.version, ''),
    metadata: new Map([[SIGNATURES, any]]),
  });
}

export function statusMessage(states: readonly VersionStatus[]): Uint8Array {
  return GetModelStatusResponse.encode({
    model_version_status: states.map(({ version, state, errorCode, errorMessage }) => ({
      version: BigInt(version),
      state: State.values[state],
      status: { error_code: codeOf(errorCode), error_message: errorMessage },
    })),
  });
}

function codeOf(name: string): number {
  return (Code.values as Readonly<Record<string, number>>)[name] ?? Code.values.UNKNOWN;
}

function signatureDef({ inputs, outputs, methodName }: Signature): SignatureDef {
  return { inputs: infos(inputs), outputs: infos(outputs), method_name: methodName };
}

function infos(specs: Readonly<Record<string, TensorSpec>>): ReadonlyMap<string, TensorInfo> {
  return new Map(Object.entries(specs).map(([key, spec]) => [key, tensorInfo(spec)]));
}

function tensorInfo({ name, dtype, shape }: TensorSpec): TensorInfo {
  const dim = (shape ?? []).map((size) => ({ size, name: '' }));
  return { name, dtype: DTYPES[dtype].tf, tensor_shape: { dim, unknown_rank: shape === null } };
}
