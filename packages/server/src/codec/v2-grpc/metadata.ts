/** What the Open Inference Protocol says of models over gRPC: metadata, configuration, repository. */
import { DTYPES, type DType, type TensorSpec } from '@floe/graph/base';
import type { ServableInfo, VersionStatus } from '../../core/inference.ts';
import {
  DataType,
  ModelConfigResponse,
  ModelMetadataResponse,
  ModelStatisticsResponse,
  RepositoryIndexResponse,
} from '../proto/inference.ts';

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

/** How often, and seconds in all. */
export interface Timed {
  readonly count: number;
  readonly seconds: number;
}

export interface Statistics {
  readonly model: string;
  readonly version: number;
  readonly success: Timed;
  readonly fail: Timed;
  readonly queue: Timed;
  readonly infer: Timed;
  readonly cacheHit: Timed;
  readonly cacheMiss: Timed;
  /** Milliseconds since 1970. */
  readonly lastAnswer: number;
}

/** A request counts as one inference, however many rows it has. Preparing inputs and outputs is not told apart from the rest. */
export function statisticsMessage(all: readonly Statistics[]): Uint8Array {
  return ModelStatisticsResponse.encode({
    model_stats: all.map((one) => ({
      name: one.model,
      version: String(one.version),
      last_inference: BigInt(one.lastAnswer),
      inference_count: BigInt(one.success.count),
      execution_count: BigInt(one.infer.count),
      inference_stats: {
        success: duration(one.success),
        fail: duration(one.fail),
        queue: duration(one.queue),
        compute_input: duration(NONE),
        compute_infer: duration(one.infer),
        compute_output: duration(NONE),
        cache_hit: duration(one.cacheHit),
        cache_miss: duration(one.cacheMiss),
      },
    })),
  });
}

const NONE: Timed = { count: 0, seconds: 0 };

function duration({ count, seconds }: Timed): { count: bigint; ns: bigint } {
  return { count: BigInt(count), ns: BigInt(Math.round(seconds * 1e9)) };
}
