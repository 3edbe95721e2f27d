/** What the Open Inference Protocol says of models over gRPC: metadata, configuration, repository. */
import { DTYPES, type DType, type TensorSpec } from '@floe/graph/base';
import type { ServableInfo, VersionStatus } from '../../core/inference.ts';
import { DataType, ModelConfigResponse, ModelMetadataResponse, RepositoryIndexResponse } from '../proto/inference.ts';

/** Triton's words for a frozen graph and for what runs it. */
const PLATFORM = 'tensorflow_graphdef';
const BACKEND = 'onnxruntime';

/** `versions` are those that serve, ascending. */
export function metadataMessage(servable: ServableInfo, versions: readonly number[]): Uint8Array {
  const signature = servable.signatures[servable.defaultSignature];
  const tensors = (specs: Readonly<Record<string, TensorSpec>> = {}) =>
    Object.entries(specs).map(([name, { dtype, shape }]) => ({ name, datatype: DTYPES[dtype].v2, shape: shape ?? [] }));
  return ModelMetadataResponse.encode({
    name: servable.model,
    versions: versions.map(String),
    platform: PLATFORM,
    inputs: tensors(signature?.inputs),
    outputs: tensors(signature?.outputs),
  });
}

/** Shapes have their batch, so Triton's own batching is said to be off: `max_batch_size` is 0. */
export function configMessage(servable: ServableInfo, versions: readonly number[]): Uint8Array {
  const signature = servable.signatures[servable.defaultSignature];
  const tensors = (specs: Readonly<Record<string, TensorSpec>> = {}) =>
    Object.entries(specs).map(([name, { dtype, shape }]) => ({ name, data_type: typeOf(dtype), dims: shape ?? [] }));
  return ModelConfigResponse.encode({
    config: {
      name: servable.model,
      platform: PLATFORM,
      backend: BACKEND,
      version_policy: { specific: { versions: BigInt64Array.from(versions, BigInt) } },
      max_batch_size: 0,
      input: tensors(signature?.inputs),
      output: tensors(signature?.outputs).map((output) => ({ ...output, label_filename: '' })),
    },
  });
}

function typeOf(dtype: DType): number {
  const name = dtype === 'string' ? 'STRING' : DTYPES[dtype].v2;
  return (DataType.values as Readonly<Record<string, number>>)[`TYPE_${name}`] ?? 0;
}

export interface IndexedModel {
  readonly name: string;
  readonly versions: readonly VersionStatus[];
}

/** Every version with Triton's word for its state, and models that were unloaded. `ready`: only those that serve. */
export function indexMessage(models: readonly IndexedModel[], unloaded: readonly string[], ready: boolean): Uint8Array {
  const rows = models.flatMap(({ name, versions }) =>
    versions.map(({ version, state, errorMessage }) => ({
      name,
      version: String(version),
      state: STATES[state],
      reason: errorMessage,
    })),
  );
  const gone = unloaded.map((name) => ({ name, version: '', state: STATES.END, reason: 'unloaded' }));
  const shown = ready ? rows.filter(({ state }) => state === 'READY') : [...rows, ...gone];
  return RepositoryIndexResponse.encode({ models: shown });
}

const STATES = {
  START: 'LOADING',
  LOADING: 'LOADING',
  AVAILABLE: 'READY',
  UNLOADING: 'UNLOADING',
  END: 'UNAVAILABLE',
} as const satisfies Record<VersionStatus['state'], string>;
