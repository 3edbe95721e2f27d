import { expect, it } from 'vitest';
import { openEngine } from '../../../src/engine/index.ts';
import { identityFeeds } from '../contract/elements.ts';
import { engineContract } from '../contract.ts';
import { golden, ONE_THREAD, tensor } from '../models.ts';

engineContract('onnxruntime', () => openEngine({ kind: 'onnxruntime', slots: 2 }));

it('carries bfloat16, and strings that are no UTF-8', async () => {
  const engine = await openEngine({ kind: 'onnxruntime', slots: 1 });
  const bfloat16 = await engine.open(golden('bfloat16'), ONE_THREAD);
  const x = tensor('bfloat16', [2], Uint16Array.of(0x3f80, 0x7fc0));
  expect(await bfloat16.run(new Map([['x', x]]), ['y'])).toEqual([x]);

  const identity = await engine.open(golden('identity'), ONE_THREAD);
  const bytes = tensor('string', [1, 2], [Uint8Array.of(0xff, 0, 0xfe), Uint8Array.of(0xc3)]);
  const feeds = identityFeeds([0, 0], (data) => data.slice(0, 0)).set('in_string', bytes);
  const [y] = await identity.run(feeds, ['out_string']);
  expect(y).toEqual(bytes);
  await engine.close();
});

it('says what a run takes of the event loop, once it knows that it runs inline', async () => {
  const engine = await openEngine({ kind: 'onnxruntime', slots: 1 });
  const session = await engine.open(golden('mlp'), ONE_THREAD);
  const feeds = new Map([['x', tensor('float32', [1, 16], new Float32Array(16))]]);
  expect(session.inlineSeconds(feeds)).toBeUndefined();
  await session.run(feeds, ['y']);
  await session.run(feeds, ['y']);
  expect(session.inlineSeconds(feeds)).toBeGreaterThan(0);
  expect(
    session.inlineSeconds(new Map([['x', tensor('float32', [900, 16], new Float32Array(14_400))]])),
  ).toBeUndefined();
  await engine.close();
});
