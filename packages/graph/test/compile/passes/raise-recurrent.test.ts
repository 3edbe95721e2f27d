/** Loops that spell out a recurrent layer become one op; where that must not run, and for all other loops, the loop stays. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hoistFromLoops } from '../../../src/compile/passes/hoist.ts';
import { raiseRecurrent } from '../../../src/compile/passes/raise-recurrent.ts';
import { sinkIntoBranches } from '../../../src/compile/passes/sink-into-branches.ts';
import { graphsIn, type OnnxGraph, type OnnxNode, type Value } from '../../../src/onnx-graph.ts';
import type { Tensor } from '../../../src/tensor.ts';
import { tensor } from '../../support/nodes.ts';
import { body, float, onnx, op, opsIn, preserved, type Tensors, typed, wave } from './onnx.ts';

const WIDTH = 2;
const HIDDEN = 3;
const STATE = float(-1, HIDDEN);

/** What a turn does: nodes that make `h1` (and `c1`) of the row `x` and the states `h` (and `c`). */
interface Step {
  readonly nodes: readonly OnnxNode[];
  readonly constants: Tensors;
  /** Columns of what is multiplied, by name. */
  readonly wide?: Readonly<Record<Value, number>>;
}

const part = (from: Value, at: number, to: Value): OnnxNode =>
  op('Slice', [from, `${at * HIDDEN}`, `${(at + 1) * HIDDEN}`, 'columns'], to);

/** x W + h R + b in `gates` parts of one matrix, called `g0`, `g1`... */
function gatesOf(count: number, joined: boolean): Step {
  const wide = count * HIDDEN;
  const names = Array.from({ length: count }, (_, i) => `g${i}`);
  const split = op('Split', ['sum', 'sizes'], names, { axis: 1 });
  const constants = {
    w: wave([WIDTH, wide], 2),
    r: wave([HIDDEN, wide], 3),
    k: wave([WIDTH + HIDDEN, wide], 4),
    b: wave([wide], 5),
    sizes: tensor('int64', [count], new Array<number>(count).fill(HIDDEN)),
  };
  const columns = { sum: wide, joined: WIDTH + HIDDEN };
  if (joined) {
    const nodes = [op('Concat', ['x', 'h'], 'joined', { axis: 1 }), op('Gemm', ['joined', 'k', 'b'], 'sum'), split];
    return { nodes, constants, wide: columns };
  }
  const nodes = [
    op('MatMul', ['x', 'w'], 'fromX'),
    op('MatMul', ['h', 'r'], 'fromH'),
    op('Add', ['fromX', 'fromH'], 'both'),
    op('Add', ['both', 'b'], 'sum'),
    split,
  ];
  return { nodes, constants, wide: columns };
}

function lstm(joined: boolean, forget = 'g1'): Step {
  const { nodes, ...rest } = gatesOf(4, joined);
  const cell = [
    op('Sigmoid', ['g0'], 'i'),
    op('Add', [forget, 'half'], 'g1+'),
    op('Sigmoid', ['g1+'], 'f'),
    op('Tanh', ['g2'], 'n'),
    op('Sigmoid', ['g3'], 'o'),
    op('Mul', ['c', 'f'], 'kept'),
    op('Mul', ['i', 'n'], 'new'),
    op('Add', ['new', 'kept'], 'c1'),
    op('Tanh', ['c1'], 'squashed'),
    op('Mul', ['squashed', 'o'], 'h1'),
  ];
  return { nodes: [...nodes, ...cell], ...rest };
}

/** The way Keras resets: after the product with the state, which has a bias of its own. */
function gruAfter(): Step {
  const wide = 3 * HIDDEN;
  const nodes = [
    op('Gemm', ['x', 'w', 'b'], 'fromX'),
    op('Gemm', ['h', 'r', 'd'], 'fromH'),
    op('Split', ['fromX', 'sizes'], ['xz', 'xr', 'xn'], { axis: -1 }),
    ...['hz', 'hr', 'hn'].map((name, i) => part('fromH', i, name)),
    op('Add', ['hz', 'xz'], 'az'),
    op('Add', ['xr', 'hr'], 'ar'),
    op('Sigmoid', ['az'], 'z'),
    op('Sigmoid', ['ar'], 'reset'),
    op('Mul', ['reset', 'hn'], 'old'),
    op('Add', ['xn', 'old'], 'an'),
    op('Tanh', ['an'], 'n'),
    ...mixed,
  ];
  const constants = {
    w: wave([WIDTH, wide], 6),
    r: wave([HIDDEN, wide], 7),
    b: wave([wide], 8),
    d: wave([1, wide], 9),
  };
  return { nodes, constants, wide: { fromX: wide, fromH: wide } };
}

const mixed = [
  op('Sub', ['one', 'z'], 'rest'),
  op('Mul', ['z', 'h'], 'kept'),
  op('Mul', ['rest', 'n'], 'new'),
  op('Add', ['kept', 'new'], 'h1'),
];

/** The way of TensorFlow 1: both gates are functions of one sum, and the state is reset before it is multiplied. */
function gruBefore(): Step {
  const nodes = [
    op('Concat', ['x', 'h'], 'joined', { axis: 1 }),
    op('Gemm', ['joined', 'k', 'b'], 'sum'),
    op('Sigmoid', ['sum'], 'gates'),
    op('Split', ['gates', 'halves'], ['reset', 'z'], { axis: 1 }),
    op('Mul', ['reset', 'h'], 'old'),
    op('Concat', ['x', 'old'], 'rejoined', { axis: 1 }),
    op('Gemm', ['rejoined', 'kn', 'bn'], 'an'),
    op('Tanh', ['an'], 'n'),
    ...mixed,
  ];
  const constants = {
    k: wave([WIDTH + HIDDEN, 2 * HIDDEN], 6),
    b: wave([2 * HIDDEN], 7),
    kn: wave([WIDTH + HIDDEN, HIDDEN], 8),
    bn: wave([HIDDEN], 9),
    halves: tensor('int64', [2], [HIDDEN, HIDDEN]),
  };
  return { nodes, constants, wide: { sum: 2 * HIDDEN, gates: 2 * HIDDEN, old: HIDDEN } };
}

function rnn(activation = 'Tanh'): Step {
  const { nodes, ...rest } = gatesOf(1, false);
  return { nodes: [...nodes.slice(0, -1), op(activation, ['sum'], 'h1')], ...rest };
}

interface Around {
  /** Starts from zeros of the rows' batch, and turns as often as there are rows. */
  readonly proven?: boolean;
  /** A third state, of a single item. */
  readonly listed?: boolean;
}

/** A loop over the steps of `seq` [batch, steps, width]. */
function loop({ nodes, constants, wide = {} }: Step, { proven = true, listed = false }: Around = {}): OnnxGraph {
  const hasCarry = nodes.some(({ outputs }) => outputs.includes('c1'));
  const numbered = Object.fromEntries([0, 3, 6, 9].map((at) => [`${at}`, tensor('int64', [1], [at])]));
  const graph = onnx({
    inputs: { seq: float(-1, -1, WIDTH), turns: typed('int64'), h0: STATE, c0: STATE, l0: float(1, -1, HIDDEN) },
    constants: {
      ...numbered,
      ...constants,
      always: tensor('bool', [], [1]),
      one: tensor('float32', [], [1]),
      half: tensor('float32', [], [0.5]),
      zero: tensor('float32', [], [0]),
      first: tensor('int64', [], [0]),
      second: tensor('int64', [], [1]),
      front: tensor('int64', [1], [0]),
      columns: tensor('int64', [1], [1]),
      hidden: tensor('int64', [1], [HIDDEN]),
      sizes: constants['sizes'] ?? tensor('int64', [3], [HIDDEN, HIDDEN, HIDDEN]),
    },
    nodes: [
      op('Transpose', ['seq'], 'rows', { perm: [1, 0, 2] }),
      op('Shape', ['rows'], 'shape'),
      op('Gather', ['shape', 'first'], 'steps', { axis: 0 }),
      op('Gather', ['shape', 'second'], 'batch', { axis: 0 }),
      op('Unsqueeze', ['batch', 'front'], 'batches'),
      op('Concat', ['batches', 'hidden'], 'size', { axis: 0 }),
      op('Expand', ['zero', 'size'], 'zeros'),
    ],
    outputs: {
      all: float(-1, -1, HIDDEN),
      last: STATE,
      ...(hasCarry ? { carry: STATE } : {}),
      ...(listed ? { list: float(1, -1, HIDDEN) } : {}),
    },
    types: { rows: float(-1, -1, WIDTH), steps: typed('int64'), batch: typed('int64'), zeros: STATE },
  });
  for (const [name, columns] of Object.entries(wide)) graph.types.set(name, float(-1, columns));
  const before = {
    turn: typed('int64'),
    goesOn: typed('bool'),
    h: STATE,
    ...(hasCarry ? { c: STATE } : {}),
    ...(listed ? { l: float(1, -1, HIDDEN) } : {}),
  };
  const after = {
    again: typed('bool'),
    h1: STATE,
    ...(hasCarry ? { c1: STATE } : {}),
    ...(listed ? { l1: float(1, -1, HIDDEN) } : {}),
    item: STATE,
  };
  const ends = [op('Identity', ['always'], 'again'), op('Identity', ['h1'], 'item')];
  const list = listed ? [op('Unsqueeze', ['h1', 'front'], 'l1')] : [];
  const inner = body(graph, before, after, [
    op('Gather', ['rows', 'turn'], 'x', { axis: 0 }),
    ...nodes,
    ...list,
    ...ends,
  ]);
  graph.types.set('x', float(-1, WIDTH));
  const [turns, h, c] = proven ? ['steps', 'zeros', 'zeros'] : ['turns', 'h0', 'c0'];
  const initial = [h, ...(hasCarry ? [c] : []), ...(listed ? ['l0'] : [])];
  const results = ['last', ...(hasCarry ? ['carry'] : []), ...(listed ? ['list'] : []), 'all'];
  graph.nodes.push({ ...op('Loop', [turns, '', ...initial], results), bodies: { body: inner } });
  return graph;
}

function fed(steps = 4, batch = 2, turns = steps, states = batch): Tensors {
  return {
    seq: wave([batch, steps, WIDTH], 11),
    turns: tensor('int64', [], [turns]),
    h0: wave([states, HIDDEN], 12),
    c0: wave([states, HIDDEN], 13),
    l0: wave([1, batch, HIDDEN], 14),
  };
}

const CELLS: readonly (readonly [what: string, op: string, step: Step])[] = [
  ['an LSTM', 'LSTM', lstm(false)],
  ['an LSTM of joined inputs', 'LSTM', lstm(true)],
  ['a GRU that resets after the product', 'GRU', gruAfter()],
  ['a GRU that resets before the product', 'GRU', gruBefore()],
  ['a simple layer', 'RNN', rnn()],
];

/** The only op of the graph that may be of a recurrent layer, and what is asked before it. */
function raisedIn(graph: OnnxGraph): readonly string[] {
  return opsIn(graph).filter((name) => ['LSTM', 'GRU', 'RNN', 'If', 'Equal'].includes(name));
}

describe('raise-recurrent', () => {
  it.each(CELLS)('makes %s one %s', async (_, name, step) => {
    const after = await preserved(loop(step), raiseRecurrent, fed());
    expect(raisedIn(after)).toEqual(['If', name]);
  });

  it.each(CELLS)('takes the last output of %s as a list of one', async (_, name, step) => {
    const after = await preserved(loop(step, { listed: true }), raiseRecurrent, fed());
    expect(raisedIn(after)).toEqual(['If', name]);
  });

  it.each(CELLS)('asks what it cannot prove of %s when the graph runs', async (_, name, step) => {
    const graph = loop(step, { proven: false });
    const after = await preserved(graph, raiseRecurrent, fed());
    expect(raisedIn(after)).toContain(name);
    for (const feeds of [fed(4, 2, 3), fed(0, 2), fed(2, 0), fed(4, 2, 0)])
      await preserved(graph, raiseRecurrent, feeds);
    const isJoined = step.nodes.some((each) => each.op === 'Concat');
    // Products and sums take states of another batch, joined inputs do not.
    if (!isJoined)
      for (const feeds of [fed(4, 2, 4, 1), fed(3, 1, 3, 2)]) await preserved(graph, raiseRecurrent, feeds);
  });

  it('asks only whether the numbers are ordinary where all sizes are known', async () => {
    const graph = loop(rnn());
    const [batch, steps] = [2, 4];
    graph.types.set('rows', float(steps, batch, WIDTH));
    const inputs = graph.inputs.map((spec) => (spec.name === 'seq' ? { ...spec, shape: [batch, steps, WIDTH] } : spec));
    expect(opsIn(await preserved({ ...graph, inputs }, raiseRecurrent, fed(steps, batch)))).not.toContain('Size');
  });

  it.each(CELLS)('hands on what is no number through %s', async (_, __, step) => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3e38]) {
      const feeds = fed();
      const seq = {
        ...(feeds['seq'] as Tensor),
        data: Float32Array.from(feeds['seq']?.data as Float32Array).fill(value, 3, 4),
      };
      const h0 = {
        ...(feeds['h0'] as Tensor),
        data: Float32Array.from(feeds['h0']?.data as Float32Array).fill(value, 0, 1),
      };
      await preserved(loop(step), raiseRecurrent, { ...feeds, seq });
      await preserved(loop(step, { proven: false }), raiseRecurrent, { ...feeds, h0 });
    }
  });

  it('leaves a loop whose weights are no numbers', async () => {
    const graph = loop(rnn());
    graph.constants.set('b', tensor('float32', [HIDDEN], [0, Number.NaN, 0]));
    expect(raisedIn(await preserved(graph, raiseRecurrent, fed()))).toEqual([]);
  });

  const left: readonly (readonly [what: string, change: (graph: OnnxGraph, inner: OnnxGraph) => void])[] = [
    ['another activation', (_, inner) => replace(inner, 'Tanh', 'Relu')],
    [
      'a state that is scaled',
      (_, inner) => inner.nodes.unshift(op('Mul', ['h', 'half'], 'scaled')) && rename(inner, 'MatMul', 'h', 'scaled'),
    ],
    ['a row by another number', (_, inner) => rename(inner, 'Gather', 'turn', 'first')],
    [
      'weights that are computed',
      (graph) =>
        graph.constants.delete('r') &&
        graph.nodes.unshift(op('Identity', ['spare'], 'r')) &&
        graph.constants.set('spare', wave([HIDDEN, HIDDEN], 3)),
    ],
    ['a condition that ends it', (graph) => graph.constants.set('always', tensor('bool', [], [0]))],
    ['another collected value', (_, inner) => rename(inner, 'Identity', 'h1', 'sum')],
  ];
  it.each(left)('leaves a loop with %s', async (_, change) => {
    const graph = loop(rnn());
    change(graph, graph.nodes.at(-1)?.bodies?.['body'] as OnnxGraph);
    expect(raisedIn(await preserved(graph, raiseRecurrent, fed()))).toEqual([]);
  });
});

function replace(graph: OnnxGraph, from: string, to: string): void {
  for (const node of graph.nodes) if (node.op === from) node.op = to;
}

function rename(graph: OnnxGraph, where: string, from: Value, to: Value): void {
  for (const node of graph.nodes)
    if (node.op === where) node.inputs = node.inputs.map((value) => (value === from ? to : value));
}

describe('sink-into-branches', () => {
  it('leaves only what the layer needs before the choice, and all that the loop needs beside it', async () => {
    const passes = (graph: OnnxGraph): void => {
      raiseRecurrent(graph);
      for (const each of [...graphsIn(graph)]) hoistFromLoops(each);
      for (const each of graphsIn(graph)) sinkIntoBranches(each);
    };
    const after = await preserved(loop(lstm(false)), passes, fed());
    expect(after.nodes.map((node) => node.op)).toEqual([
      'Transpose',
      'ReduceSumSquare',
      'Less',
      'Size',
      'Greater',
      'And',
      'If',
    ]);
    for (const feeds of [fed(0, 2), fed(3, 0)]) await preserved(loop(lstm(false)), passes, feeds);
  });
});

it('raise-recurrent keeps the answers for all sizes', async () => {
  const size = fc.nat(3);
  const property = fc.asyncProperty(
    fc.constantFrom(...CELLS),
    size,
    size,
    size,
    async ([, , step], steps, batch, turns) => {
      for (const proven of [true, false])
        await preserved(loop(step, { proven }), raiseRecurrent, fed(steps, batch, Math.min(turns, steps)));
    },
  );
  await fc.assert(property, { numRuns: 40 });
});
