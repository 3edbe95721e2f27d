import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exampleRecord, type Frozen, frozenChunks, graphOf, type Node, type Signature, type Tensor } from '@floe/graph';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { constNode } from '../../../graph/src/constants.ts';
import { attr, node, placeholder, tensor } from '../../../graph/test/support/nodes.ts';
import { Builder } from '../../src/build/builder.ts';
import { plainTerms } from '../../src/core/terms.ts';
import { CostModel } from '../../src/cost/cost-model.ts';
import { MachineRate } from '../../src/cost/machine-rate.ts';
import { openEngine } from '../../src/engine/index.ts';
import { load, type ModelSession } from '../../src/index.ts';
import { loadVersion } from '../../src/servable/loaded.ts';

const textsOf = (tensor: Tensor | undefined): readonly string[] =>
  ((tensor?.data ?? []) as readonly Uint8Array[]).map((bytes) => new TextDecoder().decode(bytes));
const words = (...values: string[]): Tensor => tensor('string', [values.length], values);

/** Examples -> ParseExampleV2 -> (a vocabulary) -> MatMul -> ArgMax -> names of classes. */
function graph(): readonly Node[] {
  const parse = node(
    'ParseExampleV2',
    'parse',
    ['examples', 'no_names', 'no_keys', 'dense_keys', 'no_keys', 'no_default', 'default_word'],
    { Tdense: { dtypes: ['float32', 'string'] }, num_sparse: 0, sparse_types: { dtypes: [] } },
  );
  const shapes = { shape: [[2], []].map((dims) => attr({ shape: dims }).shape as never) };
  const dense = { ...attr([]), list: { ...(attr([]).list as object), ...shapes } as never };
  const lists = [
    ['dense_shapes', dense],
    ['ragged_value_types', attr({ dtypes: [] })],
    ['ragged_split_types', attr({ dtypes: [] })],
  ] as const;
  return [
    placeholder('examples', [-1], 'string'),
    constNode('no_names', words()),
    constNode('no_keys', words()),
    constNode('dense_keys', words('x', 'word')),
    constNode('no_default', tensor('float32', [0], [])),
    constNode('default_word', tensor('string', [1], ['one'])),
    { ...parse, attr: new Map([...parse.attr, ...lists]) },
    ...table('vocabulary', words('one', 'two'), tensor('int64', [2], [1, 2])),
    constNode('unknown', tensor('int64', [], [0])),
    node('LookupTableFindV2', 'ids', ['vocabulary', 'parse:1', 'unknown'], { Tin: 'string', Tout: 'int64' }),
    constNode('w', tensor('float32', [2, 3], [1, 0, 0, 0, 1, 0])),
    node('MatMul', 'product', ['parse:0', 'w'], { T: 'float32' }),
    constNode('axis', tensor('int32', [], [1])),
    node('ArgMax', 'best', ['product', 'axis'], { T: 'float32', Tidx: 'int32', output_type: 'int64' }),
    ...table('names', tensor('int64', [2], [0, 1]), words('left', 'right')),
    constNode('nameless', tensor('string', [], ['?'])),
    node('LookupTableFindV2', 'classes', ['names', 'best', 'nameless'], { Tin: 'int64', Tout: 'string' }),
  ];
}

function table(name: string, keys: Tensor, values: Tensor): readonly Node[] {
  return [
    node('HashTableV2', name, [], { key_dtype: keys.dtype, value_dtype: values.dtype }),
    constNode(`${name}_keys`, keys),
    constNode(`${name}_values`, values),
    node('LookupTableImportV2', `fill_${name}`, [name, `${name}_keys`, `${name}_values`], {
      Tin: keys.dtype,
      Tout: values.dtype,
    }),
  ];
}

const INPUTS = { examples: { name: 'examples:0', dtype: 'string', shape: [-1] } } as const;
const methodName = 'tensorflow/serving/predict';
const SIGNATURES: Record<string, Signature> = {
  serving_default: {
    methodName,
    inputs: INPUTS,
    outputs: {
      classes: { name: 'classes:0', dtype: 'string', shape: [-1] },
      product: { name: 'product:0', dtype: 'float32', shape: [-1, 3] },
      ids: { name: 'ids:0', dtype: 'int64', shape: [-1] },
    },
  },
  words: { methodName, inputs: INPUTS, outputs: { ids: { name: 'ids:0', dtype: 'int64', shape: [-1] } } },
};

let folder: string;
let session: ModelSession;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'floe-hosted-'));
  const checkpoint = {
    format: 'frozen-graph',
    globalStep: null,
    producers: { tensorflow: '', graphProducer: 0, graphMinConsumer: 0 },
    tags: [],
    digests: {},
  } as const;
  const frozen: Frozen = { graph: graphOf(graph()), signatures: SIGNATURES, checkpoint, assets: [] };
  await writeFile(join(folder, 'model.pb'), frozenChunks(frozen));
  session = await load(join(folder, 'model.pb'));
});
afterAll(async () => {
  await session.close();
  await rm(folder, { recursive: true });
});

function example(features: Readonly<Record<string, Tensor>>): Uint8Array {
  return exampleRecord(new Map(Object.entries(features)))[1] as Uint8Array;
}

const examples = (...rows: Uint8Array[]): Tensor => ({ dtype: 'string', shape: [rows.length], data: rows });
const x = (...values: number[]): Tensor => tensor('float32', [values.length], values);

describe('a graph that begins and ends with strings', () => {
  it('parses on the host, computes in the engine, and names the classes on the host', async () => {
    const rows = examples(
      example({ x: x(5, 1), word: words('two') }),
      example({ x: x(0, 3) }),
      example({ x: x(-1, -1), word: words('none') }),
    );
    const { classes, product, ids } = await session.run({ examples: rows });
    expect(textsOf(classes)).toEqual(['left', 'right', '?']);
    expect(product).toEqual(tensor('float32', [3, 3], [5, 1, 0, 0, 3, 0, -1, -1, 0]));
    expect(ids).toEqual(tensor('int64', [3], [2, 1, 0]));
  });

  it('runs without the engine where nothing needs it', async () => {
    const [only] = await session.run({ examples: examples(example({ x: x(0, 0), word: words('two') })) }, ['ids:0']);
    expect(only).toEqual(tensor('int64', [1], [2]));
  });

  it('takes what was parsed as a feed instead', async () => {
    const [classes] = await session.run({ 'parse:0': tensor('float32', [1, 2], [0, 1]) }, ['classes:0']);
    expect(textsOf(classes)).toEqual(['right']);
  });

  it('says which feature of which example is wrong', async () => {
    const rows = examples(example({ x: x(1, 2) }), example({ x: x(1) }));
    await expect(session.run({ examples: rows })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message:
        'Name: <unknown>, Key: x, Index: 1.  Number of float values != expected.  Values size: 1 but output shape: [2]',
      details: [{ tensor: 'x', field: 'examples[1]' }],
    });
  });

  it('refuses feeds of other dtypes and shapes', async () => {
    await expect(session.run({ examples: tensor('float32', [1], [1]) })).rejects.toThrow(/expected string/);
  });
});

it.runIf(process.platform === 'linux')(
  'runs its engine behind others where it is told to, and says what all of it took',
  async () => {
    const [engine, builder] = [await openEngine({ kind: 'onnxruntime', slots: 1 }), new Builder()];
    const version = { source: join(folder, 'model.pb'), root: folder, name: 'model', version: 1 };
    const took: number[] = [];
    const servable = await loadVersion((await builder.freeze(version)).folder, undefined, {
      engine,
      builder,
      session: { intraOpThreads: 1 },
      cacheFolder: folder,
      costs: { open: async () => new CostModel(new MachineRate()), release: async () => {} },
      execute: async (work) => {
        const ran = await work.session.runBehind?.(work.feeds, work.fetches);
        took.push(ran?.cpuSeconds ?? 0);
        return ran?.results ?? [];
      },
    });
    const inputs = new Map([['examples', examples(example({ x: x(0, 3), word: words('two') }))]]);
    const outputs = await servable.run(
      { inputs, outputs: ['classes', 'ids'] },
      plainTerms(new AbortController().signal),
    );
    expect(textsOf(outputs[0]?.tensor)).toEqual(['right']);
    expect(outputs[1]?.tensor).toEqual(tensor('int64', [1], [2]));
    expect(took).toEqual([expect.any(Number)]);
    expect(took[0]).toBeGreaterThan(0);
    await servable.close();
    await builder.close();
    await engine.close();
  },
);
