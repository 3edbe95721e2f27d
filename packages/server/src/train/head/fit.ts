/**
 * Training of the last layers on features: minibatches, Adam, and an end when the validation examples say that it gets no better. The same
 * examples, parameters and seed give the same weights on one kind of CPU, bit by bit, also when training was interrupted and went on from a
 * checkpoint.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { FloeError } from '@floe/graph/base';
import { Adam } from './adam.ts';
import { classCounts, epochRows, splitOff } from './draw.ts';
import type { Batch, Layer, Network } from './network.ts';
import type { HeadParameters } from './parameters.ts';

export interface Features {
  /** [n, width], row by row. */
  readonly data: Float32Array;
  readonly width: number;
  readonly labels: Int32Array;
  readonly feedback: Uint8Array;
}

/** Between two epochs. */
export interface FitState {
  readonly epoch: number;
  /** Epochs since the best one. */
  readonly stale: number;
  readonly bestLoss: number;
  readonly step: number;
  readonly parameters: readonly Float32Array[];
  readonly best: readonly Float32Array[];
  readonly first: readonly Float32Array[];
  readonly second: readonly Float32Array[];
}

export interface FitHooks {
  readonly signal: AbortSignal;
  /** After each epoch; `state` is valid until it resolves. */
  onEpoch(figures: EpochFigures, state: FitState): Promise<void>;
}

export interface EpochFigures {
  readonly epoch: number;
  readonly loss: number;
  readonly validationLoss: number;
  readonly validationAccuracy: number;
}

/** Cancelling is heard between batches, at least so often. */
const TURN_MS = 20;

/** Changes the network. Throws FAILED_PRECONDITION where the loss or a weight is no finite number any more, and the reason of the signal. */
export async function fit(
  features: Features,
  network: Network,
  parameters: HeadParameters,
  hooks: FitHooks,
  state?: FitState,
): Promise<readonly Layer[]> {
  const fitting = new Fitting(features, network, parameters, hooks, state);
  return fitting.run();
}

class Fitting {
  private readonly features: Features;
  private readonly parameters: HeadParameters;
  private readonly hooks: FitHooks;
  private readonly network: Network;
  private readonly adam: Adam;
  private readonly best: readonly Float32Array[];
  private readonly batch: { n: number; features: Float32Array; classes: Int32Array; counts: Float32Array };
  private readonly rows: { readonly kept: Int32Array; readonly off: Int32Array };
  private epoch = 0;
  private stale = 0;
  private bestLoss = Number.POSITIVE_INFINITY;
  private turnAt = 0;

  constructor(
    features: Features,
    network: Network,
    parameters: HeadParameters,
    hooks: FitHooks,
    state: FitState | undefined,
  ) {
    this.features = features;
    this.parameters = parameters;
    this.hooks = hooks;
    const size = parameters.batch;
    this.network = network;
    this.adam = new Adam(this.network.parameters, parameters);
    this.best = this.network.parameters.map((values) => values.slice());
    this.batch = {
      n: 0,
      features: new Float32Array(size * features.width),
      classes: new Int32Array(size),
      counts: new Float32Array(size),
    };
    const all = Int32Array.from(features.labels.keys());
    this.rows = splitOff(all, parameters.validation, parameters.seed);
    if (state !== undefined) this.restore(state);
  }

  async run(): Promise<readonly Layer[]> {
    const { steps, batch, patience, feedbackShare, seed } = this.parameters;
    const epochs = Math.ceil(steps / Math.ceil(this.rows.kept.length / batch));
    if (this.epoch === 0) this.bestLoss = (await this.validate()).loss;
    const pools = {
      original: this.rows.kept.filter((row) => this.features.feedback[row] === 0),
      feedback: this.rows.kept.filter((row) => this.features.feedback[row] === 1),
    };
    while (this.epoch < epochs && this.stale < patience) {
      const loss = await this.goOver(epochRows(pools, feedbackShare, seed, this.epoch));
      const { loss: validationLoss, accuracy: validationAccuracy } = await this.validate();
      this.epoch++;
      this.keepBest(validationLoss);
      await this.hooks.onEpoch({ epoch: this.epoch, loss, validationLoss, validationAccuracy }, this.state());
    }
    copyAll(this.best, this.network.parameters);
    return this.network.plain();
  }

  /** Gives the mean loss. */
  private async goOver(rows: Int32Array): Promise<number> {
    const counts = this.countsOf(rows);
    let [sum, batches] = [0, 0];
    for (let at = 0; at < rows.length; at += this.parameters.batch) {
      await this.breathe();
      const loss = await this.network.learn(this.fill(rows.subarray(at, at + this.parameters.batch), counts));
      this.checkFinite('the loss', loss);
      this.adam.update(this.network.parameters, this.network.gradients);
      sum += loss;
      batches++;
    }
    this.checkWeights();
    return sum / batches;
  }

  private async validate(): Promise<{ loss: number; accuracy: number }> {
    const { off } = this.rows;
    const counts = this.countsOf(off);
    let [lossSum, countSum, rightSum] = [0, 0, 0];
    for (let at = 0; at < off.length; at += this.parameters.batch) {
      await this.breathe();
      const { loss, count, right } = await this.network.loss(
        this.fill(off.subarray(at, at + this.parameters.batch), counts),
      );
      lossSum += loss;
      countSum += count;
      rightSum += right;
    }
    const loss = lossSum / countSum;
    this.checkFinite('the validation loss', loss);
    return { loss, accuracy: rightSum / off.length };
  }

  private countsOf(rows: Int32Array): Float32Array {
    const { classes } = this.network;
    if (!this.parameters.balance) return new Float32Array(classes).fill(1);
    return classCounts(rows, this.features.labels, classes);
  }

  private fill(rows: Int32Array, counts: Float32Array): Batch {
    const { batch } = this;
    const { data, width, labels } = this.features;
    batch.n = rows.length;
    for (const [at, row] of rows.entries()) {
      batch.features.set(data.subarray(row * width, (row + 1) * width), at * width);
      batch.classes[at] = labels[row] as number;
      batch.counts[at] = counts[labels[row] as number] as number;
    }
    return batch;
  }

  private async breathe(): Promise<void> {
    if (performance.now() - this.turnAt > TURN_MS) {
      await turn();
      this.turnAt = performance.now();
    }
    this.hooks.signal.throwIfAborted();
  }

  private keepBest(loss: number): void {
    this.stale = loss < this.bestLoss ? 0 : this.stale + 1;
    if (this.stale > 0) return;
    this.bestLoss = loss;
    copyAll(this.network.parameters, this.best);
  }

  private state(): FitState {
    const { epoch, stale, bestLoss, best, adam } = this;
    const { step, first, second } = adam;
    return { epoch, stale, bestLoss, step, parameters: this.network.parameters, best, first, second };
  }

  private restore(state: FitState): void {
    this.epoch = state.epoch;
    this.stale = state.stale;
    this.bestLoss = state.bestLoss;
    this.adam.step = state.step;
    copyAll(state.parameters, this.network.parameters);
    copyAll(state.best, this.best);
    copyAll(state.first, this.adam.first);
    copyAll(state.second, this.adam.second);
  }

  private checkWeights(): void {
    for (const values of this.network.parameters) {
      const bad = values.find((value) => !Number.isFinite(value));
      if (bad !== undefined) this.checkFinite('a weight', bad);
    }
  }

  private checkFinite(what: string, value: number): void {
    if (Number.isFinite(value)) return;
    throw new FloeError(
      'FAILED_PRECONDITION',
      `${what} became ${value} in epoch ${this.epoch + 1}: the learning rate may be too high, or features are no numbers`,
      { field: 'parameters.learningRate' },
    );
  }
}

function copyAll(from: readonly Float32Array[], to: readonly Float32Array[]): void {
  for (const [at, values] of to.entries()) values.set(from[at] as Float32Array);
}
