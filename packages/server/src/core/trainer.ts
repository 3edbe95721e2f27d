/**
 * What every trainer is given and gives, whatever it trains and wherever it runs. Folders are local; whoever runs a trainer brings the
 * dataset and the base version there, carries checkpoints away, and publishes what comes out.
 */

/** What is kept as JSON. */
export type Parameter = null | boolean | number | string | Parameter[] | { [key: string]: Parameter };

export interface TrainRequest {
  /** Folder of a dataset snapshot (`train/dataset.ts`). */
  readonly dataset: string;
  /** Folder of the version to go on from. */
  readonly base: string;
  /** Gets `<model>/<version>/`. */
  readonly output: string;
  readonly version: number;
  /** The trainer's own. What an earlier attempt left here is what it goes on from; it may be empty. */
  readonly checkpoint: string;
  readonly parameters: Readonly<Record<string, Parameter>>;
}

export interface TrainContext {
  /** Aborts when nobody wants the result any more. */
  readonly signal: AbortSignal;
  /** Share that is done, 0..1. */
  progress(share: number): void;
  log(text: string): void;
  metric(values: Readonly<Record<string, number>>): void;
  /** The folder `checkpoint` is whole; it does not change until this resolves. */
  checkpointed(): Promise<void>;
}

export interface Trained {
  /** The new version's folder. */
  readonly folder: string;
}

/**
 * Throws INVALID_ARGUMENT (parameters, labels), FAILED_PRECONDITION (a model or dataset that it cannot train, a result that is not to be
 * served), RESOURCE_EXHAUSTED (limits), CANCELLED.
 */
export type Trainer = (request: TrainRequest, context: TrainContext) => Promise<Trained>;
