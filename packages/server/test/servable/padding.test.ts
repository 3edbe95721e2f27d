/** Padding that a model declares: requests of different lengths share runs of the real engine and are answered as they are alone. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Frozen, frozenChunks, graphOf, type Node, type Tensor } from '@floe/graph';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { constNode } from '../../../graph/src/constants.ts';
import { node, placeholder, tensor } from '../../../graph/test/support/nodes.ts';
import { Builder } from '../../src/build/builder.ts';
import { freezeVersion } from '../../src/build/freeze-version.ts';
import type { Engine, Session } from '../../src/core/engine.ts';
import { type DeclaredPadding, paddingOf } from '../../src/core/padding.ts';
import { CostModel } from '../../src/cost/cost-model.ts';
import { MachineRate } from '../../src/cost/machine-rate.ts';
import { openEngine } from '../../src/engine/index.ts';
import { Scheduler } from '../../src/queue/scheduler.ts';
import { type LoadedServable, loadVersion } from '../../src/servable/loaded.ts';
import { terms } from '../queue/puppet.ts';

const T = { T: 'float32' } as const;

/** Tokens of four numbers under a mask -> what each became, and their sum. */
function graph(): readonly Node[] {
  return [
    placeholder('tokens', [-1, -1, 4]),
    placeholder('mask', [-1, -1]),
    constNode('last', tensor('int32', [], [-1])),
    node('ExpandDims', 'wide', ['mask', 'last'], { ...T, Tdim: 'int32' }),
    node('Mul', 'masked', ['tokens', 'wide'], T),
    node('Tanh', 'each', ['masked'], T),
    constNode('along', tensor('int32', [1], [1])),
    node('Sum', 'sum', ['each', 'along'], { ...T, Tidx: 'int32', keep_dims: false }),
  ];
}

const SIGNATURE = {
  inputs: {
    tokens: { name: 'tokens:0', dtype: 'float32', shape: [-1, -1, 4] },
    mask: { name: 'mask:0', dtype: 'float32', shape: [-1, -1] },
  },
  outputs: {
    each: { name: 'each:0', dtype: 'float32', shape: [-1, -1, 4] },
    sum: { name: 'sum:0', dtype: 'float32', shape: [-1, 4] },
  },
  methodName: '',
} as const;

const DECLARED: DeclaredPadding = {
  inputs: { tokens: { axes: [1], value: 9 }, mask: { axes: [1], value: 0 } },
  outputs: { each: [1] },
};

function request(rows: number, length: number): Map<string, Tensor> {
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => Math.sin(i + length));
  return new Map([
    ['tokens', tensor('float32', [rows, length, 4], numbers(rows * length * 4))],
    ['mask', tensor('float32', [rows, length], new Array(rows * length).fill(1))],
  ]);
}

/** Rows hardly cost anything beside what each run does: whatever may join does. */
function eager(): CostModel {
  const cost = new CostModel(new MachineRate());
  const shape = cost.shape('any', 100);
  for (const rows of [1, 2, 4, 8]) cost.observe(shape, rows, 0.001 + 0.00001 * rows);
  return Object.assign(cost, { shape: () => shape, observe: () => {} });
}

describe('a model that declares padding', () => {
  let root: string;
  let engine: Engine;
  let builder: Builder;
  let servable: LoadedServable;
  let scheduler: Scheduler;
  /** Shapes of `tokens`, run by run. */
  const ran: (readonly number[])[] = [];

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'floe-padding-'));
    const checkpoint = {
      format: 'frozen-graph',
      globalStep: null,
      producers: { tensorflow: '', graphProducer: 1, graphMinConsumer: 0 },
      tags: [],
      digests: {},
    } as const;
    const frozen: Frozen = {
      graph: graphOf(graph()),
      signatures: { serving_default: SIGNATURE },
      checkpoint,
      assets: [],
    };
    await writeFile(join(root, 'frozen.pb'), frozenChunks(frozen));
    await writeFile(join(root, 'floe.json'), JSON.stringify({ padding: { serving_default: DECLARED } }));
    const { folder } = await freezeVersion({ source: join(root, 'frozen.pb'), root, name: 'tokens', version: 1 });
    engine = await openEngine({ kind: 'onnxruntime', slots: 1 });
    builder = new Builder();
    scheduler = new Scheduler({ slots: 1 });
    servable = await loadVersion(folder, undefined, {
      engine,
      builder,
      session: { intraOpThreads: 1 },
      cacheFolder: join(root, 'cache'),
      costs: { open: async () => eager(), release: async () => {} },
      execute: ({ session, ...work }, own) => scheduler.run({ ...work, session: watched(session) }, own),
    });
  });
  afterAll(async () => {
    await scheduler.close();
    await servable.close();
    await builder.close();
    await engine.close();
    await rm(root, { recursive: true, force: true });
  });

  const watching = new WeakMap<Session, Session>();
  /** The session, never inline, and what it runs. */
  function watched(session: Session): Session {
    const run: Session['run'] = (feeds, fetches) => {
      ran.push(feeds.get('tokens:0')?.shape ?? []);
      return session.run(feeds, fetches);
    };
    const { inputs, outputs, close } = session;
    const known = watching.get(session) ?? { inputs, outputs, close, run, inlineSeconds: () => undefined };
    watching.set(session, known);
    return known;
  }

  const ask = async (rows: number, length: number): Promise<readonly Tensor[]> =>
    (await servable.run({ inputs: request(rows, length) }, terms())).map(({ tensor: result }) => result);

  it('answers requests of one bucket in joint runs as it does each alone', async () => {
    const sizes = [17, 20, 18, 9, 19, 20, 10].map((length, i) => [1 + (i % 2), length] as const);
    const alone: (readonly Tensor[])[] = [];
    for (const [rows, length] of sizes) alone.push(await ask(rows, length));
    ran.length = 0;
    const together = await Promise.all(sizes.map(([rows, length]) => ask(rows, length)));
    for (const [i, results] of together.entries())
      for (const [output, result] of results.entries()) {
        const expected = alone[i]?.[output] as Tensor;
        expect(result.shape).toEqual(expected.shape);
        expect(Array.from(result.data as Float32Array)).toEqual(
          Array.from(expected.data as Float32Array, (value) => expect.closeTo(value, 5)),
        );
      }
    // The first goes at once; of those that came meanwhile, the ones of each bucket go together.
    expect(ran.map(([rows, length]) => [rows, length])).toEqual([
      [1, 17],
      [6, 20],
      [3, 10],
    ]);
  });

  it('refuses a declaration that fits no signature when it is frozen', async () => {
    const describe = join(root, 'wrong.json');
    await writeFile(describe, JSON.stringify({ padding: { other: DECLARED } }));
    const freezing = freezeVersion({ source: join(root, 'frozen.pb'), root, name: 'tokens', describe });
    await expect(freezing).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('padding.other'),
    });
  });
});

describe('a declaration', () => {
  const { inputs } = DECLARED;
  const table: readonly (readonly [string, DeclaredPadding, string])[] = [
    [
      'an input that is not there',
      { ...DECLARED, inputs: { ids: { axes: [1], value: 0 } } },
      'padding.s.inputs.ids is no tensor',
    ],
    [
      'an axis of fixed length',
      { ...DECLARED, inputs: { ...inputs, tokens: { axes: [2], value: 0 } } },
      'padding.s.inputs.tokens names axis 2',
    ],
    [
      'an output that may grow and is not mentioned',
      { ...DECLARED, outputs: {} },
      'padding.s.outputs has to say which axes of output each',
    ],
    [
      'an output of fixed length',
      { ...DECLARED, outputs: { each: [1], sum: [1] } },
      'padding.s.outputs.sum names axis 1',
    ],
  ];
  it.each(table)('is refused that names %s', (_, declared, message) => {
    const thrown = expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) });
    expect(() => paddingOf('s', SIGNATURE, declared)).toThrow(thrown);
  });

  it('is refused that names strings, or a value that the dtype does not have', () => {
    const of = (dtype: 'string' | 'uint8' | 'float16', value: number) =>
      paddingOf(
        's',
        { ...SIGNATURE, inputs: { x: { name: 'x', dtype, shape: [-1, -1] } } },
        { inputs: { x: { axes: [1], value } }, outputs: { each: [1] } },
      );
    expect(() => of('string', 0)).toThrow('of dtype string');
    expect(() => of('uint8', 256)).toThrow('256, which no uint8 is');
    expect(() => of('uint8', 0.5)).toThrow('0.5, which no uint8 is');
    expect(() => of('float16', 1)).toThrow('1, which no float16 is');
    expect(of('uint8', 255).inputs.get('x:0')).toEqual({ axes: [1], value: 255 });
  });
});
