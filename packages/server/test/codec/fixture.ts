/** Servables as codecs see them: what is known of a model, without one. */
import type { DType, Tensor, TensorSpec } from '@floe/graph';
import type { Answer, ServableInfo } from '../../src/core/inference.ts';

export type Specs = Readonly<Record<string, readonly [dtype: DType, shape: readonly number[] | null]>>;

export const IMAGE = {
  size: [2, 2],
  channels: 1,
  fit: 'fill',
  colour: 'grey',
  scale: [1],
  offset: [0],
  layout: 'NHWC',
  invert: false,
  resize: 'fast',
} as const;

export function specs(of: Specs): Record<string, TensorSpec> {
  return Object.fromEntries(
    Object.entries(of).map(([key, [dtype, shape]]) => [key, { name: `${key}:0`, dtype, shape }]),
  );
}

/** A servable with `serving_default` of the given inputs, and whatever else is asked for. */
export function servable(inputs: Specs, more: Partial<ServableInfo> = {}): ServableInfo {
  const signature = {
    methodName: 'tensorflow/serving/predict',
    inputs: specs(inputs),
    outputs: specs({ y: ['float32', null] }),
  };
  return {
    model: 'm',
    version: 3,
    signatures: { serving_default: signature, ...more.signatures },
    defaultSignature: 'serving_default',
    labels: [],
    preprocessing: {},
    metadata: {},
    deterministic: true,
    ...Object.fromEntries(Object.entries(more).filter(([key]) => key !== 'signatures')),
  };
}

export function answer(outputs: Readonly<Record<string, Tensor>>, info = servable({})): Answer {
  const named = Object.entries(outputs).map(([name, tensor]) => ({ name, tensor }));
  return { servable: info, version: info.version, call: { inputs: new Map() }, outputs: named };
}

export function floats(shape: readonly number[], ...values: number[]): Tensor {
  return { dtype: 'float32', shape, data: Float32Array.from(values) };
}
