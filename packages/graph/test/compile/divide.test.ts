import { describe, expect, it } from 'vitest';
import { divide } from '../../src/compile/divide.ts';
import { constNode } from '../../src/constants.ts';
import { FloeError } from '../../src/errors.ts';
import { graphOf, type Node } from '../../src/graph.ts';
import { node, placeholder, tensor } from '../support/nodes.ts';

const TEXT = { name: 'text', dtype: 'string', shape: [-1] } as const;
const X = { name: 'x', dtype: 'float32', shape: [-1] } as const;
const number = node('StringToNumber', 'number', ['text'], { out_type: 'float32' });
const exp = (input: string): Node => node('Exp', 'exp', [input], { T: 'float32' });
const written = node('AsString', 'written', ['exp'], { T: 'float32' });

function division(nodes: readonly Node[], feeds: readonly (typeof TEXT | typeof X)[], ...fetches: string[]) {
  return divide(graphOf(nodes), feeds, fetches);
}

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof FloeError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'none';
}

describe('dividing a graph', () => {
  it('leaves a graph without strings to the engine', () => {
    expect(division([placeholder('x', [-1]), exp('x')], [X], 'exp')).toBeUndefined();
  });

  it('gives the head and the tail to the host, and what is between them to the engine', () => {
    const parts = division(
      [placeholder('text', [-1], 'string'), number, exp('number'), written],
      [TEXT],
      'written',
      'exp',
    );
    expect(parts?.host.nodes.map(({ name }) => name)).toEqual(['number', 'written']);
    expect(parts?.feeds).toEqual([{ name: 'number:0', dtype: 'float32', shape: [-1] }]);
    expect(parts?.fetches).toEqual(['exp:0']);
    expect(parts?.outputs).toEqual([
      { name: 'written:0', source: 'written:0', dtype: 'string', shape: [-1] },
      { name: 'exp:0', source: 'exp:0', dtype: 'float32', shape: [-1] },
    ]);
  });

  it('has no engine where the host does everything', () => {
    const parts = division([placeholder('text', [-1], 'string'), number], [TEXT], 'number');
    expect([parts?.feeds, parts?.fetches]).toEqual([[], []]);
  });

  it('takes bundles apart', () => {
    const bundle = node('IdentityN', 'all', ['written', 'exp'], { T: { dtypes: ['string', 'float32'] } });
    const parts = division([placeholder('x', [-1]), exp('x'), written, bundle], [X], 'all:0', 'all:1');
    expect(parts?.outputs.map(({ name, source }) => [name, source])).toEqual([
      ['all:0', 'written:0'],
      ['all:1', 'exp:0'],
    ]);
    expect(parts?.feeds.map(({ name }) => name)).toEqual(['x:0']);
  });

  it('gives a table what fills it', () => {
    const nodes = [
      placeholder('text', [-1], 'string'),
      node('HashTableV2', 'table', [], { key_dtype: 'string', value_dtype: 'int64' }),
      constNode('keys', tensor('string', [1], ['a'])),
      constNode('values', tensor('int64', [1], [1])),
      node('LookupTableImportV2', 'fill', ['table', 'keys', 'values'], { Tin: 'string', Tout: 'int64' }),
      constNode('default', tensor('int64', [], [0])),
      node('LookupTableFindV2', 'find', ['table', 'text', 'default'], { Tin: 'string', Tout: 'int64' }),
    ];
    const names = division(nodes, [TEXT], 'find')?.host.nodes.map(({ name }) => name);
    expect(new Set(names)).toEqual(new Set(['keys', 'values', 'fill', 'table', 'default', 'find']));
  });

  it.each([
    [
      'a way back from the tail to the engine',
      [
        placeholder('x', [-1]),
        exp('x'),
        written,
        node('StringToNumber', 'again', ['written'], { out_type: 'float32' }),
        node('Exp', 'last', ['again'], { T: 'float32' }),
      ],
      [X],
      'last',
      /^UNIMPLEMENTED: 1 node cannot be compiled; Exp \(it computes in the engine what depends on strings .*\): 1 node \(last\)/,
    ],
    [
      'an op on strings that the host does not have',
      [placeholder('text', [-1], 'string'), node('UnicodeDecode', 'split', ['text'])],
      [TEXT],
      'split:1',
      /^UNIMPLEMENTED: 1 node cannot be compiled; UnicodeDecode \(this op is not supported: feed what it gives instead/,
    ],
  ] as const)('refuses %s', (_, nodes, feeds, fetch, message) => {
    expect(refusal(() => division(nodes, feeds, fetch))).toMatch(message);
  });
});
