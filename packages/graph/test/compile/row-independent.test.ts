import { describe, expect, it } from 'vitest';
import { compile } from '../../src/compile/index.ts';
import { type Graph, graphOf, type Node } from '../../src/graph.ts';
import { floats, ints, node, placeholder, tensor } from '../support/nodes.ts';
import { runCompiled } from './run.ts';

const F = { T: 'float32' } as const;
const X = placeholder('x', [-1, 4]);
const I = { Tidx: 'int32' } as const;

/** How many rows `x` has, as `n`. */
const sizeOfBatch = [
  node('Shape', 'sh', ['x'], { ...F, out_type: 'int32' }),
  ints('b', [0]),
  ints('e', [1]),
  node('StridedSlice', 'n', ['sh', 'b', 'e', 'e'], { T: 'int32', Index: 'int32', shrink_axis_mask: 1 }),
];

/** Nodes that make `y` of `x`, a batch of rows of 4 numbers. */
const proved: readonly (readonly [what: string, nodes: readonly Node[]])[] = [
  ['a function of each element', [node('Tanh', 'y', ['x'], F)]],
  ['a product with weights', [floats('w', [4, 2], [1, 2, 3, 4, 5, 6, 7, 8]), node('MatMul', 'y', ['x', 'w'], F)]],
  ['a mean over features', [ints('a', 1), node('Mean', 'y', ['x', 'a'], { ...F, ...I })]],
  [
    'a flattening',
    [
      ints('s', [-1, 2, 2]),
      node('Reshape', 'r', ['x', 's'], F),
      ints('t', [-1, 4]),
      node('Reshape', 'y', ['r', 't'], F),
    ],
  ],
  [
    'rows merged with steps in time and parted again',
    [
      ints('s', [-1, 2]),
      node('Reshape', 'r', ['x', 's'], F),
      node('Softmax', 'q', ['r'], F),
      ints('t', [-1, 4]),
      node('Reshape', 'y', ['q', 't'], F),
    ],
  ],
  [
    'a shape that the graph computes',
    [
      ...sizeOfBatch,
      ints('two', 2),
      node('Pack', 'p', ['n', 'two', 'two'], { T: 'int32', N: 3 }),
      node('Reshape', 'y', ['x', 'p'], F),
    ],
  ],
  [
    'one row repeated for each',
    [
      node('Shape', 'sh', ['x'], { ...F, out_type: 'int32' }),
      floats('c', [], [3]),
      node('Fill', 'f', ['sh', 'c'], F),
      node('AddV2', 'y', ['x', 'f'], F),
    ],
  ],
  [
    'a transposition there and back',
    [
      ints('p', [1, 0]),
      node('Transpose', 't', ['x', 'p'], F),
      node('Tanh', 'h', ['t'], F),
      ints('a', 0),
      node('Mean', 'm', ['h', 'a'], { ...F, ...I, keep_dims: true }),
      node('Sub', 's', ['h', 'm'], F),
      node('Transpose', 'y', ['s', 'p'], F),
    ],
  ],
  [
    'one feature, taken where features are in front',
    [
      ints('p', [1, 0]),
      node('Transpose', 't', ['x', 'p'], F),
      ints('i', 2),
      ints('a', 0),
      node('GatherV2', 'y', ['t', 'i', 'a'], { Tparams: 'float32', Tindices: 'int32', Taxis: 'int32' }),
    ],
  ],
  [
    'one row tiled for each',
    [
      ...sizeOfBatch,
      node('Pack', 'p', ['n', 'one'], { T: 'int32', N: 2 }),
      ints('one', 1),
      floats('c', [1, 4], [1, 2, 3, 4]),
      node('Tile', 't', ['c', 'p'], { ...F, Tmultiples: 'int32' }),
      node('AddV2', 'y', ['x', 't'], F),
    ],
  ],
  [
    'sizes that are computed with each other, but for that of the batch',
    [
      ...sizeOfBatch,
      ints('e2', [2]),
      node('StridedSlice', 'm', ['sh', 'e', 'e2', 'e'], { T: 'int32', Index: 'int32', shrink_axis_mask: 1 }),
      ints('two', 2),
      node('FloorDiv', 'h', ['m', 'two'], { T: 'int32' }),
      node('Mul', 'nn', ['n', 'two'], { T: 'int32' }),
      node('Pack', 'p', ['nn', 'h'], { T: 'int32', N: 2 }),
      node('Reshape', 'r', ['x', 'p'], F),
      node('Softmax', 'q', ['r'], F),
      ints('t', [-1, 4]),
      node('Reshape', 'y', ['q', 't'], F),
    ],
  ],
  ['the class of each row', [ints('a', 1), node('ArgMax', 'y', ['x', 'a'], { ...F, ...I, output_type: 'int64' })]],
];

const N = [
  node('Shape', 'sh', ['x'], { ...F, out_type: 'int32' }),
  node('Unpack', 'u', ['sh'], { T: 'int32', num: 2, axis: 0 }),
] as const;

const computed: typeof proved = [
  [
    'a part of each, as many rows as there are',
    [
      ...N,
      ints('b', [0, 1]),
      ints('two', 2),
      node('Pack', 'p', ['u', 'two'], { T: 'int32', N: 2 }),
      node('Slice', 'y', ['x', 'b', 'p'], { ...F, Index: 'int32' }),
    ],
  ],
  [
    'columns added up to a width',
    [
      ...N,
      ints('six', 6),
      node('Sub', 'd', ['six', 'u:1'], { T: 'int32' }),
      ints('o', 0),
      node('Pack', 'p', ['o', 'o', 'o', 'd'], { T: 'int32', N: 4 }),
      ints('s', [2, 2]),
      node('Reshape', 'q', ['p', 's'], { T: 'int32' }),
      node('Pad', 'y', ['x', 'q'], F),
    ],
  ],
];

const denied: readonly (readonly [what: string, reason: RegExp, nodes: readonly Node[]])[] = [
  [
    'a mean over the batch',
    /along the batch/,
    [ints('a', [0]), node('Mean', 'm', ['x', 'a'], { ...F, ...I }), node('Sub', 'y', ['x', 'm'], F)],
  ],
  ['a transposition', /does not have one row/, [ints('p', [1, 0]), node('Transpose', 'y', ['x', 'p'], F)]],
  [
    'a softmax over the batch',
    /along the batch/,
    [
      ints('p', [1, 0]),
      node('Transpose', 't', ['x', 'p'], F),
      node('Softmax', 's', ['t'], F),
      node('Transpose', 'y', ['s', 'p'], F),
    ],
  ],
  [
    'a sum of rows and of features in their place',
    /different rows/,
    [ints('p', [1, 0]), node('Transpose', 't', ['x', 'p'], F), node('AddV2', 'y', ['x', 't'], F)],
  ],
  [
    'a mean over the batch behind another dimension',
    /along the batch/,
    [
      ints('p', [1, 0]),
      node('Transpose', 't', ['x', 'p'], F),
      ints('a', [-1]),
      node('Mean', 'm', ['t', 'a'], { ...F, ...I, keep_dims: true }),
      node('AddV2', 's', ['t', 'm'], F),
      node('Transpose', 'y', ['s', 'p'], F),
    ],
  ],
  [
    'a product of rows with each other',
    /depends on the batch/,
    [node('MatMul', 'y', ['x', 'x'], { ...F, transpose_b: true })],
  ],
  [
    'a row taken from the batch',
    /along the batch/,
    [
      ints('b', [0]),
      ints('e', [1]),
      node('StridedSlice', 's', ['x', 'b', 'e', 'e'], { ...F, Index: 'int32', shrink_axis_mask: 1 }),
      node('AddV2', 'y', ['x', 's'], F),
    ],
  ],
  ['a reversal of the batch', /along the batch/, [ints('a', [0]), node('ReverseV2', 'y', ['x', 'a'], { ...F, ...I })]],
  [
    'as many columns as there are rows',
    /depends on the batch/,
    [
      ...N,
      ints('b', [0, 0]),
      ints('all', -1),
      node('Pack', 'p', ['all', 'u'], { T: 'int32', N: 2 }),
      node('Slice', 'y', ['x', 'b', 'p'], { ...F, Index: 'int32' }),
    ],
  ],
  [
    'all rows but as many as there are columns',
    /along the batch/,
    [
      ...N,
      ints('o', 0),
      node('Pack', 'p', ['u:1', 'o'], { T: 'int32', N: 2 }),
      ints('all', [-1, -1]),
      node('Slice', 'y', ['x', 'p', 'all'], { ...F, Index: 'int32' }),
    ],
  ],
  [
    'the size of the batch as a number',
    /size of the batch/,
    [
      node('Size', 'n', ['x'], { ...F, out_type: 'int32' }),
      node('Cast', 'f', ['n'], { SrcT: 'int32', DstT: 'float32' }),
      node('RealDiv', 'y', ['x', 'f'], F),
    ],
  ],
  [
    'rows that are added to the batch',
    /add rows/,
    [
      ints('q', [1, 0, 0, 0]),
      ints('s', [2, 2]),
      node('Reshape', 'p', ['q', 's'], { T: 'int32' }),
      node('Pad', 'y', ['x', 'p'], F),
    ],
  ],
  [
    'two fixed rows tiled for each',
    /depends on the batch/,
    [
      ...sizeOfBatch,
      ints('one', 1),
      node('Pack', 'p', ['n', 'one'], { T: 'int32', N: 2 }),
      floats('c', [2, 4], [1, 2, 3, 4, 5, 6, 7, 8]),
      node('Tile', 'y', ['c', 'p'], { ...F, Tmultiples: 'int32' }),
    ],
  ],
  [
    'the square of the size of the batch',
    /shape it makes is unknown|not be those/,
    [
      ...sizeOfBatch,
      node('Mul', 'nn', ['n', 'n'], { T: 'int32' }),
      ints('minus', -1),
      node('Pack', 'p', ['nn', 'minus'], { T: 'int32', N: 2 }),
      node('Reshape', 'y', ['x', 'p'], F),
    ],
  ],
  ['rows that are merged', /rows/, [ints('s', [-1, 8]), node('Reshape', 'y', ['x', 's'], F)]],
  ['an output without rows', /does not have one row/, [floats('y', [2], [1, 2])]],
  ['the coordinates of what is not zero', /not known to keep rows apart/, [node('Where', 'y', ['x'], F)]],
  ['a running sum over the batch', /along the batch/, [ints('a', 0), node('Cumsum', 'y', ['x', 'a'], { ...F, ...I })]],
];

const verdict = (net: Graph, shape: readonly number[] | null = [-1, 4]) =>
  compile(net, [{ name: 'x', dtype: 'float32', shape }], ['y']).rowIndependent;

describe('rows of a batch', () => {
  it.each(computed)('are proved to be apart through %s, of any width', (_, nodes) => {
    expect(verdict(graphOf([placeholder('x', [-1, -1]), ...nodes]), [-1, -1])).toEqual({ proved: true, reason: '' });
  });

  it.each(proved)('are proved to be apart through %s, and are', async (_, nodes) => {
    const compiled = compile(graphOf([X, ...nodes]), [{ name: 'x', dtype: 'float32', shape: [-1, 4] }], ['y']);
    expect(compiled.rowIndependent).toEqual({ proved: true, reason: '' });
    const rows = [
      [1, -2, 3, 0.5],
      [0, 4, -1, 2],
      [7, 1, 1, -3],
    ];
    const answer = async (some: readonly number[][]): Promise<readonly number[]> => {
      const x = tensor('float32', [some.length, 4], some.flat());
      const [y] = await runCompiled(compiled, { 'x:0': x });
      return Array.from(y?.data as ArrayLike<number>, Number);
    };
    const alone = await Promise.all(rows.map((row) => answer([row])));
    expect(await answer(rows)).toEqual(alone.flat());
  });

  it.each(denied)('are not said to be apart through %s', (_, reason, nodes) => {
    const { proved: apart, reason: said } = verdict(graphOf([X, ...nodes]));
    expect(apart).toBe(false);
    expect(said).toMatch(reason);
  });

  it('are not said to be apart where an input has no batch', () => {
    const scaled = graphOf([X, placeholder('k', []), node('Mul', 'y', ['x', 'k'], F)]);
    const specs = [
      { name: 'x', dtype: 'float32', shape: [-1, 4] },
      { name: 'k', dtype: 'float32', shape: [] },
    ] as const;
    expect(compile(scaled, specs, ['y']).rowIndependent.reason).toContain('k:0 is a scalar');
    expect(verdict(graphOf([X, node('Tanh', 'y', ['x'], F)]), [3, 4]).reason).toContain('fixed first dimension');
    expect(verdict(graphOf([X, node('Tanh', 'y', ['x'], F)]), null).reason).toContain('rank');
  });

  it('names the node that stopped the proof', () => {
    const net = graphOf([X, ints('a', [0]), node('ReverseV2', 'y', ['x', 'a'], { ...F, ...I })]);
    expect(verdict(net).reason).toMatch(/^node y \(Slice\)/);
  });
});
