import { describe, expect, it } from 'vitest';
import { compile } from '../../src/compile/index.ts';
import { type Graph, graphOf } from '../../src/graph.ts';
import { constant, node, placeholder, tensor } from '../support/nodes.ts';
import { numbersOf, opsOf, runCompiled } from './run.ts';

const F = { T: 'float32' } as const;
const SHAPE = [1, 4, 4, 2];
const twice = (values: readonly number[]): readonly number[] => values.flatMap((value) => [value, value]);

function padThenPool(padding: string): Graph {
  return graphOf([
    placeholder('x', [-1, 4, 4, 2]),
    constant('p', 'int32', [4, 2], [0, 0, 1, 1, 1, 1, 0, 0]),
    node('Pad', 'padded', ['x', 'p'], F),
    node('MaxPool', 'y', ['padded'], { ...F, ksize: [1, 3, 3, 1], strides: [1, 2, 2, 1], padding: { text: padding } }),
  ]);
}

/** The maximum over each 3x3 window, two apart, of the zero-padded 6x6 picture. */
function maxima(pixels: readonly number[], windows: number): readonly number[] {
  const at = (y: number, x: number): number => {
    if (y > 5 || x > 5) return Number.NEGATIVE_INFINITY;
    return y < 1 || x < 1 || y > 4 || x > 4 ? 0 : (pixels[(y - 1) * 4 + x - 1] ?? 0);
  };
  const starts = Array.from({ length: windows }, (_, i) => 2 * i);
  const offsets = [0, 1, 2];
  return starts.flatMap((y) =>
    starts.map((x) => Math.max(...offsets.flatMap((dy) => offsets.map((dx) => at(y + dy, x + dx))))),
  );
}

describe('a maximum over what was padded with zeros', () => {
  const pixels = Array.from({ length: 16 }, (_, i) => -1 - ((i * 7) % 11));

  it.each([
    ['VALID', 2, 1],
    ['SAME', 3, 2],
  ])('counts the zeros where all elements are negative, padding %s', async (padding, windows, pads) => {
    const compiled = compile(padThenPool(padding), [{ name: 'x:0', dtype: 'float32', shape: [-1, 4, 4, 2] }], ['y:0']);
    const [result] = await runCompiled(compiled, { 'x:0': tensor('float32', SHAPE, twice(pixels)) });
    expect(numbersOf(result)).toEqual(twice(maxima(pixels, windows)));
    expect(opsOf(compiled).filter((op) => op === 'Pad')).toHaveLength(pads);
  });
});
