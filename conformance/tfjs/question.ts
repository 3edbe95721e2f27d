/** What a network is asked: pictures made by a formula, the same in every run, in the range that the network expects. */
import type { TensorSpec } from 'floe';
import type { Numbers } from './judge.ts';
import type { Network } from './networks.ts';

/** Inputs by key. Throws where a shape is open that the network's entry does not fill. */
export function questionFor(network: Network, inputs: Readonly<Record<string, TensorSpec>>): Record<string, Numbers> {
  const entries = Object.entries(inputs).map(([key, spec], i) => [key, inputFor(network, key, spec, i)] as const);
  return Object.fromEntries(entries);
}

function inputFor(network: Network, key: string, spec: TensorSpec, seed: number): Numbers {
  const open = spec.shape?.map((dim, axis) => (dim < 0 && axis === 0 ? (network.rows ?? 1) : dim));
  const { shape = open, value } = network.given?.[key] ?? {};
  if (shape === undefined || shape.some((dim) => dim < 0)) throw new Error(`${network.name}: what shape has ${key}?`);
  const dtype = spec.dtype === 'float32' ? 'float32' : 'int32';
  const [low, high] = network.range;
  const values = picture(shape, seed).map((light) => value ?? low + light * (high - low));
  return { shape, dtype, data: dtype === 'int32' ? Int32Array.from(values, Math.round) : values };
}

/** Smooth waves with a little noise, 0..1: neighbours are alike, as in a picture, and every row of a batch is another one. */
function picture(shape: readonly number[], seed: number): Float32Array {
  const [width = 1, channels = 1] = shape.slice(-2);
  const size = shape.reduce((product, dim) => product * dim, 1);
  const values = new Float32Array(size);
  const noise = randomNumbers(seed + 1);
  for (let i = 0; i < size; i++) {
    const channel = i % channels;
    const column = Math.floor(i / channels) % width;
    const row = Math.floor(i / channels / width);
    const wave = Math.sin(column / 9 + channel) + Math.cos(row / 13 - channel / 2) + Math.sin((row + column) / 31);
    values[i] = Math.min(1, Math.max(0, 0.5 + wave / 7 + (noise() - 0.5) / 8));
  }
  return values;
}

/** Numbers 0..1 by a linear congruence (the constants of Numerical Recipes). */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
