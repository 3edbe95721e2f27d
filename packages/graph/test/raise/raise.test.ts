/** Graphs of TensorFlow 1 control flow that TensorFlow wrote (conformance/raise/programs.py), with its answers. */
import { describe, expect, it } from 'vitest';
import { compile } from '../../src/compile/index.ts';
import { FloeError } from '../../src/errors.ts';
import { type Graph, graphFromDef, graphOf, tensorName } from '../../src/graph.ts';
import { raiseControlFlow } from '../../src/raise/index.ts';
import { runCompiled } from '../compile/run.ts';
import { expectClose, goldenCases, graphOfCase, specsOf, tensorOf } from '../support/golden.ts';
import { floats, ints, node, placeholder } from '../support/nodes.ts';

const cases = goldenCases('raise/programs.json').map((each) => [each.op, each] as const);
const OLD = /^((Ref)?(Switch|Merge|Enter|Exit|NextIteration)|LoopCond|TensorArray.*)$/;

function opsIn({ nodes, functions }: Graph): readonly string[] {
  return [...nodes, ...[...functions.values()].flatMap(({ node_def }) => node_def)].map(({ op }) => op);
}

describe('control flow of TensorFlow 1', () => {
  it.each(cases)('is gone from %s', (_, each) => {
    const keep = new Set(each.fetches.map(({ name }) => tensorName(name)));
    const ops = opsIn(raiseControlFlow(graphFromDef(graphOfCase(each)), keep));
    expect(ops.filter((op) => OLD.test(op))).toEqual([]);
  });

  it.each(cases)('gives the answers of TensorFlow: %s', async (_, each) => {
    const { feeds, fetches } = each;
    const names = fetches.map(({ name }) => name);
    const compiled = compile(graphFromDef(graphOfCase(each)), specsOf(each), names);
    const outputs = await runCompiled(compiled, Object.fromEntries(feeds.map((feed) => [feed.name, tensorOf(feed)])));
    for (const [i, fetch] of fetches.entries()) expectClose(outputs[i], tensorOf(fetch));
  });

  it('leaves a graph without it as it is', () => {
    const plain = graphOf([placeholder('x', [-1]), node('Neg', 'y', ['x'], { T: 'float32' })]);
    expect(raiseControlFlow(plain, new Set(['y:0']))).toBe(plain);
  });

  it('makes one If of what one condition decides', () => {
    const [, each] = cases.find(([name]) => name === 'sharing_branches') ?? [];
    const graph = raiseControlFlow(
      graphFromDef(graphOfCase(each as (typeof cases)[0][1])),
      new Set(each?.fetches.map(({ name }) => tensorName(name))),
    );
    expect(graph.nodes.filter(({ op }) => op === 'StatelessIf').length).toBe(1);
  });
});

describe('malformed control flow of TensorFlow 1', () => {
  const frame = { T: 'float32', frame_name: { text: 'f' } } as const;
  const T = { T: 'float32' } as const;
  const x = placeholder('x', [-1]);
  const variable = [
    node('Enter', 'enter', ['x'], frame),
    node('Merge', 'merge', ['enter', 'next'], T),
    node('NextIteration', 'next', ['turned'], T),
  ];

  it.each([
    ['an Exit outside of loops', [x, node('Exit', 'y', ['x'], T)], /part of no loop or branch/],
    [
      'a loop without a condition',
      [x, ...variable, node('Neg', 'turned', ['merge'], T), node('Exit', 'y', ['merge'], T)],
      /has no condition/,
    ],
    [
      'what leaves a loop and is no variable of it',
      [
        x,
        ...variable,
        floats('limit', [], [3]),
        node('Less', 'less', ['merge', 'limit'], T),
        node('LoopCond', 'goes_on', ['less']),
        node('Switch', 's', ['merge', 'goes_on'], T),
        node('Neg', 'turned', ['s:1'], T),
        node('Exit', 'y', ['turned'], T),
      ],
      /no variable of it/,
    ],
    [
      'a branch without an end',
      [
        x,
        ints('zero', 0),
        placeholder('c', [], 'bool'),
        node('Switch', 's', ['x', 'c'], T),
        node('Neg', 'y', ['s:1'], T),
      ],
      /part of no loop or branch/,
    ],
    [
      'a stack of training',
      [x, ints('n', 3), node('StackV2', 's', ['n']), node('StackPopV2', 'y', ['s'], { elem_type: 'float32' })],
      /serves training/,
    ],
  ] as const)('says what is wrong with %s', (_, nodes, message) => {
    const compiling = () =>
      compile(
        graphOf(nodes),
        [
          { name: 'x', dtype: 'float32', shape: [-1] },
          ...(nodes.some(({ name }) => name === 'c') ? [{ name: 'c', dtype: 'bool' as const, shape: [] }] : []),
        ],
        ['y'],
      );
    expect(compiling).toThrow(FloeError);
    expect(compiling).toThrow(message);
  });
});
