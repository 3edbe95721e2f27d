import { expect, test } from 'vitest';
import { subgraph } from '../../src/freeze/subgraph.ts';
import { constant, graph, node, placeholder } from '../support/nodes.ts';

const T = { T: 'float32' } as const;
const GRAPH = graph(
  placeholder('x', [4]),
  constant('axis', 'int32', [], [0]),
  node('Split', 'parts', ['axis', 'x'], { T: 'float32', num_split: 2 }),
  node('Relu', 'left', ['parts'], T),
  node('Add', 'sum', ['left:0', 'parts:1'], T),
  node('Neg', 'other', ['x'], T),
);
const shown = (feeds: readonly string[], fetches: readonly string[]) => {
  const cut = subgraph(GRAPH, feeds, fetches);
  return {
    nodes: cut.graph.nodes.map(({ name, op, input }) => [name, op, ...input].join(' ')),
    feeds: Object.fromEntries(cut.feeds),
  };
};

test('only what the fetches need is kept, and every fed tensor', () => {
  expect(shown(['x'], ['left'])).toEqual({
    nodes: ['x Placeholder', 'axis Const', 'parts Split axis x', 'left Relu parts'],
    feeds: { 'x:0': 'x' },
  });
  expect(shown(['x:0', 'left'], ['other:0']).nodes).toEqual(['x Placeholder', 'left Placeholder', 'other Neg x']);
});

test('a fed inner tensor is a placeholder of the same name, and what came before it is gone', () => {
  expect(shown(['left', 'parts:1'], ['sum'])).toEqual({
    nodes: ['parts_feed_1 Placeholder', 'left Placeholder', 'sum Add left:0 parts_feed_1'.replace('left:0', 'left')],
    feeds: { 'left:0': 'left', 'parts:1': 'parts_feed_1' },
  });
});

test('one output is fed while another is still computed', () => {
  expect(shown(['parts'], ['sum'])).toEqual({
    nodes: [
      'parts_feed_0 Placeholder',
      'x Placeholder',
      'axis Const',
      'parts Split axis x',
      'left Relu parts_feed_0',
      'sum Add left:0 parts:1',
    ],
    feeds: { 'parts:0': 'parts_feed_0' },
  });
});

test('all unknown names are in one error, with those that are near', () => {
  expect(() => subgraph(GRAPH, ['lefd'], ['summ:0', 'parts:2'])).toThrow(
    expect.objectContaining({
      code: 'INVALID_ARGUMENT',
      message:
        'lefd: there is no node lefd; near: left; summ:0: there is no node summ; near: sum; parts:2: node parts (Split) has 2 outputs',
    }),
  );
});
