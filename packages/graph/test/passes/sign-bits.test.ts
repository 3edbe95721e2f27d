import { describe, expect, it } from 'vitest';
import { runGraph } from '../compile/run.ts';
import { constant, graph, node, placeholder, tensor } from '../support/nodes.ts';

const bits = (mask: number) =>
  graph(
    placeholder('x', [-1]),
    node('Bitcast', 'bits', ['x'], { T: 'float32', type: 'int32' }),
    constant('mask', 'int32', [], [mask]),
    node('BitwiseAnd', 'y', ['bits', 'mask'], { T: 'int32' }),
    node('Identity', 'z', ['y'], { T: 'int32' }),
  );
const run = (mask: number) => {
  const x = tensor('float32', [6], [0, -0, 1, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  return runGraph(bits(mask), { 'x:0': x }, ['z']);
};

describe('the sign among the bits of a float', () => {
  it('is found, that of zero too', async () => {
    const sign = -(2 ** 31);
    expect(await run(sign)).toEqual([tensor('int32', [6], [0, sign, 0, sign, 0, sign])]);
  });

  it('is the only bit that can be told', async () => {
    await expect((async () => run(1))()).rejects.toThrow(/bits of float32 as int32/);
  });
});
