import { describe, expect, it } from 'vitest';
import { inferShapes } from '../../src/cost/onnx-shape-rules.ts';
import type { OnnxNode } from '../../src/onnx-graph.ts';

const split = (axis: number): OnnxNode => {
  return { op: 'Split', name: 'n', inputs: ['x'], outputs: ['a', 'b'], attrs: { axis } };
};
const nothing = (): undefined => undefined;

describe('the shape of a split', () => {
  it.each([
    [
      'even parts',
      1,
      [2, 6],
      [
        [2, 3],
        [2, 3],
      ],
    ],
    [
      'a last part that is smaller',
      -1,
      [2, 5],
      [
        [2, 3],
        [2, 2],
      ],
    ],
    ['nothing along an axis that the shape does not have', 1, [6], undefined],
    ['nothing of no shape', 0, undefined, undefined],
  ])('is %s', (_, axis, shape, parts) => {
    expect(inferShapes({ node: split(axis), shapes: [shape], numbers: nothing })).toEqual(parts);
  });
});
