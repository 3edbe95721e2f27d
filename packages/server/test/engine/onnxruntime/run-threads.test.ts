/** Threads that make runs, and those of low priority: what `run` answers, on a thread that gives way (Linux only). */
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BehindRun, Engine, Session } from '../../../src/core/engine.ts';
import { openEngine } from '../../../src/engine/index.ts';
import { RunThreads } from '../../../src/engine/onnxruntime/run-threads.ts';
import {
  codeOf,
  EXTERNAL_BYTES,
  EXTERNAL_ROWS,
  floats,
  gatherFeeds,
  golden,
  ONE_THREAD,
  residentMegabytes,
  slowFeeds,
  tensor,
  withExternalModel,
} from '../models.ts';

let engine: Engine;

beforeAll(async () => {
  engine = await openEngine({ kind: 'onnxruntime', slots: 2 });
});

afterAll(() => engine.close());

function behind(session: Session, ...args: Parameters<Session['run']>): Promise<BehindRun> {
  if (session.runBehind === undefined) throw new Error('this session has no threads of low priority');
  return session.runBehind(...args);
}

/** The nice values of this process's threads: the 19th field of `/proc/<pid>/task/<tid>/stat`. */
async function niceValues(): Promise<number[]> {
  const threads = await readdir('/proc/self/task');
  const texts = await Promise.all(threads.map((id) => readFile(`/proc/self/task/${id}/stat`, 'utf8').catch(() => '')));
  return texts.map((text) => Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[16]));
}

/** Threads of this process. */
async function threadCount(): Promise<number> {
  return (await niceValues()).length;
}

describe.runIf(process.platform === 'linux')('a run behind', () => {
  it('answers what any run does, several at a time beside others, and says what it took of a CPU', async () => {
    const session = await engine.open(golden('slow'), ONE_THREAD);
    const [plain, ...all] = await Promise.all([
      session.run(slowFeeds([1, 2], 400), ['y']),
      ...[1, 2, 3].map(() => behind(session, slowFeeds([1, 2], 400), ['y'])),
    ]);
    expect(all.map(({ results }) => results)).toEqual([plain, plain, plain]);
    for (const { cpuSeconds } of all) expect(cpuSeconds).toBeGreaterThan(0.001);
    await session.close();
  });

  it('has a thread of the lowest priority, of which the others keep theirs', async () => {
    const session = await engine.open(golden('gather'), ONE_THREAD);
    await behind(session, gatherFeeds(1), ['y']);
    const low = (await niceValues()).filter((nice) => nice === 19);
    expect(low.length).toBeGreaterThan(0);
    expect(low.length).toBeLessThanOrEqual(2);
    await session.close();
  });

  it('reads the weights that the session has', () =>
    withExternalModel(EXTERNAL_BYTES, async (path) => {
      const session = await engine.open(path, ONE_THREAD);
      const feeds = new Map([['x', floats([1, EXTERNAL_ROWS], new Array(EXTERNAL_ROWS).fill(1))]]);
      const [expected] = await session.run(feeds, ['y']);
      const before = residentMegabytes();
      const both = await Promise.all([behind(session, feeds, ['y']), behind(session, feeds, ['y'])]);
      expect(residentMegabytes() - before).toBeLessThan(EXTERNAL_BYTES / 2 ** 20);
      for (const { results } of both) expect(results).toEqual([expected]);
      await session.close();
    }));

  it('fails as any run does, and leaves its thread to the next', async () => {
    const session = await engine.open(golden('gather'), ONE_THREAD);
    for (let i = 0; i < 5; i++) expect(await codeOf(behind(session, gatherFeeds(9), ['y']))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(behind(session, gatherFeeds(1), ['z']))).toBe('INVALID_ARGUMENT');
    expect((await behind(session, gatherFeeds(3), ['y', 'y'])).results.map(({ data }) => data[0])).toEqual([30, 30]);
    await session.close();
    expect(await codeOf(behind(session, gatherFeeds(1), ['y']))).toBe('FAILED_PRECONDITION');
  });

  it('has the stack that nested branches need', async () => {
    const session = await engine.open(golden('nested'), ONE_THREAD);
    const feeds = new Map([
      ['x', floats([2], [1, 2])],
      ['go', tensor('bool', [], Uint8Array.of(1))],
    ]);
    expect((await behind(session, feeds, ['y'])).results[0]?.data).toEqual(Float32Array.of(2, 3));
    await session.close();
  });

  it('is over before its session and its engine are', async () => {
    const own = await openEngine({ kind: 'onnxruntime', slots: 1 });
    const session = await own.open(golden('slow'), ONE_THREAD);
    const runs = [1, 2, 3].map((x) => behind(session, slowFeeds([x], 100), ['y']));
    await own.close();
    expect((await Promise.all(runs)).map(({ results }) => results[0]?.data[0])).toEqual([101, 102, 103]);
  });

  it('is not offered where a run has threads of its own, which would not give way', async () => {
    const session = await engine.open(golden('gather'), { intraOpThreads: 2 });
    expect(session.runBehind).toBeUndefined();
    await session.close();
  });
});

describe('threads for runs', () => {
  it('come when they are asked for, as many as there may be', async () => {
    const before = await threadCount();
    const threads = new RunThreads(2);
    expect(threads.ready).toBe(false);
    const coming = [threads.grow(), threads.grow()];
    await threads.grow();
    await Promise.all(coming);
    expect(threads.ready).toBe(true);
    expect((await threadCount()) - before).toBe(2);
    await threads.close();
    expect(threads.ready).toBe(false);
    expect(await threadCount()).toBe(before);
  });

  it('leave while they are still coming', async () => {
    const threads = new RunThreads(1);
    const coming = threads.grow();
    await threads.close();
    await coming;
    expect(threads.ready).toBe(false);
    await threads.grow();
    expect(threads.ready).toBe(false);
  });

  it('answer as libuv did before they were there, any number at a time', async () => {
    const own = await openEngine({ kind: 'onnxruntime', slots: 2 });
    const session = await own.open(golden('slow'), ONE_THREAD);
    const [first] = await session.run(slowFeeds([7], 400), ['y']);
    for (let round = 0; round < 20; round++) {
      const runs = await Promise.all([7, 7, 7].map((x) => session.run(slowFeeds([x], 400), ['y'])));
      expect(runs).toEqual([[first], [first], [first]]);
    }
    await own.close();
  });
});
