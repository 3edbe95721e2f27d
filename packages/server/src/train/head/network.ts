/**
 * One dense layer, or two with a relu between, and what a batch says of how to change them: softmax cross-entropy, weighted by example.
 */
import type { Matrix, Products } from './products.ts';

export interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  /** [outputs, inputs]. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/** A layer that is being trained, and what the last batch made of it. */
class TrainedLayer implements Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  weightGradients: Float32Array;
  readonly biasGradients: Float32Array;
  /** [n, outputs]. */
  result: Float32Array = new Float32Array(0);
  private readonly products: Products;

  constructor({ inputs, outputs, weights, bias }: Layer, products: Products) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.weights = weights.slice();
    this.bias = bias.slice();
    this.weightGradients = new Float32Array(weights.length);
    this.biasGradients = new Float32Array(bias.length);
    this.products = products;
  }

  async forward(from: Float32Array, n: number): Promise<Float32Array> {
    const bias = { data: this.bias, shape: [this.outputs] };
    this.result = await this.products.make('scores', [matrix(from, n, this.inputs), this.matrix, bias]);
    return this.result;
  }

  /** From slopes, what the loss changes by with each element of the result, to gradients. */
  async backward(slopes: Float32Array, from: Float32Array, n: number): Promise<void> {
    const { inputs, outputs, biasGradients } = this;
    const both = [matrix(slopes, n, outputs), matrix(from, n, inputs)];
    this.weightGradients = await this.products.make('gradients', both);
    biasGradients.fill(0);
    for (let at = 0; at < n * outputs; at++)
      biasGradients[at % outputs] = (biasGradients[at % outputs] as number) + (slopes[at] as number);
  }

  /** Slopes of the layer before, where its relu let something through. */
  async passBack(slopes: Float32Array, before: TrainedLayer, n: number): Promise<Float32Array> {
    const passed = await this.products.make('passedBack', [matrix(slopes, n, this.outputs), this.matrix]);
    for (let at = 0; at < passed.length; at++) if (before.result[at] === 0) passed[at] = 0;
    return passed;
  }

  private get matrix(): Matrix {
    return matrix(this.weights, this.outputs, this.inputs);
  }
}

function matrix(data: Float32Array, rows: number, columns: number): Matrix {
  return { data: data.subarray(0, rows * columns), shape: [rows, columns] };
}

/** Some examples: features row by row, classes, and how much each counts; of each array what belongs to the first `n`. */
export interface Batch {
  readonly n: number;
  readonly features: Float32Array;
  readonly classes: Int32Array;
  readonly counts: Float32Array;
}

interface Loss {
  /** Sums. */
  readonly loss: number;
  readonly count: number;
  readonly right: number;
  /** What the mean loss changes by with each score. */
  readonly slopes: Float32Array;
}

export class Network {
  private readonly layers: readonly TrainedLayer[];

  constructor(layers: readonly Layer[], products: Products) {
    this.layers = layers.map((layer) => new TrainedLayer(layer, products));
  }

  get parameters(): readonly Float32Array[] {
    return this.layers.flatMap(({ weights, bias }) => [weights, bias]);
  }

  get gradients(): readonly Float32Array[] {
    return this.layers.flatMap(({ weightGradients, biasGradients }) => [weightGradients, biasGradients]);
  }

  /** Features of an example. */
  get width(): number {
    return this.layers[0]?.inputs ?? 0;
  }

  get classes(): number {
    return this.last.outputs;
  }

  /** [n, classes], before softmax. */
  async scores(features: Float32Array, n: number): Promise<Float32Array> {
    let from = features;
    for (const layer of this.layers) {
      from = await layer.forward(from, n);
      if (layer !== this.last) relu(from);
    }
    return from;
  }

  async loss({ n, features, classes, counts }: Batch): Promise<Loss> {
    const scores = await this.scores(features, n);
    const { outputs } = this.last;
    const slopes = new Float32Array(n * outputs);
    let [loss, count, right] = [0, 0, 0];
    for (let row = 0; row < n; row++) count += counts[row] as number;
    for (let row = 0; row < n; row++) {
      const at = row * outputs;
      const own = classes[row] as number;
      const weight = counts[row] as number;
      const best = softmaxInto(scores, slopes, at, outputs);
      loss -= weight * Math.log(Math.max(slopes[at + own] as number, Number.MIN_VALUE));
      if (best === own) right++;
      slopes[at + own] = (slopes[at + own] as number) - 1;
      for (let one = 0; one < outputs; one++) slopes[at + one] = ((slopes[at + one] as number) * weight) / count;
    }
    return { loss, count, right, slopes };
  }

  /** Leaves the gradients of the mean loss, which it gives. */
  async learn(batch: Batch): Promise<number> {
    const { n } = batch;
    const { loss, count, slopes: last } = await this.loss(batch);
    let slopes = last;
    for (let at = this.layers.length - 1; at >= 0; at--) {
      const layer = this.layers[at] as TrainedLayer;
      const before = this.layers[at - 1];
      await layer.backward(slopes, before?.result ?? batch.features, n);
      if (before !== undefined) slopes = await layer.passBack(slopes, before, n);
    }
    return loss / count;
  }

  plain(): readonly Layer[] {
    return this.layers.map(({ inputs, outputs, weights, bias }) => ({ inputs, outputs, weights, bias }));
  }

  private get last(): TrainedLayer {
    return this.layers.at(-1) as TrainedLayer;
  }
}

function relu(values: Float32Array): void {
  for (let at = 0; at < values.length; at++) if ((values[at] as number) < 0) values[at] = 0;
}

/** Shares that sum to one; gives the class of the largest. A score that is NaN makes all of them NaN. */
export function softmaxInto(scores: Float32Array, into: Float32Array, at: number, classes: number): number {
  let best = 0;
  for (let one = 1; one < classes; one++) if ((scores[at + one] as number) > (scores[at + best] as number)) best = one;
  const most = scores[at + best] as number;
  let sum = 0;
  for (let one = 0; one < classes; one++) sum += into[at + one] = Math.exp((scores[at + one] as number) - most);
  for (let one = 0; one < classes; one++) into[at + one] = (into[at + one] as number) / sum;
  return best;
}
