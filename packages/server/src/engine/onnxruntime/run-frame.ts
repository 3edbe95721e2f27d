/**
 * The native side of one run: its values and the arrays that the C API reads and writes them through. A frame is used by one run at a
 * time and then by the next, so that a small run allocates nothing but its results. Plain loops: iterators of typed arrays took a
 * third of a tiny run's time.
 */
import { FloeError, type Tensor } from '@floe/graph/base';
import type { Runtime } from './native.ts';
import { createValue, readValue } from './values.ts';

export class RunFrame {
  readonly inputs: BigUint64Array;
  readonly outputs: BigUint64Array;
  readonly outputNames: BigUint64Array;
  private readonly runtime: Runtime;
  /** Keeps the memory that native values lie over; dropped early, answers are silently wrong. */
  private readonly pinned: Tensor[] = [];
  private wanted = 0;

  constructor(runtime: Runtime, inputCount: number, outputCount: number) {
    this.runtime = runtime;
    this.inputs = new BigUint64Array(Math.max(1, inputCount));
    this.outputs = new BigUint64Array(outputCount);
    this.outputNames = new BigUint64Array(outputCount);
  }

  /** Sets up the values of a run; `release` has to follow, even if this throws. */
  bind(tensors: readonly Tensor[], names: readonly bigint[]): void {
    for (const tensor of tensors) {
      this.pinned.push(tensor);
      this.inputs[this.pinned.length - 1] = createValue(this.runtime, tensor);
    }
    for (const name of names) this.outputNames[this.wanted++] = name;
  }

  results(): Tensor[] {
    const tensors: Tensor[] = [];
    for (let i = 0; i < this.wanted; i++) {
      const value = this.outputs[i] ?? 0n;
      if (value === 0n) throw new FloeError('INTERNAL', 'onnxruntime gave no value for an output');
      tensors.push(readValue(this.runtime, value));
    }
    return tensors;
  }

  /** Gives all values back; the frame is ready for the next run. */
  release(): void {
    this.releaseFirst(this.inputs, this.pinned.length);
    this.releaseFirst(this.outputs, this.wanted);
    this.pinned.length = 0;
    this.wanted = 0;
  }

  private releaseFirst(values: BigUint64Array, count: number): void {
    for (let i = 0; i < count; i++) {
      const value = values[i] ?? 0n;
      if (value !== 0n) this.runtime.api.releaseValue(value);
      values[i] = 0n;
    }
  }
}
