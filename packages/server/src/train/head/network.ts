/**
 * One dense layer, or two with a relu between, and what a batch says of how to change them: softmax cross-entropy, weighted by example. Sizes are
 * padded to a multiple of 4 with zeros, which stay zeros, so that the products need no edges.
 */
import { addCombinations, addProducts } from './matmul.ts';

export interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  /** [outputs, inputs]. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

export function padded(size: number): number {
  return Math.ceil(size / 4) * 4;
}

/** A layer in memory: padded outputs, and what a batch made of it. */
export class PaddedLayer {
  readonly inputs: number;
  readonly outputs: number;
  readonly width: number;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  readonly weightGradients: Float32Array;
  readonly biasGradients: Float32Array;
  readonly result: Float32Array;
  /** What the loss changes by with each element of the result. */
  readonly slopes: Float32Array;

  /** `inputs` as the layer before has it: its padded outputs. */
  constructor(layer: Layer, inputs: number, batch: number) {
    this.inputs = inputs;
    this.outputs = layer.outputs;
    this.width = padded(layer.outputs);
    this.weights = new Float32Array(this.width * inputs);
    for (let row = 0; row < layer.outputs; row++) {
      const own = layer.weights.subarray(row * layer.inputs, (row + 1) * layer.inputs);
      this.weights.set(own, row * inputs);
    }
    this.bias = new Float32Array(this.width);
    this.bias.set(layer.bias);
    this.weightGradients = new Float32Array(this.weights.length);
    this.biasGradients = new Float32Array(this.width);
    this.result = new Float32Array(batch * this.width);
    this.slopes = new Float32Array(batch * this.width);
  }

  forward(from: Float32Array, rows: number): void {
    for (let row = 0; row < rows; row++) this.result.set(this.bias, row * this.width);
    addProducts(from, this.weights, this.result, rows, this.width, this.inputs);
  }

  /** From slopes to gradients. */
  backward(from: Float32Array, rows: number): void {
    const { slopes, width, weightGradients, biasGradients } = this;
    weightGradients.fill(0);
    addCombinations({ data: slopes, step: 1, stride: width }, from, weightGradients, width, rows, this.inputs);
    for (let one = 0; one < width; one++) {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += slopes[row * width + one] as number;
      biasGradients[one] = sum;
    }
  }

  /** Without the padding. */
  plain(inputs: number): Layer {
    const weights = new Float32Array(this.outputs * inputs);
    for (let row = 0; row < this.outputs; row++)
      weights.set(this.weights.subarray(row * this.inputs, row * this.inputs + inputs), row * inputs);
    return { inputs, outputs: this.outputs, weights, bias: this.bias.slice(0, this.outputs) };
  }
}

/** Some examples: features row by row (a multiple of 4 rows, those beyond `n` zeros), classes, and how much each counts. */
export interface Batch {
  readonly n: number;
  readonly features: Float32Array;
  readonly classes: Int32Array;
  readonly counts: Float32Array;
}

export class Network {
  readonly layers: readonly PaddedLayer[];
  private readonly sizes: readonly number[];

  constructor(layers: readonly Layer[], batch: number) {
    this.sizes = layers.map(({ inputs }) => inputs);
    const made: PaddedLayer[] = [];
    for (const layer of layers) made.push(new PaddedLayer(layer, made.at(-1)?.width ?? layer.inputs, padded(batch)));
    this.layers = made;
  }

  get parameters(): readonly Float32Array[] {
    return this.layers.flatMap(({ weights, bias }) => [weights, bias]);
  }

  get gradients(): readonly Float32Array[] {
    return this.layers.flatMap(({ weightGradients, biasGradients }) => [weightGradients, biasGradients]);
  }

  /** Scores of each row before softmax, `width` of the last layer apart. */
  scores(features: Float32Array, n: number): Float32Array {
    const rows = padded(n);
    let from = features;
    for (const layer of this.layers) {
      layer.forward(from, rows);
      if (layer !== this.layers.at(-1)) relu(layer.result);
      from = layer.result;
    }
    return from;
  }

  /** Sums of the loss, of what counts, and of what was right. Leaves the slopes of the mean loss in the last layer. */
  loss({ n, features, classes, counts }: Batch): { loss: number; count: number; right: number } {
    const scores = this.scores(features, n);
    const { slopes, width, outputs } = this.layers.at(-1) as PaddedLayer;
    slopes.fill(0);
    let [loss, count, right] = [0, 0, 0];
    for (let row = 0; row < n; row++) count += counts[row] as number;
    for (let row = 0; row < n; row++) {
      const at = row * width;
      const own = classes[row] as number;
      const weight = counts[row] as number;
      const best = softmaxInto(scores, slopes, at, outputs);
      loss -= weight * Math.log(Math.max(slopes[at + own] as number, Number.MIN_VALUE));
      if (best === own) right++;
      slopes[at + own] = (slopes[at + own] as number) - 1;
      for (let one = 0; one < outputs; one++) slopes[at + one] = ((slopes[at + one] as number) * weight) / count;
    }
    return { loss, count, right };
  }

  /** The gradients of the mean loss. */
  learn(batch: Batch): number {
    const { loss, count } = this.loss(batch);
    const rows = padded(batch.n);
    for (let at = this.layers.length - 1; at >= 0; at--) {
      const layer = this.layers[at] as PaddedLayer;
      const before = this.layers[at - 1];
      layer.backward(before?.result ?? batch.features, rows);
      if (before !== undefined) passBack(layer, before, rows);
    }
    return loss / count;
  }

  plain(): readonly Layer[] {
    return this.layers.map((layer, at) => layer.plain(this.sizes[at] as number));
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

/** Slopes of the layer before, where its relu let something through. */
function passBack(layer: PaddedLayer, before: PaddedLayer, rows: number): void {
  before.slopes.fill(0);
  const { slopes, width, weights } = layer;
  addCombinations({ data: slopes, step: width, stride: 1 }, weights, before.slopes, rows, width, before.width);
  for (let at = 0; at < before.slopes.length; at++) if (before.result[at] === 0) before.slopes[at] = 0;
}
