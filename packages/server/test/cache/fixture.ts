/** A model of two inputs' worth of words, terms of a caller, and computations that are finished by hand. */
import type { Tensor } from '@floe/graph';
import type { KnownCall, NamedTensor, ServableInfo } from '../../src/core/inference.ts';
import { plainTerms, type Terms } from '../../src/core/terms.ts';

export function servableOf(version: number, model = 'digits'): ServableInfo {
  return {
    model,
    version,
    signatures: {
      serving_default: {
        inputs: { x: { name: 'x:0', dtype: 'float32', shape: [-1] } },
        outputs: {
          z: { name: 'z:0', dtype: 'float32', shape: [-1] },
          y: { name: 'y:0', dtype: 'float32', shape: [-1] },
        },
        methodName: 'tensorflow/serving/predict',
      },
    },
    defaultSignature: 'serving_default',
    labels: [],
    preprocessing: {},
    metadata: {},
    deterministic: true,
  };
}

export interface Asking {
  readonly terms: Terms;
  /** The caller goes away. */
  leave(): void;
}

export function asking(change: Partial<Terms> = {}): Asking {
  const controller = new AbortController();
  return { terms: { ...plainTerms(controller.signal), ...change }, leave: () => controller.abort() };
}

export function floats(...values: number[]): Tensor {
  return { dtype: 'float32', shape: [values.length], data: Float32Array.from(values) };
}

export function callWith(...values: number[]): KnownCall {
  return { inputs: new Map([['x', floats(...values)]]) };
}

/** What version `version` answers, in the order asked for: `y` says the version and the first input, `z` twice that. */
export function outputsOf(version: number, call: KnownCall): readonly NamedTensor[] {
  const [first = 0] = (call.inputs.get('x') as Tensor).data as Float32Array;
  const value = version + first / 100;
  return (call.outputs ?? ['z', 'y']).map((name) => ({ name, tensor: floats(name === 'y' ? value : 2 * value) }));
}
