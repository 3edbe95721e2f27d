/**
 * What a reader hands to `freeze`: the graph as the file has it, where its variables' values are, and what the file says of itself.
 */
import type { Graph } from './graph.ts';
import type { Tensor, TensorSpec } from './tensor.ts';

/** Access to files, injected so that reading needs no file system of its own. Paths are relative to the model, with `/`. */
export interface FileAccess {
  /** Names of the files and folders (ending in `/`) in a folder; empty when there is no such folder. */
  list(folder: string): Promise<readonly string[]>;
  /** The whole file, mapped where possible. Throws NOT_FOUND, and OUT_OF_RANGE for a file over 2 GiB. */
  read(path: string): Promise<Uint8Array>;
  /** `length` bytes from `offset`; throws DATA_LOSS where the file is shorter. */
  readRange(path: string, offset: number, length: number): Promise<Uint8Array>;
  /** A file in pieces of up to `length` bytes, from its beginning; each is valid until the next is taken. */
  pieces(path: string, length: number): AsyncIterable<Uint8Array>;
  /** Size in bytes, or undefined where there is no such file. */
  size(path: string): Promise<number | undefined>;
}

export interface Signature {
  readonly inputs: Readonly<Record<string, TensorSpec>>;
  readonly outputs: Readonly<Record<string, TensorSpec>>;
  readonly methodName: string;
}

/** Where a model came from and which writer made it; kept inside `frozen.pb` and `model.json`. */
export interface CheckpointMetadata {
  readonly format: 'saved-model' | 'meta-graph' | 'frozen-graph' | 'graph-and-checkpoint' | 'tfjs';
  /** Value of the `global_step` variable where the checkpoint has one. */
  readonly globalStep: number | null;
  readonly producers: {
    /** `tensorflow_version` of the MetaGraph, or `generatedBy` of a TensorFlow.js model; empty where the file does not say. */
    readonly tensorflow: string;
    /** `GraphDef.versions`. */
    readonly graphProducer: number;
    readonly graphMinConsumer: number;
    /** What a TensorFlow.js model says it was converted by. */
    readonly convertedBy?: string;
  };
  readonly tags: readonly string[];
  /** SHA-256, in hex, of every file that was read, by path. */
  readonly digests: Readonly<Record<string, string>>;
}

/** A box inside a tensor: one start and one length per dimension. */
export interface Slice {
  readonly start: readonly number[];
  readonly length: readonly number[];
}

/** Where a variable's value is. */
export interface VariableRef {
  /** Key in the checkpoint. */
  readonly key: string;
  /** The part of the stored tensor, for one part of a partitioned variable. */
  readonly slice?: Slice;
}

/** Values of the variables of a checkpoint, by checkpoint key. */
export interface VariableStore {
  readonly keys: readonly string[];
  has(key: string): boolean;
  /** Shape and dtype of a stored tensor; undefined where there is none. */
  spec(key: string): TensorSpec | undefined;
  /** Reads and verifies one tensor or a slice of it, put together from stored slices. Throws NOT_FOUND, DATA_LOSS, UNIMPLEMENTED. */
  read(ref: VariableRef): Promise<Tensor>;
}

export interface Source {
  readonly graph: Graph;
  readonly signatures: Readonly<Record<string, Signature>>;
  /** Name of a variable's node (VariableV2, VarHandleOp) in the main graph -> its place in `variables`. */
  readonly variableKeys: ReadonlyMap<string, VariableRef>;
  readonly variables: VariableStore;
  /** Asset files, by path relative to the folder `assets`. */
  readonly assets: readonly string[];
  /** Tensors (`x:0`) that stand for the path of an asset -> that asset. */
  readonly assetTensors?: ReadonlyMap<string, string>;
  /** Contents of the assets by the same paths. Throws NOT_FOUND, OUT_OF_RANGE. */
  readAssets(): Promise<ReadonlyMap<string, Uint8Array>>;
  readonly checkpoint: CheckpointMetadata;
}
