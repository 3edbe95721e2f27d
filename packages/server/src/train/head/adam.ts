/** Adam (arXiv 1412.6980) with L2 taken out of the weights themselves (arXiv 1711.05101). */

export interface AdamOptions {
  readonly learningRate: number;
  /** Share of each weight that goes, times the rate. */
  readonly l2: number;
}

const FIRST = 0.9;
const SECOND = 0.999;
const TINY = 1e-8;

export class Adam {
  step = 0;
  /** Means of gradients and of their squares, for each array of parameters. */
  readonly first: readonly Float32Array[];
  readonly second: readonly Float32Array[];
  private readonly options: AdamOptions;

  constructor(parameters: readonly Float32Array[], options: AdamOptions) {
    this.options = options;
    this.first = parameters.map(({ length }) => new Float32Array(length));
    this.second = parameters.map(({ length }) => new Float32Array(length));
  }

  update(parameters: readonly Float32Array[], gradients: readonly Float32Array[]): void {
    this.step++;
    for (const [at, values] of parameters.entries()) {
      const [first, second] = [this.first[at] as Float32Array, this.second[at] as Float32Array];
      this.updateArray(values, gradients[at] as Float32Array, first, second);
    }
  }

  private updateArray(values: Float32Array, gradients: Float32Array, first: Float32Array, second: Float32Array): void {
    const { learningRate, l2 } = this.options;
    const rate = learningRate / (1 - FIRST ** this.step);
    const scale = 1 / (1 - SECOND ** this.step);
    const kept = 1 - learningRate * l2;
    for (let at = 0; at < values.length; at++) {
      const slope = gradients[at] as number;
      const mean = FIRST * (first[at] as number) + (1 - FIRST) * slope;
      const square = SECOND * (second[at] as number) + (1 - SECOND) * slope * slope;
      first[at] = mean;
      second[at] = square;
      values[at] = kept * (values[at] as number) - (rate * mean) / (Math.sqrt(square * scale) + TINY);
    }
  }
}
