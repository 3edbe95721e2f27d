/** Transpositions go down the graph until they cancel or have to be made. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { removeDead } from '../../../src/compile/passes/dead.ts';
import { pushTransposes } from '../../../src/compile/passes/layout.ts';
import type { OnnxGraph, OnnxNode } from '../../../src/onnx-graph.ts';
import { tensor } from '../../support/nodes.ts';
import { body, float, onnx, op, opsIn, preserved, type Sketch, typed, wave } from './onnx.ts';
import { randomTurning } from './turning.ts';

const pass = (graph: OnnxGraph): void => {
  pushTransposes(graph);
  removeDead(graph);
};

const LAST = float(-1, 4, 5, 3);
const FIRST = float(-1, 3, 4, 5);
const toFirst = (from: string, to: string): OnnxNode => op('Transpose', [from], to, { perm: [0, 3, 1, 2] });
const toLast = (from: string, to: string): OnnxNode => op('Transpose', [from], to, { perm: [0, 2, 3, 1] });
const fed = { x: wave([2, 4, 5, 3]), z: wave([2, 4, 5, 3], 2) };
const ints = (...list: readonly number[]) => tensor('int64', [list.length], list);

/** The ops but Identity, which gives an output its name and which the engine removes. */
const computing = (graph: OnnxGraph): readonly string[] => opsIn(graph).filter((name) => name !== 'Identity');

/** `nodes` make `m` of `l`, which is x with its channels first; the result has them last again. */
function between(nodes: readonly OnnxNode[], constants: Sketch['constants'] = {}, y = LAST): OnnxGraph {
  return onnx({
    inputs: { x: LAST, z: LAST },
    constants: { k: wave([3, 1, 1], 3), ...constants },
    nodes: [toFirst('x', 'l'), ...nodes],
    types: { l: FIRST, a: FIRST },
    outputs: { y },
  });
}

describe('push-transposes', () => {
  it.each<[string, readonly OnnxNode[], readonly string[]]>([
    ['nothing', [toLast('l', 'y')], []],
    ['a function', [op('Tanh', ['l'], 'm'), toLast('m', 'y')], ['Tanh']],
    ['a constant', [op('Mul', ['l', 'k'], 'm'), toLast('m', 'y')], ['Mul']],
    ['a value of the same layout', [toFirst('z', 'b'), op('Add', ['b', 'l'], 'm'), toLast('m', 'y')], ['Add']],
    ['a softmax', [op('Softmax', ['l'], 'm', { axis: 1 }), toLast('m', 'y')], ['Softmax']],
    ['a softmax over the last dimension unsaid', [op('Softmax', ['l'], 'm'), toLast('m', 'y')], ['Softmax']],
    ['two users', [op('Abs', ['l'], 'a'), op('Add', ['l', 'a'], 'm'), toLast('m', 'y')], ['Abs', 'Add']],
  ])('cancels around %s', async (_, nodes, ops) => {
    expect(computing(await preserved(between(nodes), pass, fed))).toEqual(ops);
  });

  it.each<[string, readonly OnnxNode[], Sketch['constants'], readonly number[], readonly string[]]>([
    [
      'drops the dimensions that move',
      [op('ReduceMean', ['l', 'hw'], 'y', { keepdims: 0 })],
      { hw: ints(2, 3) },
      [-1, 3],
      ['ReduceMean'],
    ],
    [
      'keeps them as ones, which need no transposition',
      [op('ReduceMax', ['l', 'hw'], 'y', { keepdims: 1 })],
      { hw: ints(-1, -2) },
      [-1, 3, 1, 1],
      ['ReduceMax', 'Reshape'],
    ],
  ])('reduces in any layout and %s', async (_, nodes, constants, shape, ops) => {
    expect(computing(await preserved(between(nodes, constants, float(...shape)), pass, fed))).toEqual(ops);
  });

  it('follows axes that are an attribute', async () => {
    const nodes = [op('ReduceMean', ['l'], 'm', { axes: [1], keepdims: 1 }), toLast('m', 'y')];
    const graph = { ...between(nodes, {}, float(-1, 4, 5, 1)), opset: 13 };
    expect(computing(await preserved(graph, pass, fed))).toEqual(['ReduceMean']);
  });

  it('makes one transposition for all who need it', async () => {
    const graph = onnx({
      inputs: { x: LAST },
      constants: { axis: tensor('int64', [], [1]) },
      nodes: [toFirst('x', 'l'), toFirst('x', 'm'), op('CumSum', ['l', 'axis'], 'a'), op('CumSum', ['m', 'axis'], 'y')],
      types: { l: FIRST, m: FIRST },
      outputs: { a: FIRST, y: FIRST },
    });
    expect(computing(await preserved(graph, pass, { x: fed.x }))).toEqual(['Transpose', 'CumSum', 'CumSum']);
  });

  it('gives an output its own layout and others what they want', async () => {
    const graph = between([op('Tanh', ['l'], 'a'), toLast('a', 'y')]);
    const both: OnnxGraph = { ...graph, outputs: [...graph.outputs, { name: 'a', ...FIRST }] };
    expect(computing(await preserved(both, pass, fed))).toEqual(['Tanh', 'Transpose']);
  });

  const rank = onnx({
    inputs: { x: LAST, z: { dtype: 'float32', shape: null } },
    nodes: [toFirst('x', 'l'), op('Add', ['l', 'z'], 'm'), toLast('m', 'y')],
    types: { l: FIRST },
    outputs: { y: LAST },
  });
  const fedAxes = onnx({
    inputs: { x: LAST, axes: typed('int64', 1) },
    nodes: [toFirst('x', 'l'), op('ReduceSum', ['l', 'axes'], 'y', { keepdims: 0 })],
    types: { l: FIRST },
    outputs: { y: float(-1, 4, 5) },
  });
  const fedPads = onnx({
    inputs: { x: LAST, pads: typed('int64', 8) },
    nodes: [toFirst('x', 'l'), op('Pad', ['l', 'pads'], 'm'), toLast('m', 'y')],
    types: { l: FIRST },
    outputs: { y: float(-1, -1, -1, -1) },
  });
  it.each([
    ['a value of unknown rank', rank, { x: fed.x, z: wave([1, 3, 1, 1]) }, ['Transpose', 'Add', 'Transpose']],
    ['axes that are fed', fedAxes, { x: fed.x, axes: ints(1) }, ['Transpose', 'ReduceSum']],
    [
      'paddings that are fed',
      fedPads,
      { x: fed.x, pads: ints(0, 1, 0, 2, 0, 0, 1, 0) },
      ['Transpose', 'Pad', 'Transpose'],
    ],
    [
      'elements that are read in order',
      between([op('Reshape', ['l', 'flat'], 'y')], { flat: ints(-1, 60) }, float(-1, 60)),
      fed,
      ['Transpose', 'Reshape'],
    ],
  ])('stops before %s', async (_, graph, feeds, ops) => {
    expect(computing(await preserved(graph, pass, feeds))).toEqual(ops);
  });

  it('reads an image of one pixel in any order', async () => {
    const graph = onnx({
      inputs: { x: float(-1, 3, 1, 1) },
      constants: { flat: ints(-1, 3) },
      nodes: [toLast('x', 'l'), op('Reshape', ['l', 'flat'], 'y')],
      outputs: { y: float(-1, 3) },
    });
    expect(computing(await preserved(graph, pass, { x: wave([2, 3, 1, 1]) }))).toEqual(['Reshape']);
  });

  it('brings in their own layout what branches use, and goes through those by themselves', async () => {
    const graph = onnx({
      inputs: { x: LAST, c: typed('bool') },
      nodes: [toFirst('x', 'l')],
      types: { l: FIRST },
      outputs: { y: FIRST },
    });
    const branch = (name: string, ...nodes: readonly OnnxNode[]): OnnxGraph =>
      body(graph, {}, { [name]: FIRST }, nodes);
    const turns = [toLast('l', 'e1'), op('Neg', ['e1'], 'e2'), toFirst('e2', 'e')];
    const bodies = { then_branch: branch('t', op('Tanh', ['l'], 't')), else_branch: branch('e', ...turns) };
    graph.nodes.push({ ...op('If', ['c'], 'y'), bodies });
    const everywhere = (each: OnnxGraph): void => {
      pass(each);
      for (const inner of Object.values(each.nodes.at(-1)?.bodies ?? {})) pushTransposes(inner);
    };
    const after = await preserved(graph, everywhere, { x: fed.x, c: tensor('bool', [], [0]) });
    expect(computing(after)).toEqual(['Transpose', 'If', 'Tanh', 'Neg']);
  });
});

it('push-transposes keeps the answers of random graphs, of no rows too', async () => {
  const property = fc.asyncProperty(randomTurning, async ({ graph, feeds }) => {
    await preserved(graph, pass, feeds, 1e-4);
  });
  await fc.assert(property, { numRuns: 300 });
});
