import { BroadcastChannel } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { openEngine } from '../../../src/engine/index.ts';
import { openWorkerEngine } from '../../../src/engine/worker/engine.ts';
import { identityFeeds } from '../contract/elements.ts';
import { engineContract } from '../contract.ts';
import { codeOf, errorOf, gatherFeeds, golden, ONE_THREAD, slowFeeds, tensor } from '../models.ts';

engineContract('worker', () => openEngine({ kind: 'worker' }));

it('says that its strings have to be text, and that it has no bfloat16', async () => {
  const engine = await openEngine({ kind: 'worker' });
  const identity = await engine.open(golden('identity'), ONE_THREAD);
  const feeds = identityFeeds([1, 1], (data) => data.slice(0, 1));
  for (const bytes of [Uint8Array.of(0xff), Uint8Array.of(0x61, 0, 0x62)]) {
    const error = await errorOf(
      identity.run(feeds.set('in_string', tensor('string', [1, 1], [bytes])), ['out_string']),
    );
    expect([error.code, error.details]).toEqual(['UNIMPLEMENTED', [{ tensor: 'in_string' }]]);
  }
  expect(await codeOf(engine.open(golden('bfloat16'), ONE_THREAD))).toBe('UNIMPLEMENTED');
  await engine.close();
});

it('fails what is under way when its thread dies, and serves again afterwards', async () => {
  const engine = await openWorkerEngine(new URL('../fixtures/mortal-thread.ts', import.meta.url));
  const session = await engine.open(golden('slow'), ONE_THREAD);
  const runs = Array.from({ length: 40 }, () => session.run(slowFeeds([1], 200), ['y']));
  const channel = new BroadcastChannel('floe-test-die');
  channel.postMessage('now');
  const outcomes = await Promise.allSettled(runs);
  channel.close();
  const lost = outcomes.filter(({ status }) => status === 'rejected');
  expect(lost.length).toBeGreaterThan(0);
  for (const outcome of outcomes)
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'UNAVAILABLE' });

  const again = await Promise.all([1, 2, 3].map((x) => session.run(slowFeeds([x], 2), ['y'])));
  expect(again.map(([y]) => y?.data[0])).toEqual([3, 4, 5]);
  const other = await engine.open(golden('gather'), ONE_THREAD);
  expect((await other.run(gatherFeeds(3), ['y']))[0]?.data).toEqual(Float32Array.of(30));
  await engine.close();
});

it('says that the binding cannot be loaded', async () => {
  const error = await errorOf(openWorkerEngine(new URL('../fixtures/broken-thread.ts', import.meta.url)));
  expect(error.code).toBe('UNIMPLEMENTED');
});
