import { FloeError } from '@floe/graph';
import { beforeEach, describe, expect, it } from 'vitest';
import { AccuracyBook } from '../../src/cache/accuracy-book.ts';
import { DEFAULT_POLICY } from '../../src/cache/gate.ts';
import { type CacheContext, type Cached, OutputCache, type OutputCacheDeps } from '../../src/cache/output-cache.ts';
import { type EncodedForm, ownBuffer } from '../../src/core/encoded-form.ts';
import type { KnownCall, ModelRef } from '../../src/core/inference.ts';
import type { CacheNote, Terms } from '../../src/core/terms.ts';
import { asking, callWith, outputsOf, servableOf } from './fixture.ts';

let book: AccuracyBook;
let cache: OutputCache;
let runs: { readonly version: number; readonly call: KnownCall; readonly terms: Terms }[];

function open(change: Partial<OutputCacheDeps> = {}): OutputCache {
  book = new AccuracyBook();
  runs = [];
  return new OutputCache({
    policy: DEFAULT_POLICY,
    verify: { every: 0, bound: 0.2 },
    limitBytes: 2 ** 20,
    accuracy: book,
    ...change,
  });
}

beforeEach(() => {
  cache = open();
});

const contextOf = (version: number, change: Partial<CacheContext> = {}): CacheContext => ({
  servable: servableOf(version),
  ref: { name: 'digits' },
  isStable: true,
  ...change,
});

interface Answered extends Cached {
  readonly note: CacheNote | undefined;
}

/** Asks with one input; the answer comes from version `version` unless it is cached. */
async function ask(
  version: number,
  change: Partial<CacheContext> = {},
  terms: Terms = asking().terms,
  call: KnownCall = callWith(1),
): Promise<Answered> {
  const cached = await cache.answer(call, contextOf(version, change), terms, async (under) => {
    runs.push({ version, call, terms: under });
    return outputsOf(version, call);
  });
  return { ...cached, note: terms.notes.cache };
}

/** What the design's table calls the result. */
async function result(version: number, change: Partial<CacheContext> = {}): Promise<string> {
  const { note } = await ask(version, change);
  const { state, reason } = note as CacheNote;
  if (state === 'bypass') return reason.startsWith('closed') ? 'closed' : 'bypass';
  return reason.startsWith('ended') ? 'ended' : state;
}

function serve(version: number, accuracy: number): void {
  book.fromManifest('digits', version, accuracy);
  cache.serves('digits', version);
}

describe('the table of the design', () => {
  it('no entry, .799: closed, and nothing is stored', async () => {
    serve(1, 0.799);
    expect([await result(1), await result(1)]).toEqual(['closed', 'closed']);
    expect(cache.stats()).toMatchObject({ entries: 0, bypassed: 2 });
  });

  it('a hit is given at once, without a promise', async () => {
    serve(1, 0.8);
    await ask(1);
    const compute = () => Promise.reject(new Error('not asked'));
    expect(cache.answer(callWith(1), contextOf(1), asking().terms, compute)).toMatchObject({ version: 1 });
  });

  it('no entry, unknown: closed', async () => {
    expect(await result(1)).toBe('closed');
  });

  it('no entry, .80: miss, stored in band 0', async () => {
    serve(1, 0.8);
    const { note } = await ask(1);
    expect(note).toEqual({ state: 'miss', reason: 'no answer is stored', accuracy: 0.8, endsAt: 0.85, version: 1 });
    expect(await result(1)).toBe('hit');
  });

  it('band 0 of v1, v2 at .84: hit, says v1', async () => {
    serve(1, 0.8);
    await ask(1);
    serve(2, 0.84);
    const { note, version, outputs } = await ask(2);
    expect(note).toEqual({ state: 'hit', reason: 'computed by version 1', accuracy: 0.84, endsAt: 0.85, version: 1 });
    expect(version).toBe(1);
    expect(outputs).toEqual(outputsOf(1, callWith(1)));
    expect(runs).toHaveLength(1);
  });

  it('band 0 of v1, v2 at .85: ended, and computed by v2', async () => {
    serve(1, 0.8);
    await ask(1);
    serve(2, 0.85);
    const { note, outputs } = await ask(2);
    expect(note).toMatchObject({ state: 'miss', reason: 'ended: the model has reached 0.85', version: 2, endsAt: 0.9 });
    expect(outputs).toEqual(outputsOf(2, callWith(1)));
    expect(await result(2)).toBe('hit');
    expect(cache.stats()).toMatchObject({ misses: 2, ended: 1, hits: 1 });
  });

  it('band 2 of v3, falls to .86: hit', async () => {
    serve(3, 0.91);
    await ask(3);
    book.state('digits', 3, 0.86);
    expect(await result(3)).toBe('hit');
  });

  it('band 2 of v3, .79, later .91: closed, then miss', async () => {
    serve(3, 0.91);
    await ask(3);
    book.state('digits', 3, 0.79);
    expect(await result(3)).toBe('closed');
    book.state('digits', 3, 0.91);
    expect(await result(3)).toBe('miss');
  });

  it('the same where nobody asked while it was closed', async () => {
    serve(3, 0.91);
    await ask(3);
    book.state('digits', 3, 0.79);
    book.state('digits', 3, 0.91);
    expect(await result(3)).toBe('miss');
  });

  it('the same where a version that is too bad served for a while', async () => {
    serve(3, 0.91);
    await ask(3);
    serve(4, 0.7);
    serve(5, 0.91);
    expect(await result(5)).toBe('miss');
  });

  it('band 1 of v2 on stable: a canary, a pinned version and a label have a scope of their own', async () => {
    serve(2, 0.86);
    book.fromManifest('digits', 3, 0.86);
    await ask(2);
    const pinned: ModelRef = { name: 'digits', version: 3 };
    expect(await result(3, { isStable: false })).toBe('miss');
    expect(await result(3, { ref: pinned })).toBe('hit');
    expect(await result(3, { ref: { name: 'digits', label: 'next' } })).toBe('hit');
    expect(await result(2)).toBe('hit');
    expect(await result(2, { ref: { name: 'digits', version: 2 } })).toBe('miss');
  });

  it('band 1 of v3, rolled back to v2: purged, miss, also when v3 or a later one comes back', async () => {
    serve(2, 0.86);
    serve(3, 0.87);
    await ask(3);
    serve(2, 0.86);
    serve(4, 0.87);
    expect(await result(4)).toBe('miss');
    expect(runs.map(({ version }) => version)).toEqual([3, 4]);
  });

  it('in the last band an answer ends with its version', async () => {
    serve(5, 0.985);
    const { note } = await ask(5);
    expect(note).not.toHaveProperty('endsAt');
    expect(await result(5)).toBe('hit');
    serve(6, 0.985);
    expect(await result(6)).toBe('ended');
  });
});

describe('closures', () => {
  it('by feedback: closes, and opens a hundredth above', async () => {
    serve(1, 0.91);
    await ask(1);
    const states: string[] = [];
    for (const lowerBound of [0.79, 0.805, 0.81]) {
      book.live('digits', 1, { lowerBound, labels: 300 });
      states.push(await result(1));
    }
    expect(states).toEqual(['closed', 'closed', 'miss']);
  });

  it('of a pinned version leave the answers of the others', async () => {
    serve(2, 0.86);
    book.fromManifest('digits', 3, 0.86);
    await ask(2);
    await ask(3, { ref: { name: 'digits', version: 3 } });
    book.state('digits', 3, 0.5);
    book.state('digits', 3, 0.86);
    expect(await result(3, { ref: { name: 'digits', version: 3 } })).toBe('miss');
    expect(await result(2)).toBe('hit');
  });

  it('of one model leave the other models', async () => {
    serve(1, 0.9);
    await ask(1);
    book.fromManifest('other', 1, 0.5);
    cache.serves('other', 1);
    expect(await result(1)).toBe('hit');
  });
});

describe('another policy', () => {
  const verify = { every: 0, bound: 0.2 };

  it('closes the cache at once, says so, and what there was is gone when it opens again', async () => {
    serve(1, 0.85);
    await ask(1);
    cache.adapt({ ...DEFAULT_POLICY, open: 0.9 }, verify);
    expect((await ask(1)).note).toMatchObject({ state: 'bypass', reason: 'closed: accuracy 0.85 is below 0.9' });
    cache.adapt({ ...DEFAULT_POLICY, open: 0.88 }, verify);
    expect((await ask(1)).note).toMatchObject({ reason: 'closed: accuracy 0.85 is below 0.88' });
    cache.adapt(DEFAULT_POLICY, verify);
    expect(await result(1)).toBe('miss');
    expect(await result(1)).toBe('hit');
  });

  it('that is the same ends nothing', async () => {
    serve(1, 0.85);
    await ask(1);
    cache.adapt({ ...DEFAULT_POLICY }, { every: 5, bound: 0.1 });
    expect(await result(1)).toBe('hit');
  });
});

describe('purges', () => {
  it('by deletion of a version', async () => {
    serve(1, 0.8);
    await ask(1);
    serve(2, 0.84);
    cache.purge('digits', 1);
    expect(await result(2)).toBe('miss');
  });

  it('by removal of a model: another one of that name finds nothing', async () => {
    serve(1, 0.8);
    await ask(1);
    cache.remove('digits');
    serve(1, 0.8);
    expect(await result(1)).toBe('miss');
  });

  it.each<[string, () => void]>([
    ['its version was purged', () => cache.purge('digits', 1)],
    ['the accuracy has fallen', () => book.state('digits', 1, 0.5)],
    [
      'the accuracy fell and came back',
      () => {
        book.state('digits', 1, 0.5);
        book.state('digits', 1, 0.9);
      },
    ],
    ['the band is another', () => book.state('digits', 1, 0.96)],
  ])('an answer under way is given but not stored where %s', async (_, change) => {
    serve(1, 0.9);
    await cache.answer(callWith(1), contextOf(1), asking().terms, async () => {
      change();
      return outputsOf(1, callWith(1));
    });
    expect(cache.stats()).toMatchObject({ entries: 0, misses: 1 });
  });

  it('an answer of an old version does not take the place of a newer one', async () => {
    serve(1, 0.9);
    await cache.answer(callWith(1), contextOf(1), asking().terms, async () => {
      serve(2, 0.91);
      await ask(2);
      return outputsOf(1, callWith(1));
    });
    expect(await ask(2)).toMatchObject({ version: 2, note: { state: 'hit' } });
  });
});

describe('bypass', () => {
  beforeEach(() => serve(1, 0.9));

  it.each<[string, Partial<CacheContext>, Partial<Terms>, string]>([
    ['no-store', {}, { cache: 'bypass' }, 'no-store'],
    [
      'random ops',
      { servable: { ...servableOf(1), deterministic: false } },
      {},
      'not deterministic: the graph draws random numbers',
    ],
  ])('%s: nothing is looked up or stored', async (_, context, terms, reason) => {
    await ask(1);
    const asked = asking(terms).terms;
    expect((await ask(1, context, asked)).note).toMatchObject({ state: 'bypass', reason, version: 1 });
    expect(runs).toHaveLength(2);
    expect(runs[1]?.terms).toBe(asked);
    expect(cache.stats()).toMatchObject({ entries: 1, bypassed: 1 });
  });
});

describe('scope', () => {
  beforeEach(() => serve(1, 0.8));

  it('a caller may want answers of the version that serves only', async () => {
    await ask(1);
    serve(2, 0.84);
    expect((await ask(2, {}, asking({ scope: 'version' }).terms)).version).toBe(2);
    expect((await ask(2)).version).toBe(1);
  });

  it('tensors that no signature has are known of one version only', async () => {
    const call = { ...callWith(1), outputs: ['hidden/Relu:0'] };
    await ask(1, {}, asking().terms, call);
    serve(2, 0.84);
    expect((await ask(2, {}, asking().terms, call)).version).toBe(2);
    expect((await ask(2, {}, asking().terms, call)).note?.state).toBe('hit');
  });

  it('a version with another contract does not share answers', async () => {
    await ask(1);
    serve(2, 0.84);
    expect(await result(2, { servable: { ...servableOf(2), labels: ['cat', 'dog'] } })).toBe('miss');
  });
});

describe('outputs', () => {
  beforeEach(() => serve(1, 0.9));

  it('come in the order asked for, as often as asked for', async () => {
    await ask(1);
    const call = { ...callWith(1), outputs: ['y', 'z', 'y'] };
    const { note, outputs } = await ask(1, {}, asking().terms, call);
    expect(note?.state).toBe('hit');
    expect(outputs).toEqual(outputsOf(1, call));
    expect((await ask(1)).outputs.map(({ name }) => name)).toEqual(['z', 'y']);
  });

  it('of one name are another answer than those of both', async () => {
    await ask(1);
    const { note, outputs } = await ask(1, {}, asking().terms, { ...callWith(1), outputs: ['y'] });
    expect([note?.state, outputs.length]).toEqual(['miss', 1]);
  });

  it('hold on to no memory but their own', async () => {
    const batch = new Float32Array(1000).fill(3);
    const strings = Buffer.from('catdog');
    const compute = async () => [
      { name: 'y', tensor: { dtype: 'float32' as const, shape: [2], data: batch.subarray(10, 12) } },
      {
        name: 'z',
        tensor: { dtype: 'string' as const, shape: [2], data: [strings.subarray(0, 3), strings.subarray(3)] },
      },
    ];
    const { outputs } = await cache.answer(callWith(1), contextOf(1), asking().terms, compute);
    batch.fill(4);
    strings.fill(0);
    const kept = new Map((await ask(1)).outputs.map(({ name, tensor }) => [name, tensor]));
    expect(kept.get('y')?.data).toEqual(new Float32Array([3, 3]));
    expect(kept.get('y')?.data).toMatchObject({ buffer: { byteLength: 8 } });
    expect(kept.get('z')?.data).toEqual(['cat', 'dog'].map((text) => new TextEncoder().encode(text)));
    expect(outputs).toHaveLength(2);
  });

  it('that were not computed are an error, not an empty answer', async () => {
    const compute = async () => [];
    await expect(
      Promise.resolve(cache.answer(callWith(1), contextOf(1), asking().terms, compute)),
    ).rejects.toMatchObject({ code: 'INTERNAL' });
  });
});

describe('sharing', () => {
  beforeEach(() => serve(1, 0.9));

  it('callers who ask the same meanwhile share one run', async () => {
    const answers = await Promise.all([
      ask(1),
      ask(1),
      ask(1, {}, asking().terms, { ...callWith(1), outputs: ['y', 'z'] }),
    ]);
    expect(runs).toHaveLength(1);
    expect(answers.map(({ note }) => note?.state)).toEqual(['miss', 'hit', 'hit']);
    expect(answers[1]?.note?.reason).toBe('shared with a request under way');
    expect(answers[2]?.outputs.map(({ name }) => name)).toEqual(['y', 'z']);
    expect(cache.stats()).toMatchObject({ hits: 2, shared: 2, misses: 1 });
  });

  it('the run is told of the latest deadline, and cancelled when all have gone', async () => {
    const first = asking({ deadline: performance.now() + 50_000 });
    const second = asking({ deadline: performance.now() + 90_000 });
    const seen: Terms[] = [];
    const compute = (terms: Terms): Promise<never> => {
      seen.push(terms);
      return new Promise((__, reject) => terms.signal.addEventListener('abort', () => reject(terms.signal.reason)));
    };
    const answers = [first, second].map(({ terms }) =>
      Promise.resolve(cache.answer(callWith(1), contextOf(1), terms, compute)).catch((error: FloeError) => error.code),
    );
    expect(seen.map(({ deadline }) => deadline)).toEqual([second.terms.deadline]);
    first.leave();
    expect(seen[0]?.signal.aborted).toBe(false);
    second.leave();
    expect(await Promise.all(answers)).toEqual(['CANCELLED', 'CANCELLED']);
    expect(cache.stats()).toMatchObject({ entries: 0, misses: 0, hits: 0 });
  });

  it('requests on two versions do not share a run', async () => {
    book.fromManifest('digits', 2, 0.91);
    await Promise.all([ask(1), ask(2)]);
    expect(runs.map(({ version }) => version)).toEqual([1, 2]);
  });

  it('a failure is not stored', async () => {
    const fail = () => Promise.reject(new FloeError('UNAVAILABLE', 'no'));
    const failing = Promise.resolve(cache.answer(callWith(1), contextOf(1), asking().terms, fail));
    await expect(failing).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await result(1)).toBe('miss');
  });
});

describe('replies as they were sent', () => {
  const form: EncodedForm<Buffer> = { id: 'json', own: (reply) => ({ reply: ownBuffer(reply), bytes: reply.length }) };

  beforeEach(() => serve(1, 0.9));

  it('are kept from the first hit on, in memory of their own, and counted', async () => {
    let encoded = 0;
    const encode = (): Buffer => Buffer.from(`reply ${++encoded}`);
    const replies: string[] = [];
    for (let i = 0; i < 4; i++) replies.push(String(cache.reply(await ask(1), form, encode)));
    expect(replies).toEqual(['reply 1', 'reply 2', 'reply 2', 'reply 2']);
    expect(cache.reply(await ask(1), { ...form, id: 'other' }, encode).toString()).toBe('reply 3');
    expect(cache.reply(await ask(1), undefined, encode).toString()).toBe('reply 4');
    expect((await cache.reply(await ask(1), form, encode)).buffer.byteLength).toBe(7);
  });

  it('are bounded in number and in bytes', async () => {
    await ask(1);
    const before = cache.stats().bytes;
    for (let i = 0; i < 10; i++) cache.reply(await ask(1), { ...form, id: `${i}` }, () => Buffer.alloc(100));
    const grown = cache.stats().bytes - before;
    expect(grown).toBeGreaterThanOrEqual(400);
    expect(grown).toBeLessThan(1000);
    await ask(1, {}, asking().terms, callWith(2));
    const hit = await ask(1, {}, asking().terms, callWith(2));
    expect(await cache.reply(hit, form, () => Buffer.alloc(2 ** 20))).toHaveLength(2 ** 20);
    expect((await ask(1, {}, asking().terms, callWith(2))).note?.state).toBe('hit');
    expect(cache.stats().bytes).toBeLessThan(before + 4000);
  });
});

it('holds no more than its bytes, however many questions come', async () => {
  cache = open({ limitBytes: 50_000 });
  serve(1, 0.9);
  for (let i = 0; i < 500; i++) await ask(1, {}, asking().terms, callWith(i));
  const { bytes, entries, evictions } = cache.stats();
  expect(bytes).toBeLessThanOrEqual(50_000);
  expect(entries).toBeGreaterThan(10);
  expect(entries + evictions).toBe(500);
});
