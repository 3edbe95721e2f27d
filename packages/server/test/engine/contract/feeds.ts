import type { Tensor } from '@floe/graph';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Session } from '../../../src/core/engine.ts';
import type { Subject } from '../contract.ts';
import { codeOf, errorOf, floats, gatherFeeds, golden, ONE_THREAD, tensor } from '../models.ts';
import { identityFeeds } from './elements.ts';

const GOOD = floats([1, 16], new Array(16).fill(1));

/** What is wrong, the feeds, and what the message has to say. */
const REFUSED: readonly (readonly [string, readonly (readonly [string, Tensor])[], string])[] = [
  ['a missing feed', [], 'input "x" is missing'],
  [
    'an unknown feed',
    [
      ['x', GOOD],
      ['z', GOOD],
    ],
    'input "z" is unknown; there is x',
  ],
  ['a feed under another name', [['x:0', GOOD]], 'input "x" is missing'],
  [
    'another dtype',
    [['x', tensor('int32', [1, 16], new Int32Array(16))]],
    'input "x" has dtype int32, expected float32',
  ],
  ['a lower rank', [['x', floats([16], new Array(16).fill(1))]], 'input "x" has shape [16], expected [?, 16]'],
  [
    'a higher rank',
    [['x', floats([1, 1, 16], new Array(16).fill(1))]],
    'input "x" has shape [1, 1, 16], expected [?, 16]',
  ],
  ['a scalar', [['x', floats([], [1])]], 'input "x" has shape [], expected [?, 16]'],
  [
    'a wrong fixed dimension',
    [['x', floats([1, 15], new Array(15).fill(1))]],
    'input "x" has shape [1, 15], expected [?, 16]',
  ],
  ['a negative dimension', [['x', floats([-1, 16], [])]], 'input "x" has an impossible shape [?, 16]'],
  ['half a row', [['x', floats([0.5, 16], new Array(8).fill(1))]], 'input "x" has an impossible shape [0.5, 16]'],
  ['too many rows to count', [['x', floats([2 ** 53 - 1, 16], [])]], 'has an impossible shape'],
  [
    'too little data',
    [['x', floats([2, 16], new Array(31).fill(1))]],
    'input "x" has 31 elements, expected 32 for shape [2, 16]',
  ],
  [
    'too much data',
    [['x', floats([1, 16], new Array(17).fill(1))]],
    'input "x" has 17 elements, expected 16 for shape [1, 16]',
  ],
  [
    'the array of another dtype',
    [['x', tensor('float32', [1, 16], new Float64Array(16))]],
    'input "x" has Float64Array data, expected Float32Array',
  ],
  [
    'strings for numbers',
    [['x', tensor('float32', [1, 16], new Array(16).fill(new Uint8Array(1)))]],
    'input "x" has Array data, expected Float32Array',
  ],
];

export function badFeeds(subject: Subject): void {
  let mlp: Session;
  let gather: Session;
  beforeAll(async () => {
    mlp = await subject().open(golden('mlp'), ONE_THREAD);
    gather = await subject().open(golden('gather'), ONE_THREAD);
  });
  afterAll(async () => {
    await mlp.close();
    await gather.close();
  });

  it.each(REFUSED)('refuses %s', async (_, feeds, message) => {
    const error = await errorOf(mlp.run(new Map(feeds), ['y']));
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toContain(message);
    expect(error.details[0]?.tensor).toBe(feeds.at(-1)?.[0] === 'z' ? 'z' : 'x');
  });

  it('refuses an unknown fetch and none at all', async () => {
    const unknown = await errorOf(mlp.run(new Map([['x', GOOD]]), ['y', 'nothing']));
    expect(unknown.code).toBe('INVALID_ARGUMENT');
    expect(unknown.message).toContain('output "nothing" is unknown; there is y, hidden');
    expect(await codeOf(mlp.run(new Map([['x', GOOD]]), []))).toBe('INVALID_ARGUMENT');
  });

  it('refuses numbers where strings are due', async () => {
    const session = await subject().open(golden('identity'), ONE_THREAD);
    const feeds = identityFeeds([2, 2], (data) => data).set('in_string', tensor('string', [2, 2], new Uint8Array(4)));
    const error = await errorOf(session.run(feeds, ['out_string']));
    expect(error.message).toBe('input "in_string" has other data than a list of byte strings');
    await session.close();
  });

  it('names the node that refuses a value, and goes on serving', async () => {
    const error = await errorOf(gather.run(gatherFeeds(0, 4), ['y']));
    expect(['INVALID_ARGUMENT', 'INTERNAL']).toContain(error.code);
    expect(error.details[0]).toMatchObject({ op: 'Gather', node: 'tower/gather' });
    const [y] = await gather.run(gatherFeeds(3, 0), ['y']);
    expect(y?.data).toEqual(Float32Array.of(30, 0));
  });

  it('says what goes in and comes out', () => {
    expect(mlp.inputs).toEqual([{ name: 'x', dtype: 'float32', shape: [-1, 16] }]);
    expect(mlp.outputs).toEqual([
      { name: 'y', dtype: 'float32', shape: [-1, 4] },
      { name: 'hidden', dtype: 'float32', shape: [-1, 32] },
    ]);
  });
}
