/**
 * TensorFlow Serving's answers about models, as its protobuf JSON printer lays them out (one space a level, all fields, int64 as
 * strings): `GetModelMetadataResponse` and `GetModelStatusResponse`.
 */
import type { DType, Signature, TensorSpec } from '@floe/graph/base';
import type { ModelRef, ServableInfo, VersionStatus } from '../../core/inference.ts';

const DATA_TYPES: Partial<Record<DType, string>> = { float32: 'DT_FLOAT', float64: 'DT_DOUBLE', float16: 'DT_HALF' };

export function metadataBody(servable: ServableInfo): string {
  const spec = { name: servable.model, signature_name: '', version: String(servable.version) };
  const signatures = mapValues(servable.signatures, signatureDef);
  const map = JSON.stringify({ signature_def: signatures }, null, 1);
  return `{\n"model_spec":${JSON.stringify(spec, null, 1)}\n,\n"metadata": {"signature_def": ${map}\n}\n}\n`;
}

export function statusBody(states: readonly VersionStatus[]): string {
  return `${JSON.stringify(modelStatus(states), null, 1)}\n`;
}

export function modelStatus(states: readonly VersionStatus[]): object {
  const list = states.map((state) => ({
    version: String(state.version),
    state: state.state,
    status: { error_code: state.errorCode, error_message: state.errorMessage },
  }));
  return { model_version_status: list };
}

/** What TensorFlow Serving says where there is no status to give. */
export function missingStatus(ref: ModelRef): string {
  if (ref.version === undefined) return `Could not find any versions of model ${ref.name}`;
  return `Could not find version ${ref.version} of model ${ref.name}`;
}

function signatureDef(signature: Signature): object {
  return {
    inputs: mapValues(signature.inputs, tensorInfo),
    outputs: mapValues(signature.outputs, tensorInfo),
    method_name: signature.methodName,
    defaults: {},
  };
}

function tensorInfo(spec: TensorSpec): object {
  return {
    dtype: DATA_TYPES[spec.dtype] ?? `DT_${spec.dtype.toUpperCase()}`,
    tensor_shape: {
      dim: (spec.shape ?? []).map((size) => ({ size: String(size), name: '' })),
      unknown_rank: spec.shape === null,
    },
    name: spec.name,
  };
}

function mapValues<T>(record: Readonly<Record<string, T>>, map: (value: T) => object): Record<string, object> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
