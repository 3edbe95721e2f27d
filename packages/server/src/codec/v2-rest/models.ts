/**
 * What the Open Inference Protocol and Triton's extensions say of models, in plain values under the protocol's names: REST sends them as
 * they are, gRPC as messages.
 */
import { DTYPES, type DType, type TensorSpec } from '@floe/graph/base';
import type { ServableInfo, VersionStatus } from '../../core/inference.ts';

/** Triton's words for a frozen graph and for what runs it. */
const PLATFORM = 'tensorflow_graphdef';
const BACKEND = 'onnxruntime';

type Specs = Readonly<Record<string, TensorSpec>>;

/** `versions` are those that serve, ascending. The protocol has no unknown rank: such a tensor shows an empty shape. */
export function modelMetadata(servable: ServableInfo, versions: readonly number[]) {
  const { inputs, outputs } = specsOf(servable);
  const tensors = (specs: Specs) =>
    Object.entries(specs).map(([name, { dtype, shape }]) => ({ name, datatype: DTYPES[dtype].v2, shape: shape ?? [] }));
  return {
    name: servable.model,
    versions: versions.map(String),
    platform: PLATFORM,
    inputs: tensors(inputs),
    outputs: tensors(outputs),
  };
}

/** Where the model takes batches, `dims` are those of one row, as in Triton; metadata has whole shapes. */
export function modelConfig(servable: ServableInfo, versions: readonly number[]) {
  const { inputs, outputs } = specsOf(servable);
  const batch = maxBatchSize(inputs, outputs);
  const dims = (shape: readonly number[]) => (batch === 0 ? shape : shape.slice(1));
  const tensors = (specs: Specs) =>
    Object.entries(specs).map(([name, { dtype, shape }]) => ({
      name,
      data_type: typeOf(dtype),
      dims: dims(shape ?? []),
    }));
  return {
    name: servable.model,
    platform: PLATFORM,
    backend: BACKEND,
    version_policy: { specific: { versions } },
    max_batch_size: batch,
    input: tensors(inputs),
    output: tensors(outputs).map((output) => ({ ...output, label_filename: '' })),
  };
}

const MOST_ROWS = 1024;
/** Half of the default `--body-limit-mb`. */
const MOST_BYTES = 32 * 1024 * 1024;

/**
 * Where Triton fills one in for TensorFlow's models: 0 unless every input and output begins with an open dimension, and here has another, as
 * Triton has no row without dimensions. Nothing limits a batch but the size of its request; the number is for clients that divide
 * theirs by it, so that each part goes into one.
 */
function maxBatchSize(inputs: Specs, outputs: Specs): number {
  const rows = Object.values(inputs);
  if (rows.length === 0 || ![...rows, ...Object.values(outputs)].every(isBatch)) return 0;
  const rowBytes = rows.reduce((bytes, row) => bytes + bytesOfRow(row), 0);
  return Math.max(1, Math.min(MOST_ROWS, Math.floor(MOST_BYTES / rowBytes)));
}

function isBatch({ shape }: TensorSpec): boolean {
  return shape !== null && shape.length > 1 && shape[0] === -1;
}

/** At least: open dimensions and texts count as 1. */
function bytesOfRow({ dtype, shape }: TensorSpec): number {
  return (shape ?? []).reduce((product, size) => product * Math.abs(size), Math.max(1, DTYPES[dtype].size));
}

function specsOf({ signatures, defaultSignature }: ServableInfo): { readonly inputs: Specs; readonly outputs: Specs } {
  return signatures[defaultSignature] ?? { inputs: {}, outputs: {} };
}

function typeOf(dtype: DType): string {
  return `TYPE_${dtype === 'string' ? 'STRING' : DTYPES[dtype].v2}`;
}

export interface IndexedModel {
  readonly name: string;
  readonly versions: readonly VersionStatus[];
}

const STATES = {
  START: 'LOADING',
  LOADING: 'LOADING',
  AVAILABLE: 'READY',
  UNLOADING: 'UNLOADING',
  END: 'UNAVAILABLE',
} as const satisfies Record<VersionStatus['state'], string>;

/** Every version with Triton's word for its state, and models that were unloaded. `ready`: only those that serve. */
export function repositoryIndex(models: readonly IndexedModel[], unloaded: readonly string[], ready: boolean) {
  const rows = models.flatMap(({ name, versions }) =>
    versions.map(({ version, state, errorMessage }) => ({
      name,
      version: String(version),
      state: STATES[state],
      reason: errorMessage,
    })),
  );
  const gone = unloaded.map((name) => ({ name, version: '', state: STATES.END, reason: 'unloaded' }));
  return ready ? rows.filter(({ state }) => state === 'READY') : [...rows, ...gone];
}

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

/**
 * A request counts as one inference, however many rows it has. Preparing inputs and outputs is not told apart from the rest and takes no
 * time of its own, but is counted with each run: `perf_analyzer` ends itself where the three counts differ.
 */
export function modelStatistics(one: Statistics) {
  const prepared = duration({ count: one.infer.count, seconds: 0 });
  return {
    name: one.model,
    version: String(one.version),
    last_inference: one.lastAnswer,
    inference_count: one.success.count,
    execution_count: one.infer.count,
    inference_stats: {
      success: duration(one.success),
      fail: duration(one.fail),
      queue: duration(one.queue),
      compute_input: prepared,
      compute_infer: duration(one.infer),
      compute_output: prepared,
      cache_hit: duration(one.cacheHit),
      cache_miss: duration(one.cacheMiss),
    },
  };
}

function duration({ count, seconds }: Timed): { readonly count: number; readonly ns: number } {
  return { count, ns: Math.round(seconds * 1e9) };
}
