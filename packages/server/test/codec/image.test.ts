/** Pictures as requests: which input they feed, and labels as the answer. */
import type { FloeError, Tensor } from '@floe/graph';
import { describe, expect, test } from 'vitest';
import { imageCodec } from '../../src/codec/image/codec.ts';
import { answer, floats, IMAGE, servable } from './fixture.ts';

const INFO = servable(
  { x: ['float32', [-1, 2, 2, 1]] },
  { preprocessing: { serving_default: { x: IMAGE } }, labels: ['ant', 'bee', 'cow', 'dog', 'elk', 'fox'] },
);
const REQUEST = { body: Buffer.from('jpeg') };
const classes: Tensor = { dtype: 'int64', shape: [1], data: BigInt64Array.of(2n) };

test('the body is the image of the one input with preprocessing', () => {
  expect(imageCodec.decode(REQUEST, INFO)).toEqual({
    signature: 'serving_default',
    inputs: new Map([['x', { images: [REQUEST.body] }]]),
  });
});

test.each([
  ['no preprocessing', REQUEST, servable({ x: ['float32', [-1]] }), 'FAILED_PRECONDITION', 'takes no images'],
  [
    'a second input',
    REQUEST,
    { ...INFO, signatures: servable({ x: ['float32', []], z: ['float32', []] }).signatures },
    'INVALID_ARGUMENT',
    'has 2 inputs',
  ],
  ['an empty body', { body: Buffer.alloc(0) }, INFO, 'INVALID_ARGUMENT', 'the body is empty'],
] as const)('%s is refused', (_name, request, info, code, words) => {
  const run = (): unknown => imageCodec.decode(request, info);
  expect(run).toThrow(words);
  expect(run).toThrow(expect.objectContaining({ code }) as FloeError);
});

describe('answers', () => {
  test('give the best class and the five best', () => {
    const scores = floats([1, 6], 0.1, 0.4, 0.2, 0.15, 0.1, 0.05);
    const { predictions, model } = imageCodec.encode(answer({ klass: classes, probs: scores }, INFO), REQUEST);
    expect(model).toEqual({ name: 'm', version: 3 });
    expect(predictions[0]).toMatchObject({ label: 'bee', index: 1, score: Math.fround(0.4) });
    expect(predictions[0]?.top?.map(({ label }) => label)).toEqual(['bee', 'cow', 'dog', 'ant', 'elk']);
  });

  test('prefer probabilities to logits', () => {
    const outputs = { logits: floats([1, 2], 5, -5), probs: floats([1, 2], 0.25, 0.75) };
    expect(imageCodec.encode(answer(outputs, INFO), REQUEST).predictions[0]).toMatchObject({
      label: 'bee',
      score: 0.75,
    });
  });

  test('name the class alone where there are no scores', () => {
    expect(imageCodec.encode(answer({ klass: classes }, INFO), REQUEST).predictions).toEqual([
      { label: 'cow', index: 2 },
    ]);
  });

  test('show the index where there is no label', () => {
    const info = { ...INFO, labels: [] };
    expect(imageCodec.encode(answer({ y: floats([1, 2], 0, 1) }, info), REQUEST).predictions[0]?.label).toBe('1');
  });

  test('take one score for the second of two labels', () => {
    const info = { ...INFO, labels: ['no', 'yes'] };
    expect(imageCodec.encode(answer({ y: floats([1, 1], 0.25) }, info), REQUEST).predictions[0]).toMatchObject({
      label: 'no',
      score: 0.75,
    });
  });

  test('without classes are an error', () => {
    expect(() => imageCodec.encode(answer({ y: floats([1, 2, 2], 0, 0, 0, 0) }, INFO), REQUEST)).toThrow(
      'has no output of classes',
    );
  });
});
