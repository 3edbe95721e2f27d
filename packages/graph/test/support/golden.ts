/** Cases that TensorFlow made: a graph, its inputs and the answers (see conformance/ops/golden.py). */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { DType } from '../../src/dtype.ts';
import { GraphDef } from '../../src/proto/tensorflow.ts';
import { numericView, type Tensor } from '../../src/tensor.ts';
import { numbersOf } from '../compile/run.ts';

interface Described {
  readonly name: string;
  readonly dtype: DType;
  readonly declared: readonly number[] | null;
  readonly shape: readonly number[];
  readonly data: string;
}

export interface GoldenCase {
  readonly op: string;
  readonly graph: string;
  readonly feeds: readonly Described[];
  readonly fetches: readonly Described[];
}

export function goldenCases(path: string): readonly GoldenCase[] {
  return JSON.parse(readFileSync(new URL(`../golden/${path}`, import.meta.url), 'utf8')) as readonly GoldenCase[];
}

export const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));

export function graphOfCase({ graph }: GoldenCase): GraphDef {
  return GraphDef.decode(bytes(graph), 'golden');
}

export function specsOf({ feeds }: GoldenCase) {
  return feeds.map(({ name, dtype, declared }) => ({ name, dtype, shape: declared }));
}

export function tensorOf({ dtype, shape, data }: Described): Tensor {
  return { dtype, shape, data: numericView(dtype, bytes(data)) };
}

/** Integers are equal; floats differ by 1e-5 of the largest at most. */
export function expectClose(got: Tensor | undefined, wanted: Tensor): void {
  expect(got?.shape).toEqual(wanted.shape);
  const [a, b] = [numbersOf(got), numbersOf(wanted)];
  const scale = Math.max(1, ...b.filter(Number.isFinite).map(Math.abs));
  const slack = wanted.dtype.startsWith('float') ? 1e-5 * scale : 0;
  const bad = b.findIndex(
    (value, i) => !Object.is(value, a[i]) && !(Math.abs(value - (a[i] ?? Number.NaN)) <= slack) && value !== a[i],
  );
  expect({ index: bad, wanted: b[bad], got: a[bad] }).toEqual({ index: -1, wanted: undefined, got: undefined });
}
