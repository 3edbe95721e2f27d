/** The engine gives the same answers after each pass on TensorFlow's graph, one after the other: random graphs, of no rows too. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { analyse, type Feeds } from '../../src/analysis/index.ts';
import { lower } from '../../src/compile/lower.ts';
import type { Graph, Node } from '../../src/graph.ts';
import type { OnnxGraph } from '../../src/onnx-graph.ts';
import { PASSES } from '../../src/passes/index.ts';
import { validate } from '../../src/passes/validate.ts';
import { answers, expectClose, wave } from '../compile/passes/onnx.ts';
import { floats, graph, ints, node, placeholder } from '../support/nodes.ts';

const X = { name: 'x:0', dtype: 'float32', shape: [-1, 3] } as const;
const FEEDS: Feeds = new Map([[X.name, X]]);
const F = { T: 'float32' } as const;

const base: readonly Node[] = [
  placeholder('x', [-1, 3]),
  floats('w', [3], [0.5, 2, -1]),
  floats('one', [], [1]),
  ints('axis', 1),
  ints('zero', 0),
  ints('zeros', [0]),
  ints('ones', [1]),
  ints('three', 3),
  ints('flat', [-1]),
  ints('first', [0, 0]),
  ints('all', [-1, -1]),
];

type Make = (name: string, a: string, b: string) => readonly Node[];

const unary =
  (op: string): Make =>
  (name, a) => [node(op, name, [a], F)];
const binary =
  (op: string): Make =>
  (name, a, b) => [node(op, name, [a, b], F)];

/** Steps from one or two tensors of [rows, 3] to another. */
const STEPS: Readonly<Record<string, Make>> = {
  neg: unary('Neg'),
  relu: unary('Relu'),
  tanh: unary('Tanh'),
  identity: unary('Identity'),
  stop: unary('StopGradient'),
  add: binary('AddV2'),
  sub: binary('Sub'),
  larger: binary('Maximum'),
  cast: (name, a) => [node('Cast', name, [a], { SrcT: 'float32', DstT: 'float32' })],
  both: (name, a, b) => [
    node('IdentityN', `${name}/both`, [a, b], { T: { dtypes: ['float32', 'float32'] } }),
    node('Sub', name, [`${name}/both:1`, `${name}/both`], F),
  ],
  weighted: (name, a) => [node('Mul', `${name}/scale`, ['w', 'one'], F), node('Mul', name, [a, `${name}/scale`], F)],
  constant: (name, a) => [
    node('Split', `${name}/parts`, ['zero', 'w'], { ...F, num_split: 3 }),
    node('Mul', name, [a, `${name}/parts:1`], F),
  ],
  reshaped: (name, a, b) => [
    node('Shape', `${name}/shape`, [b], { ...F, out_type: 'int32' }),
    node('Reshape', `${name}/flat`, [a, 'flat'], { ...F, Tshape: 'int32' }),
    node('Reshape', name, [`${name}/flat`, `${name}/shape`], { ...F, Tshape: 'int32' }),
  ],
  packed: (name, a, b) => [
    node('Shape', `${name}/shape`, [b], { ...F, out_type: 'int32' }),
    node('StridedSlice', `${name}/rows`, [`${name}/shape`, 'zeros', 'ones', 'ones'], {
      T: 'int32',
      Index: 'int32',
      shrink_axis_mask: 1,
    }),
    node('Pack', `${name}/target`, [`${name}/rows`, 'three'], { T: 'int32', N: 2, axis: 0 }),
    node('Reshape', name, [a, `${name}/target`], { ...F, Tshape: 'int32' }),
  ],
  parted: (name, a) => [
    node('Split', `${name}/parts`, ['axis', a], { ...F, num_split: 3 }),
    node('ConcatV2', name, [`${name}/parts:2`, `${name}/parts`, `${name}/parts:1`, 'axis'], {
      ...F,
      N: 3,
      Tidx: 'int32',
    }),
  ],
  sliced: (name, a) => [node('Slice', name, [a, 'first', 'all'], { ...F, Index: 'int32' })],
};

const random = fc.record({
  steps: fc.array(fc.record({ kind: fc.constantFrom(...Object.keys(STEPS)), a: fc.nat(), b: fc.nat() }), {
    minLength: 1,
    maxLength: 15,
  }),
  rows: fc.nat(3),
  kept: fc.nat(),
});

function lowered(g: Graph, outputs: readonly string[]): OnnxGraph {
  return lower(g, analyse(g, FEEDS), { inputs: [X], outputs, inner: (tensor) => tensor }, 18);
}

describe('the passes', () => {
  it('keep the answers of the engine, each of them', async () => {
    const property = fc.asyncProperty(random, async ({ steps, rows, kept }) => {
      const made = ['x'];
      const nodes = steps.flatMap(({ kind, a, b }, i) => {
        const [from = '', other = ''] = [a, b].map((number) => made[number % made.length]);
        made.push(`n${i}`);
        return STEPS[kind]?.(`n${i}`, from, other) ?? [];
      });
      const outputs = [...new Set([`${made.at(-1)}:0`, `n${kept % steps.length}:0`])];
      const fed = { 'x:0': wave([rows, 3]) };
      let current = graph(...base, ...nodes);
      const wanted = await answers(lowered(current, outputs), fed, 'disabled');
      for (const [, pass] of PASSES) {
        const next = pass(current, new Set(outputs), FEEDS);
        validate(next);
        if (next !== current) expectClose(await answers(lowered(next, outputs), fed, 'all'), wanted, 1e-6);
        current = next;
      }
    });
    await fc.assert(property, { numRuns: 60 });
  });
});
