/** Equations that are matrix products become products. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { multiplyEquations } from '../../../src/compile/passes/einsum.ts';
import { guardProducts } from '../../../src/compile/passes/guard-products.ts';
import type { OnnxGraph } from '../../../src/onnx-graph.ts';
import { answers, float, onnx, op, opsIn, preserved, type Tensors, wave } from './onnx.ts';

const SIZES: Readonly<Record<string, number>> = { a: 2, b: 3, c: 4, d: 2, e: 3, f: 5 };

const shapeOf = (term: string, sizes = SIZES): readonly number[] => [...term].map((label) => sizes[label] ?? 1);

interface Equation {
  readonly graph: OnnxGraph;
  readonly feeds: Tensors;
}

/** The equation on `x` and `w`, of which the second is a constant or fed. */
function equation(text: string, constant: boolean, sizes = SIZES): Equation {
  const [left = '', right = '', output = ''] = text.split(/,|->/);
  const free = (term: string) => float(...[...term].map(() => -1));
  const [x, w] = [wave(shapeOf(left, sizes)), wave(shapeOf(right, sizes), 2)];
  const graph = onnx({
    inputs: { x: free(left), ...(constant ? {} : { w: free(right) }) },
    constants: constant ? { w } : {},
    nodes: [op('Einsum', ['x', 'w'], 'y', { equation: text })],
    outputs: { y: free(output) },
  });
  return { graph, feeds: constant ? { x } : { x, w } };
}

describe('multiply-equations', () => {
  it.each([
    ['abc,cde->abde', ['MatMul', 'Reshape']],
    ['abcd,cde->abe', ['Reshape', 'MatMul']],
    ['abc,ce->abe', ['MatMul']],
    ['abc,ec->abe', ['MatMul']],
    ['abcd,dce->abe', ['Reshape', 'MatMul']],
    ['acb,cde->abde', ['Transpose', 'MatMul', 'Reshape']],
    ['abc,cde->adbe', ['MatMul', 'Reshape', 'Transpose']],
    ['c,cde->de', ['MatMul', 'Reshape']],
    ['cd,cde->e', ['Reshape', 'MatMul']],
  ])('multiplies by weights: %s', async (text, ops) => {
    const { graph, feeds } = equation(text, true);
    expect(opsIn(await preserved(graph, multiplyEquations, feeds))).toEqual(ops);
  });

  it.each([
    ['ac,ce->ae', ['MatMul']],
    ['abce,abef->abcf', ['MatMul']],
    ['abce,adce->acbd', ['Transpose', 'Transpose', 'MatMul']],
    ['acbd,adce->abce', ['Transpose', 'MatMul', 'Transpose']],
  ])('multiplies rows by rows: %s', async (text, ops) => {
    const { graph, feeds } = equation(text, false);
    expect(opsIn(await preserved(graph, multiplyEquations, feeds))).toEqual(ops);
  });

  it.each([
    ['nothing summed', 'ab,cd->abcd'],
    ['elements multiplied', 'ab,ab->ab'],
    ['two dimensions summed', 'abc,bcd->ad'],
    ['a dimension summed by itself', 'abf,bc->a'],
    ['several columns', 'ab,bcd->acd'],
    ['no rows', 'ab,abc->ac'],
    ['a number', 'ab,->ba'],
  ])('joins and splits dimensions for %s: %s', async (_, text) => {
    for (const constant of [true, false]) {
      const { graph, feeds } = equation(text, constant);
      const ops = opsIn(await preserved(graph, multiplyEquations, feeds));
      expect(ops).toContain('MatMul');
      expect(ops).not.toContain('Einsum');
    }
  });

  it('counts the dimensions of an ellipsis in one input', async () => {
    const graph = onnx({
      inputs: { x: float(-1, -1, 4) },
      constants: { w: wave([4, 5], 2) },
      nodes: [op('Einsum', ['x', 'w'], 'y', { equation: '...c, cf -> ...f' })],
      outputs: { y: float(-1, -1, 5) },
    });
    expect(opsIn(await preserved(graph, multiplyEquations, { x: wave([2, 3, 4]) }))).toEqual(['MatMul']);
  });

  it.each([
    ['a diagonal', 'ii,ij->j'],
    ['an ellipsis in both inputs', '...a,...b->...ab'],
    ['an output that is not said', 'ab,bc'],
    ['one input', 'ab->ba'],
  ])('leaves %s alone: %s', (_, text) => {
    const graph = onnx({
      inputs: { x: float(2, 2), w: float(2, 2) },
      nodes: [op('Einsum', text.includes(',') ? ['x', 'w'] : ['x'], 'y', { equation: text })],
      outputs: { y: float(2, 2) },
    });
    multiplyEquations(graph);
    expect(opsIn(graph)).toEqual(['Einsum']);
  });

  it('multiplies batches of none, for which the engine ends the process in an Einsum', async () => {
    const { graph, feeds } = equation('abce,adce->acbd', false, { ...SIZES, a: 0 });
    multiplyEquations(graph);
    guardProducts(graph);
    const [result] = await answers(graph, feeds, 'all');
    expect(result?.shape).toEqual([0, 4, 3, 2]);
  });
});

const shuffled = (labels: string) =>
  fc.shuffledSubarray([...labels], { minLength: labels.length }).map((list) => list.join(''));
const random = fc
  .record({
    batch: fc.constantFrom('', 'a', 'ab'),
    summed: fc.constantFrom('', 'c', 'cd'),
    rows: fc.constantFrom('', 'e', 'ef'),
    columns: fc.constantFrom('', 'g', 'gh'),
  })
  .chain(({ batch, summed, rows, columns }) =>
    fc.tuple(shuffled(batch + rows + summed), shuffled(batch + summed + columns), shuffled(batch + rows + columns)),
  )
  .filter(([left]) => left !== '');

it('multiply-equations keeps the answers of random equations', async () => {
  const size = fc.integer({ min: 1, max: 3 });
  const sizes = fc.record({ a: size, b: size, c: size, d: size, e: size, f: size, g: size, h: size });
  const property = fc.asyncProperty(random, sizes, fc.boolean(), async ([left, right, output], chosen, constant) => {
    // A larger constant would lie outside the model.
    const small = shapeOf(right, chosen).reduce((product, dim) => product * dim, 1) < 256;
    const { graph, feeds } = equation(`${left},${right}->${output}`, constant && small, chosen);
    await preserved(graph, multiplyEquations, feeds);
  });
  await fc.assert(property, { numRuns: 150 });
});

it('multiply-equations answers with the right sizes where there are none', async () => {
  const size = fc.nat(2);
  const all = fc.record({ a: size, b: size, c: size, d: size, e: size, f: size, g: size, h: size });
  // Rows of none by none are too much for the engine's FusedMatMul, which says that it cannot broadcast them.
  const sizes = all.filter(({ e, f, g, h }) => e + f > 0 && g + h > 0);
  const property = fc.asyncProperty(random, sizes, fc.boolean(), async ([left, right, output], chosen, constant) => {
    const { graph, feeds } = equation(`${left},${right}->${output}`, constant, chosen);
    multiplyEquations(graph);
    guardProducts(graph);
    const [result] = await answers(graph, feeds, 'all');
    expect(result?.shape).toEqual(shapeOf(output, chosen));
  });
  await fc.assert(property, { numRuns: 150 });
});
