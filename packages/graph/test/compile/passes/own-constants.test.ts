/** Each subgraph has small constants of its own, which the writer puts into it. */
import { describe, expect, it } from 'vitest';
import { ownConstants } from '../../../src/compile/passes/own-constants.ts';
import type { OnnxGraph, OnnxNode } from '../../../src/onnx-graph.ts';
import { OnnxModel } from '../../../src/proto/onnx.ts';
import { writeOnnx } from '../../../src/write/onnx.ts';
import { tensor } from '../../support/nodes.ts';
import { body, float, onnx, op, preserved, typed, wave } from './onnx.ts';

const X = float(-1, 3);

/** `k` is small, `large` is not; the branches use what they are told, and so does a node before them. */
function branched(outside: readonly string[], yes: readonly string[], no: readonly string[]): OnnxGraph {
  const graph = onnx({
    inputs: { x: X, c: typed('bool') },
    constants: { k: wave([3]), large: wave([100, 3]) },
    nodes: sum('x', outside, 'before'),
    outputs: { y: X },
  });
  const branch = (name: string, used: readonly string[]) => body(graph, {}, { [name]: X }, sum('before', used, name));
  const bodies = { then_branch: branch('t', yes), else_branch: branch('e', no) };
  graph.nodes.push({ ...op('If', ['c'], 'y'), bodies });
  return graph;
}

/** `from` with all that is used added to it, as `name`. */
function sum(from: string, used: readonly string[], name: string): readonly OnnxNode[] {
  const steps = used.map((value, i) => op('Add', [i === 0 ? from : `${name}${i}`, value], `${name}${i + 1}`));
  return [...steps, op('Neg', [used.length === 0 ? from : `${name}${used.length}`], name)];
}

/** Names of what the outermost graph holds, and each branch. */
function written(graph: OnnxGraph): readonly (readonly string[])[] {
  const model = OnnxModel.decode(writeOnnx(graph, () => undefined).model, 'model').graph;
  const branches = model?.node.find(({ op_type }) => op_type === 'If')?.attribute.map(({ g }) => g) ?? [];
  return [model, ...branches].map((each) => each?.initializer.map(({ name }) => name) ?? []);
}

describe('own-constants', () => {
  it.each([
    ['used by one branch alone: it moves there', [], ['k'], [], [[], ['k'], []]],
    ['used by both branches, in one of them twice', [], ['k'], ['k', 'k'], [[], ['k'], ['k/2']]],
    ['used before them too', ['k'], ['k'], [], [['k'], ['k/2'], []]],
  ])('a constant %s', async (_, outside, yes, no, held) => {
    const graph = branched(outside, yes, no);
    graph.constants.delete('large');
    const after = await preserved(graph, ownConstants, { x: wave([2, 3], 2), c: tensor('bool', [], [1]) });
    expect(written(after)).toEqual(held);
  });

  it('a constant that is large stays outside', () => {
    const graph = branched([], ['large'], ['large', 'k']);
    ownConstants(graph);
    expect(written(graph)).toEqual([['large'], [], ['k']]);
  });
});
