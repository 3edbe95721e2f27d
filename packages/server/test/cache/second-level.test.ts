import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AccuracyBook } from '../../src/cache/accuracy-book.ts';
import { type Entry, makeEntry } from '../../src/cache/entry.ts';
import { writeEntry } from '../../src/cache/entry-format.ts';
import { DEFAULT_POLICY } from '../../src/cache/gate.ts';
import { OutputCache } from '../../src/cache/output-cache.ts';
import { GuardedStore, type RemoteReply, type RemoteStore } from '../../src/cache/second-level.ts';
import { asking, callWith, floats, outputsOf, servableOf } from './fixture.ts';

/** A store in memory, which can be made to fail or to say nothing. */
class PuppetStore implements RemoteStore {
  isReady = true;
  mode: 'answers' | 'fails' | 'hangs' = 'answers';
  asked = 0;
  readonly values = new Map<string, Buffer>();
  readonly marks = new Map<string, Map<string, number>>();

  read(key: string, model: string): Promise<RemoteReply> {
    return this.act(() => ({ value: this.values.get(key), marks: new Map(this.marks.get(model)) }));
  }

  write(key: string, value: Buffer): Promise<unknown> {
    return this.act(() => this.values.set(key, value));
  }

  raise(model: string, members: ReadonlyMap<string, number>): Promise<unknown> {
    return this.act(() => {
      const known = this.marks.get(model) ?? new Map<string, number>();
      for (const [member, score] of members) known.set(member, Math.max(score, known.get(member) ?? 0));
      this.marks.set(model, known);
    });
  }

  ping(): Promise<unknown> {
    return this.act(() => 'PONG');
  }

  async close(): Promise<void> {
    this.isReady = false;
  }

  private async act<T>(work: () => T): Promise<T> {
    this.asked++;
    if (this.mode === 'hangs') return new Promise(() => {});
    if (this.mode === 'fails') throw new Error('no');
    return work();
  }
}

const ENTRY: Entry = makeEntry({ band: 0, version: 1, epoch: 0, purges: 0 }, [{ name: 'y', tensor: floats(1, 2) }]);
const NO_MARKS = { epoch: 0, purges: new Map<number, number>() };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the guard', () => {
  let remote: PuppetStore;
  let guarded: GuardedStore;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
    remote = new PuppetStore();
    guarded = new GuardedStore(remote, { deadline: 5, pause: 1000 });
  });
  afterEach(async () => {
    await guarded.close();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  /** Asks, and lets the deadline pass. */
  async function find(key = 'key'): Promise<unknown> {
    const found = guarded.find('digits', key);
    await turn();
    vi.advanceTimersByTime(5);
    await turn();
    return found;
  }

  async function pause(): Promise<void> {
    vi.advanceTimersByTime(1000);
    await turn();
    vi.advanceTimersByTime(5);
    await turn();
  }

  it('gives what was stored', async () => {
    expect(await find()).toEqual({ marks: NO_MARKS });
    guarded.store('key', ENTRY);
    expect(await find()).toEqual({ entry: ENTRY, marks: NO_MARKS });
    expect(guarded.stats()).toMatchObject({ hits: 1, misses: 1, skipped: 0, failures: 0, garbage: 0, isUp: true });
  });

  it('takes garbage for a miss', async () => {
    remote.values.set('key', Buffer.from('what is this'));
    remote.values.set('moved', writeEntry('key', ENTRY));
    expect([await find(), await find('moved')]).toEqual([{ marks: NO_MARKS }, { marks: NO_MARKS }]);
    expect(guarded.stats()).toMatchObject({ garbage: 2, misses: 2 });
  });

  it('asks nothing without a connection', async () => {
    remote.isReady = false;
    expect(await find()).toBeUndefined();
    guarded.store('key', ENTRY);
    expect(remote.asked).toBe(0);
    expect(guarded.stats()).toMatchObject({ skipped: 2, isUp: false });
  });

  it.each(['fails', 'hangs'] as const)(
    'leaves a store alone that %s five times, until it answers a ping',
    async (mode) => {
      remote.mode = mode;
      for (let i = 0; i < 5; i++) expect(await find()).toBeUndefined();
      expect(guarded.stats()).toMatchObject({ failures: 5, isUp: false });
      expect(await find()).toBeUndefined();
      guarded.store('key', ENTRY);
      expect(remote.asked).toBe(5);
      for (let i = 0; i < 3; i++) await pause();
      // A ping that is not answered is not repeated.
      expect(remote.asked).toBe(mode === 'hangs' ? 6 : 8);
      expect(guarded.stats().isUp).toBe(false);
      if (mode === 'fails') {
        remote.mode = 'answers';
        await pause();
        expect(guarded.stats().isUp).toBe(true);
        expect(await find()).toEqual({ marks: NO_MARKS });
      }
    },
  );

  it('one answer in between, and it goes on asking', async () => {
    for (let i = 0; i < 20; i++) {
      remote.mode = i % 4 === 3 ? 'answers' : 'fails';
      await find();
    }
    expect(guarded.stats()).toMatchObject({ failures: 15, misses: 5, isUp: true });
  });

  it('bounds what is under way', async () => {
    remote.mode = 'hangs';
    const large = makeEntry(ENTRY, [{ name: 'y', tensor: floats(...new Array<number>(50_000).fill(1)) }]);
    for (let i = 0; i < 100; i++) guarded.store(`key ${i}`, large);
    expect(remote.asked).toBe(41);
    for (let i = 0; i < 1000; i++) guarded.store(`key ${i}`, ENTRY);
    expect(remote.asked).toBeLessThanOrEqual(256);
    const before = remote.asked;
    const finds = Array.from({ length: 1000 }, (_, i) => guarded.find('digits', `key ${i}`));
    expect(remote.asked - before).toBe(256);
    vi.advanceTimersByTime(5);
    await turn();
    expect(new Set(await Promise.all(finds))).toEqual(new Set([undefined]));
  });

  it('says what was raised, and says it again where it was not heard', async () => {
    remote.mode = 'fails';
    guarded.publish('digits', { epoch: 2, purges: new Map([[3, 1]]) });
    await turn();
    expect(remote.marks.size).toBe(0);
    remote.mode = 'answers';
    await find();
    await turn();
    expect(remote.marks.get('digits')).toEqual(
      new Map([
        ['epoch', 2],
        ['3', 1],
      ]),
    );
    expect(await find()).toEqual({ marks: { epoch: 2, purges: new Map([[3, 1]]) } });
  });
});

describe('replicas with one second level', () => {
  let remote: PuppetStore;
  let replicas: { readonly cache: OutputCache; readonly book: AccuracyBook }[];
  let runs: number;

  /** A process that starts, as replica or after a restart. */
  function start(accuracy = 0.9, version = 1): number {
    const book = new AccuracyBook();
    const cache = new OutputCache({
      policy: DEFAULT_POLICY,
      verify: { every: 0, bound: 0.2 },
      limitBytes: 2 ** 20,
      accuracy: book,
      second: new GuardedStore(remote),
    });
    book.fromManifest('digits', version, accuracy);
    cache.serves('digits', version);
    return replicas.push({ cache, book }) - 1;
  }

  async function ask(replica: number, version = 1): Promise<string> {
    const { terms } = asking();
    const context = { servable: servableOf(version), ref: { name: 'digits' }, isStable: true };
    const answer = await replicas[replica]?.cache.answer(callWith(1), context, terms, async () => {
      runs++;
      return outputsOf(version, callWith(1));
    });
    expect(answer?.outputs).toEqual(outputsOf(answer?.version ?? 0, callWith(1)));
    return `${terms.notes.cache?.state} v${answer?.version}`;
  }

  beforeEach(() => {
    remote = new PuppetStore();
    replicas = [];
    runs = 0;
    start();
    start();
  });
  afterEach(async () => {
    for (const { cache } of replicas) await cache.close();
  });

  it('find what another has computed, and keep it', async () => {
    expect(await ask(0)).toBe('miss v1');
    expect(await ask(1)).toBe('hit v1');
    expect(replicas[1]?.cache.stats()).toMatchObject({ hits: 1, second: 1, misses: 0, entries: 1 });
    remote.isReady = false;
    expect(await ask(1)).toBe('hit v1');
    expect(runs).toBe(1);
  });

  it('find it after a restart, also as a later version', async () => {
    await ask(0);
    expect(await ask(start(0.92, 2), 2)).toBe('hit v1');
    expect(await ask(start(0.95, 2), 2)).toBe('miss v2');
  });

  it('compute on their own without it', async () => {
    await ask(0);
    for (const mode of ['hangs', 'fails'] as const) {
      remote.mode = mode;
      expect(await ask(start())).toBe('miss v1');
    }
  });

  it('do not find what one of them has closed', async () => {
    await ask(0);
    replicas[0]?.book.state('digits', 1, 0.5);
    replicas[0]?.book.state('digits', 1, 0.9);
    await turn();
    expect([await ask(0), await ask(1)]).toEqual(['miss v1', 'miss v1']);
    // The second one has learned of the epoch by asking; so does one that starts, with its first request.
    expect([await ask(0), await ask(1)]).toEqual(['hit v1', 'hit v1']);
    const late = start();
    expect([await ask(late), await ask(late)]).toEqual(['miss v1', 'hit v1']);
    expect(replicas[late]?.cache.stats()).toMatchObject({ second: 1 });
  });

  it('do not find what one of them has purged', async () => {
    await ask(0);
    replicas[0]?.cache.purge('digits', 1);
    replicas[0]?.book.state('digits', 1, 0.9);
    await turn();
    // The second one learns of the purge while it computes, and keeps nothing of what it began before.
    expect([await ask(1), await ask(0), await ask(1)]).toEqual(['miss v1', 'miss v1', 'hit v1']);
  });

  it('do not find after a restart what was closed before, even if the store was away', async () => {
    await ask(0);
    remote.isReady = false;
    const late = start(0.5);
    replicas[late]?.book.state('digits', 1, 0.9);
    remote.isReady = true;
    expect(await ask(late)).toBe('miss v1');
    await turn();
    expect(remote.marks.get('digits')?.get('epoch')).toBe(1);
    expect(await ask(1)).toBe('miss v1');
  });

  it('begin anew where the store has lost everything', async () => {
    replicas[0]?.book.state('digits', 1, 0.5);
    replicas[0]?.book.state('digits', 1, 0.9);
    await turn();
    remote.marks.clear();
    expect(await ask(0)).toBe('miss v1');
    await turn();
    expect(remote.marks.get('digits')?.get('epoch')).toBe(1);
  });
});
