import { expect, it } from 'vitest';
import type { Engine } from '../../../src/core/engine.ts';
import { codeOf, gatherFeeds, golden, ONE_THREAD, slowFeeds } from '../models.ts';

export function lifecycle(open: () => Promise<Engine>): void {
  it('finishes runs that were asked for before close, then refuses', async () => {
    const engine = await open();
    const session = await engine.open(golden('slow'), ONE_THREAD);
    const runs = Array.from({ length: 12 }, (_, i) => session.run(slowFeeds([i], 30), ['y']));
    const closed = session.close();
    expect(await codeOf(session.run(slowFeeds([0], 1), ['y']))).toBe('FAILED_PRECONDITION');
    const results = await Promise.all(runs);
    expect(results.map(([y]) => y?.data[0])).toEqual(runs.map((_, i) => i + 30));
    await closed;
    expect(await codeOf(session.run(slowFeeds([0], 1), ['y']))).toBe('FAILED_PRECONDITION');
    await engine.close();
  });

  it('closes a session once, however often it is asked', async () => {
    const engine = await open();
    const session = await engine.open(golden('gather'), ONE_THREAD);
    await Promise.all([session.close(), session.close()]);
    await session.close();
    await engine.close();
  });

  it('closes its open sessions with itself, after their runs', async () => {
    const engine = await open();
    const slow = await engine.open(golden('slow'), ONE_THREAD);
    const gather = await engine.open(golden('gather'), ONE_THREAD);
    const run = slow.run(slowFeeds([1], 30), ['y']);
    await Promise.all([engine.close(), engine.close()]);
    expect((await run)[0]?.data[0]).toBe(31);
    expect(await codeOf(gather.run(gatherFeeds(1), ['y']))).toBe('FAILED_PRECONDITION');
    expect(await codeOf(engine.open(golden('gather'), ONE_THREAD))).toBe('FAILED_PRECONDITION');
  });

  it('leaves no session behind that was being opened when it closed', async () => {
    const engine = await open();
    const opening = engine.open(golden('gather'), ONE_THREAD);
    await engine.close();
    const late = opening.then((session) => session.run(gatherFeeds(1), ['y']));
    expect(['FAILED_PRECONDITION', 'UNAVAILABLE']).toContain(await codeOf(late));
  });

  it('serves several sessions and several engines at a time', async () => {
    const engines = await Promise.all([open(), open()]);
    const paths = [golden('gather'), golden('gather')];
    const sessions = await Promise.all(engines.flatMap((engine) => paths.map((path) => engine.open(path, ONE_THREAD))));
    const results = await Promise.all(sessions.map((session, i) => session.run(gatherFeeds(i), ['y'])));
    expect(results.map(([y]) => y?.data[0])).toEqual([0, 10, 20, 30]);
    await Promise.all(engines.map((engine) => engine.close()));
  });
}
