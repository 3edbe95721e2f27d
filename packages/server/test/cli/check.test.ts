import type { Tensor } from '@floe/graph';
import { FloeError } from '@floe/graph';
import { describe, expect, it } from 'vitest';
import { difference } from '../../src/cli/check/difference.ts';
import { generatedInputs } from '../../src/cli/check/inputs.ts';
import { problemsOf } from '../../src/cli/check/problems.ts';

const floats = (shape: readonly number[], ...values: readonly number[]): Tensor => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from(values),
});

describe('two answers', () => {
  const cases: [string, Tensor, Tensor, object][] = [
    ['equal ones', floats([2], 1, Number.NaN), floats([2], 1, Number.NaN), { agrees: true, unequal: 0, worst: null }],
    [
      'floats apart by rounding',
      floats([2, 2], 1, 2, 3, 4),
      floats([2, 2], 1, 2, 3.0001, 4),
      { agrees: true, unequal: 1, worst: [1, 0] },
    ],
    ['other floats', floats([2], 1, 2), floats([2], 1, 2.5), { agrees: false, greatest: 0.5, worst: [1] }],
    [
      'no number',
      floats([1], Number.NaN),
      floats([1], 1),
      { agrees: false, greatest: Number.POSITIVE_INFINITY, worst: [0] },
    ],
    [
      'another shape',
      floats([2, 1], 1, 2),
      floats([2], 1, 2),
      { agrees: false, mismatch: 'float32[2,1] instead of float32[2]' },
    ],
    [
      'integers apart by one',
      { dtype: 'int64', shape: [2], data: BigInt64Array.of(7n, 8n) },
      { dtype: 'int64', shape: [2], data: BigInt64Array.of(7n, 9n) },
      { agrees: false, greatest: 1, worst: [1] },
    ],
    [
      'texts',
      { dtype: 'string', shape: [1], data: [Buffer.from('a')] },
      { dtype: 'string', shape: [1], data: [Buffer.from('b')] },
      { agrees: false, unequal: 1 },
    ],
  ];
  it.each(cases)('%s', (_, ours, theirs, expected) => {
    expect(difference(ours, theirs)).toMatchObject(expected);
  });
});

describe('made-up inputs', () => {
  const signature = (dtype: 'float32' | 'uint8' | 'int64' | 'string', shape: readonly number[] | null) => ({
    methodName: '',
    inputs: { x: { name: 'x:0', dtype, shape } },
    outputs: {},
  });

  it('are the same at every check, and fill what is unknown', () => {
    const [a, b] = [1, 2].map(() => generatedInputs(signature('float32', [-1, -1, -1, 3])).get('x:0'));
    expect(a).toEqual(b);
    expect(a?.shape).toEqual([2, 64, 64, 3]);
    expect([...((a?.data ?? []) as Float32Array)].every((value) => value >= 0 && value < 1)).toBe(true);
  });

  it('are bytes for bytes and indices for integers', () => {
    const bytes = generatedInputs(signature('uint8', [1000])).get('x:0')?.data as Uint8Array | undefined;
    expect(Math.max(...(bytes ?? []))).toBeGreaterThan(200);
    const indices = generatedInputs(signature('int64', [-1, 8])).get('x:0')?.data as BigInt64Array | undefined;
    expect(new Set(indices)).toEqual(new Set([0n, 1n]));
  });

  it.each([
    ['an unknown rank', signature('float32', null)],
    ['strings', signature('string', [-1])],
    ['more elements than memory', signature('float32', [1 << 20, 1 << 20])],
  ])('are refused for %s', (_, impossible) => {
    expect(() => generatedInputs(impossible)).toThrow(expect.objectContaining({ code: 'UNIMPLEMENTED' }));
  });
});

describe('what stops a model', () => {
  it('is told once for each op and reason, with all its nodes, the most frequent first', () => {
    const error = new FloeError('UNIMPLEMENTED', 'no', [
      { node: 'a', op: 'Angle', reason: 'this op is not supported' },
      { node: 'b', op: 'MyOwnOp', reason: 'this op is not supported' },
      { node: 'c', op: 'MyOwnOp', reason: 'this op is not supported' },
    ]);
    expect(problemsOf(error)).toEqual([
      {
        code: 'UNIMPLEMENTED',
        op: 'MyOwnOp',
        reason: 'this is a custom op: TensorFlow itself does not have it',
        nodes: ['b', 'c'],
      },
      { code: 'UNIMPLEMENTED', op: 'Angle', reason: 'this op is not supported', nodes: ['a'] },
    ]);
  });

  it('may be no node at all', () => {
    expect(problemsOf(new FloeError('NOT_FOUND', 'no variables', []))).toEqual([
      { code: 'NOT_FOUND', op: null, reason: 'no variables', nodes: [] },
    ]);
  });
});
