import { describe, expect, it } from 'vitest';
import { constant, floats, graph, node, placeholder, tensor } from '../support/nodes.ts';
import { numbersOf, runGraph } from './run.ts';

/** One row of four pixels, moved to the right by `by` pixels. */
const moved = async (by: number, fill_mode: string, interpolation = 'NEAREST'): Promise<readonly number[]> => {
  const view = graph(
    placeholder('x', [-1, 1, 4, 1]),
    floats('t', [1, 8], [1, 0, -by, 0, 1, 0, 0, 0]),
    constant('size', 'int32', [2], [1, 4]),
    constant('fill', 'float32', [], [9]),
    node('ImageProjectiveTransformV3', 'y', ['x', 't', 'size', 'fill'], {
      dtype: 'float32',
      interpolation: { text: interpolation },
      fill_mode: { text: fill_mode },
    }),
  );
  const [output] = await runGraph(view, { 'x:0': tensor('float32', [1, 1, 4, 1], [1, 2, 3, 4]) }, ['y']);
  return numbersOf(output);
};

describe('an image seen from elsewhere', () => {
  // tf.raw_ops.ImageProjectiveTransformV3 with the same arguments, TensorFlow 2.21.
  it.each([
    ['CONSTANT', [9, 9, 1, 2]],
    ['NEAREST', [1, 1, 1, 2]],
    ['REFLECT', [2, 1, 1, 2]],
    ['WRAP', [3, 4, 1, 2]],
  ])('goes on beyond its edge: %s', async (mode, wanted) => {
    expect(await moved(2, mode)).toEqual(wanted);
  });

  it('is mixed of the pixels around a place', async () => {
    expect(await moved(0.5, 'CONSTANT', 'BILINEAR')).toEqual([5, 1.5, 2.5, 3.5]);
  });
});
