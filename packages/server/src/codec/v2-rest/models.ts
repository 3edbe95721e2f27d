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

/** Shapes have their batch, so Triton's own batching is said to be off: `max_batch_size` is 0. */
export function modelConfig(servable: ServableInfo, versions: readonly number[]) {
  const { inputs, outputs } = specsOf(servable);
  const tensors = (specs: Specs) =>
    Object.entries(specs).map(([name, { dtype, shape }]) => ({ name, data_type: typeOf(dtype), dims: shape ?? [] }));
  return {
    name: servable.model,
    platform: PLATFORM,
    backend: BACKEND,
    version_policy: { specific: { versions } },
    max_batch_size: 0,
    input: tensors(inputs),
    output: tensors(outputs).map((output) => ({ ...output, label_filename: '' })),
  };
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

/** A request counts as one inference, however many rows it has. Preparing inputs and outputs is not told apart from the rest. */
export function modelStatistics(one: Statistics) {
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
      compute_input: duration(NONE),
      compute_infer: duration(one.infer),
      compute_output: duration(NONE),
      cache_hit: duration(one.cacheHit),
      cache_miss: duration(one.cacheMiss),
    },
  };
}

const NONE: Timed = { count: 0, seconds: 0 };

function duration({ count, seconds }: Timed): { readonly count: number; readonly ns: number } {
  return { count, ns: Math.round(seconds * 1e9) };
}
