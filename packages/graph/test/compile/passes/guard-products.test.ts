/** Products of batches that may be empty, behind transpositions that the engine would take into them. */
import { describe, expect, it } from 'vitest';
import { guardProducts } from '../../../src/compile/passes/guard-products.ts';
import type { OnnxGraph } from '../../../src/onnx-graph.ts';
import { answers, float, onnx, op, opsIn, preserved, wave } from './onnx.ts';

/** x is turned by `perm` and multiplied by w, a matrix for each of the first dimension. */
function product(perm: readonly number[]): OnnxGraph {
  const turned = perm.map((axis) => (axis === 2 ? 2 : -1));
  return onnx({
    inputs: { x: float(-1, -1, 2), w: float(-1, -1, -1) },
    types: { turned: float(...turned) },
    nodes: [op('Transpose', ['x'], 'turned', { perm }), op('MatMul', ['turned', 'w'], 'y')],
    outputs: { y: float(-1, -1, -1) },
  });
}

describe('guard-products', () => {
  it('multiplies batches of none, for which the engine ends the process', async () => {
    const graph = product([1, 0, 2]);
    guardProducts(graph);
    const [result] = await answers(graph, { x: wave([3, 0, 2]), w: wave([0, 2, 4]) }, 'all');
    expect(result?.shape).toEqual([0, 3, 4]);
  });

  it('multiplies no rows by one matrix, which the engine refuses', async () => {
    const graph = onnx({
      inputs: { x: float(-1, 2, 3) },
      constants: { w: wave([2, 4]) },
      types: { turned: float(-1, 3, 2) },
      nodes: [op('Transpose', ['x'], 'turned', { perm: [0, 2, 1] }), op('MatMul', ['turned', 'w'], 'y')],
      outputs: { y: float(-1, 3, 4) },
    });
    guardProducts(graph);
    const [result] = await answers(graph, { x: wave([0, 2, 3]) }, 'all');
    expect(result?.shape).toEqual([0, 3, 4]);
  });

  it('keeps the answers of others', async () => {
    const graph = product([1, 0, 2]);
    expect(opsIn(await preserved(graph, guardProducts, { x: wave([3, 2, 2]), w: wave([2, 2, 4], 2) }))).toContain(
      'Expand',
    );
  });

  it.each([
    ['the first dimension stays', product([0, 2, 1])],
    [
      'it is multiplied by one matrix and its last dimension stays',
      onnx({
        inputs: { x: float(-1, -1, 2) },
        constants: { w: wave([2, 4]) },
        types: { turned: float(-1, -1, 2) },
        nodes: [op('Transpose', ['x'], 'turned', { perm: [1, 0, 2] }), op('MatMul', ['turned', 'w'], 'y')],
        outputs: { y: float(-1, -1, 4) },
      }),
    ],
  ])('leaves a product alone where %s', (_, graph) => {
    guardProducts(graph);
    expect(opsIn(graph)).toEqual(['Transpose', 'MatMul']);
  });
});
