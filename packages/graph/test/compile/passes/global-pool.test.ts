/** The mean over an image becomes GlobalAveragePool. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { poolGlobally } from '../../../src/compile/passes/global-pool.ts';
import type { OnnxGraph, OnnxNode, ValueType } from '../../../src/onnx-graph.ts';
import { tensor } from '../../support/nodes.ts';
import { answers, float, onnx, op, opsIn, preserved, typed, wave } from './onnx.ts';

const IMAGE = float(-1, 3, 4, 5);

function mean(attrs: OnnxNode['attrs'], x: ValueType, y: ValueType, axes?: readonly number[]): OnnxGraph {
  const constants = axes === undefined ? {} : { axes: tensor('int64', [axes.length], axes) };
  const nodes = [op('ReduceMean', axes === undefined ? ['x'] : ['x', 'axes'], 'y', attrs)];
  return onnx({ inputs: { x }, constants, nodes, outputs: { y }, opset: axes === undefined ? 13 : 18 });
}

describe('pool-globally', () => {
  it.each([
    ['keeping them', mean({}, IMAGE, float(-1, 3, 1, 1), [2, 3]), ['GlobalAveragePool']],
    ['in the other order', mean({ keepdims: 1 }, IMAGE, float(-1, 3, 1, 1), [3, 2]), ['GlobalAveragePool']],
    ['dropping them', mean({ keepdims: 0 }, IMAGE, float(-1, 3), [2, 3]), ['GlobalAveragePool', 'Squeeze']],
    ['as an attribute', mean({ axes: [2, 3], keepdims: 0 }, IMAGE, float(-1, 3)), ['GlobalAveragePool', 'Squeeze']],
  ])('pools over the last two dimensions, %s', async (_, graph, ops) => {
    expect(opsIn(await preserved(graph, poolGlobally, { x: wave([2, 3, 4, 5]) }))).toEqual(ops);
  });

  const last = float(-1, 3, 1, 1);
  it.each([
    ['other axes', mean({}, IMAGE, float(-1, 1, 1, 5), [1, 2])],
    ['one axis twice over', mean({}, IMAGE, float(-1, 3, 4, 1), [3])],
    ['all axes', mean({ keepdims: 0 }, IMAGE, float())],
    ['three dimensions of an image', mean({}, IMAGE, float(-1, 1, 1, 1), [1, 2, 3])],
  ])('leaves %s alone', async (_, graph) => {
    expect(opsIn(await preserved(graph, poolGlobally, { x: wave([2, 3, 4, 5]) }))).toEqual(['ReduceMean']);
  });

  it('leaves integers alone, which have another mean', async () => {
    const graph = mean({}, typed('int32', -1, 3, 2, 2), typed('int32', -1, 3, 1, 1), [2, 3]);
    const x = tensor('int32', [1, 3, 2, 2], [1, 2, 3, 4, -5, 6, 7, 8, 9, 10, 11, 12]);
    expect(opsIn(await preserved(graph, poolGlobally, { x }))).toEqual(['ReduceMean']);
  });

  it('leaves other ranks alone', async () => {
    const graph = mean({}, float(-1, 3, 2, 2, 2), float(-1, 3, 1, 1, 2), [2, 3]);
    expect(opsIn(await preserved(graph, poolGlobally, { x: wave([1, 3, 2, 2, 2]) }))).toEqual(['ReduceMean']);
  });

  it('leaves axes alone that are known only at run time', async () => {
    const graph = onnx({
      inputs: { x: IMAGE, axes: typed('int64', 2) },
      nodes: [op('ReduceMean', ['x', 'axes'], 'y')],
      outputs: { y: last },
    });
    const feeds = { x: wave([2, 3, 4, 5]), axes: tensor('int64', [2], [2, 3]) };
    expect(opsIn(await preserved(graph, poolGlobally, feeds))).toEqual(['ReduceMean']);
  });

  it('leaves an image alone that has no elements', async () => {
    const graph = mean({}, float(-1, 3, 0, 5), last, [2, 3]);
    expect(opsIn(await preserved(graph, poolGlobally, { x: wave([2, 3, 0, 5]) }))).toEqual(['ReduceMean']);
  });
});

it('has the engine refuse an image that turns out to be empty', async () => {
  const graph = mean({}, float(-1, 3, -1, -1), float(-1, 3, 1, 1), [2, 3]);
  poolGlobally(graph);
  await expect(answers(graph, { x: wave([2, 3, 0, 5]) }, 'all')).rejects.toThrow('Only N can be zero');
});

const size = fc.integer({ min: 1, max: 6 });
const random = fc.record({
  shape: fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 9 }), size, size),
  known: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
  keepdims: fc.constantFrom(0, 1),
});

it('pool-globally keeps the answers for images of all sizes and of no rows', async () => {
  const property = fc.asyncProperty(random, async ({ shape, known, keepdims }) => {
    const [, channels, height, width] = shape;
    const dims = [known[0] ? channels : -1, known[1] ? height : -1, known[2] ? width : -1];
    const result = keepdims === 1 ? float(-1, dims[0] ?? -1, 1, 1) : float(-1, dims[0] ?? -1);
    await preserved(mean({ keepdims }, float(-1, ...dims), result, [2, 3]), poolGlobally, { x: wave(shape) });
  });
  await fc.assert(property, { numRuns: 60 });
});
