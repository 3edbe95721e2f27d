import { type DType, FloeError, type NumericData, type Tensor } from '@floe/graph';
import { describe, expect, it } from 'vitest';
import { AccuracyBook } from '../../src/cache/accuracy-book.ts';
import { type Comparison, differs } from '../../src/cache/compare.ts';
import { DEFAULT_POLICY } from '../../src/cache/gate.ts';
import { OutputCache } from '../../src/cache/output-cache.ts';
import { Verification } from '../../src/cache/verification.ts';
import type { KnownCall, NamedTensor } from '../../src/core/inference.ts';
import { asking, callWith, outputsOf, servableOf } from './fixture.ts';

const named = (
  dtype: DType,
  shape: readonly number[],
  data: NumericData | readonly Uint8Array[],
): readonly NamedTensor[] => [{ name: 'y', tensor: { dtype, shape, data } as Tensor }];
const float32 = (...values: number[]): readonly NamedTensor[] =>
  named('float32', [1, values.length], Float32Array.from(values));
const text = (value: string): readonly NamedTensor[] => named('string', [1], [Buffer.from(value)]);

const SAME_VERSION: Comparison = { isSameVersion: true, labels: 0 };
const LATER_VERSION: Comparison = { isSameVersion: false, labels: 0 };
const HALF_ONE = 0x3c00;
const BFLOAT_ONE = 0x3f80;

describe('an answer that is computed again', () => {
  it.each<[string, readonly NamedTensor[], readonly NamedTensor[], Comparison, boolean]>([
    ['is the same within the tolerance', float32(1, 200), float32(1.0005, 200.1), SAME_VERSION, false],
    ['differs beyond it', float32(1, 200), float32(1.002, 200), SAME_VERSION, true],
    ['is the same where both are not a number', float32(Number.NaN), float32(Number.NaN), SAME_VERSION, false],
    ['differs where one is not a number', float32(1), float32(Number.NaN), SAME_VERSION, true],
    ['differs by its shape', named('float32', [2], Float32Array.of(1, 2)), float32(1, 2), SAME_VERSION, true],
    [
      'differs by its dtype',
      named('int32', [1], Int32Array.of(1)),
      named('uint32', [1], Uint32Array.of(1)),
      SAME_VERSION,
      true,
    ],
    [
      'compares integers exactly',
      named('int32', [1], Int32Array.of(7)),
      named('int32', [1], Int32Array.of(8)),
      LATER_VERSION,
      true,
    ],
    [
      'compares large integers exactly',
      named('int64', [1], BigInt64Array.of(2n ** 60n)),
      named('int64', [1], BigInt64Array.of(2n ** 60n + 1n)),
      SAME_VERSION,
      true,
    ],
    ['compares strings', text('cat'), text('dog'), LATER_VERSION, true],
    ['finds strings the same', text('cat'), text('cat'), LATER_VERSION, false],
    [
      'gives half floats room',
      named('float16', [1], Uint16Array.of(HALF_ONE)),
      named('float16', [1], Uint16Array.of(HALF_ONE + 4)),
      SAME_VERSION,
      false,
    ],
    [
      'but not more',
      named('float16', [1], Uint16Array.of(HALF_ONE)),
      named('float16', [1], Uint16Array.of(HALF_ONE + 64)),
      SAME_VERSION,
      true,
    ],
    [
      'gives bfloat16 more',
      named('bfloat16', [1], Uint16Array.of(BFLOAT_ONE)),
      named('bfloat16', [1], Uint16Array.of(BFLOAT_ONE + 2)),
      SAME_VERSION,
      false,
    ],
    ['differs where an output is gone', float32(1), [], SAME_VERSION, true],
    ['of a later version may move probabilities', float32(0.2, 0.8), float32(0.3, 0.7), LATER_VERSION, false],
    ['of a later version may not move the best class', float32(0.4, 0.6), float32(0.6, 0.4), LATER_VERSION, true],
    ['of the same version may not move probabilities', float32(0.2, 0.8), float32(0.3, 0.7), SAME_VERSION, true],
    [
      'of a later version may move scores of labels',
      float32(-3, 5),
      float32(-9, 4),
      { isSameVersion: false, labels: 2 },
      false,
    ],
    ['of a later version may not move what are no scores', float32(-3, 5), float32(-9, 4), LATER_VERSION, true],
    ['of a later version may not move a single number', float32(0.2), float32(0.3), LATER_VERSION, true],
  ])('%s', (_, stored, now, how, expected) => {
    expect(differs(stored, now, how)).toBe(expected);
  });
});

describe('verification', () => {
  it('takes one hit in so many, by model', () => {
    const verification = new Verification({ every: 3, bound: 0.2 });
    const due = ['a', 'a', 'b', 'a', 'a', 'b', 'b'].map((model) => verification.shouldVerify(model));
    expect(due).toEqual([false, false, false, true, false, false, true]);
    const never = new Verification({ every: 0, bound: 0.2 });
    expect(never.shouldVerify('a')).toBe(false);
  });

  it('closes over the bound, not at it, and not before there are twenty', () => {
    const verification = new Verification({ every: 1, bound: 0.2 });
    const outcomes = [...new Array<boolean>(15).fill(false), ...new Array<boolean>(4).fill(true)];
    for (const differed of outcomes) verification.verified('digits', 2, differed);
    expect(verification.held('digits', 2)).toBeUndefined();
    verification.verified('digits', 2, false);
    expect(verification.held('digits', 2)).toBeUndefined();
    expect(verification.stats('digits')).toEqual({ compared: 20, differed: 4, share: 0.2 });
    verification.verified('digits', 2, true);
    expect(verification.held('digits', 2)).toBe('23.8 % of 21 answers differ when computed again, more than 20 %');
  });

  it('stays closed for the version, and holds nothing against others', () => {
    const verification = new Verification({ every: 1, bound: 0.2 });
    for (let i = 0; i < 20; i++) verification.verified('digits', 2, true);
    for (let i = 0; i < 200; i++) verification.verified('digits', 2, false);
    expect(verification.held('digits', 2)).toBeDefined();
    expect(verification.held('digits', 3)).toBeUndefined();
    expect(verification.held('other', 2)).toBeUndefined();
    expect(verification.stats('digits')).toEqual({ compared: 220, differed: 20, share: 0 });
    verification.restart('digits', 2);
    expect(verification.held('digits', 2)).toBeUndefined();
    verification.forget('digits');
    expect(verification.stats('digits')).toEqual({ compared: 0, differed: 0, share: undefined });
  });

  it('goes by the latest hundred', () => {
    const verification = new Verification({ every: 1, bound: 0.2 });
    for (let i = 0; i < 200; i++) verification.verified('digits', 1, i < 4);
    expect(verification.stats('digits').share).toBe(0);
    expect(verification.held('digits', 1)).toBeUndefined();
  });
});

describe('hits that are computed again', () => {
  const context = { servable: servableOf(2), ref: { name: 'digits' }, isStable: true };

  function open(rerun: (version: number, call: KnownCall) => Promise<readonly NamedTensor[]>) {
    const book = new AccuracyBook();
    book.fromManifest('digits', 2, 0.9);
    const cache = new OutputCache({
      policy: DEFAULT_POLICY,
      verify: { every: 1, bound: 0.2 },
      limitBytes: 2 ** 20,
      accuracy: book,
      rerun: (_, version, { inputs, ...call }) => rerun(version, { ...call, inputs: inputs as KnownCall['inputs'] }),
    });
    const ask = async (call: KnownCall = callWith(1)): Promise<string> => {
      const { terms } = asking();
      await cache.answer(call, context, terms, async () => outputsOf(2, call));
      return terms.notes.cache?.reason ?? '';
    };
    return { cache, ask };
  }

  it('find the same, on inputs of their own', async () => {
    let seen: KnownCall | undefined;
    const { cache, ask } = open(async (version, call) => {
      seen = call;
      return outputsOf(version, call);
    });
    const call = callWith(1);
    await ask(call);
    await ask(call);
    await cache.close();
    expect(cache.verification.stats('digits')).toEqual({ compared: 1, differed: 0, share: 0 });
    expect(seen).toEqual(call);
    expect(seen?.inputs.get('x')).not.toBe(call.inputs.get('x'));
  });

  it('close the cache where too many differ, until another version serves', async () => {
    const { cache, ask } = open(async (_, call) => outputsOf(9, call));
    await ask();
    for (let i = 0; i < 20; i++) {
      expect(await ask()).toBe('computed by version 2');
      await cache.close();
    }
    expect(await ask()).toBe('closed: 100 % of 20 answers differ when computed again, more than 20 %');
    expect(await ask()).toContain('closed');
    cache.serves('digits', 3);
    const { terms } = asking();
    await cache.answer(callWith(1), { ...context, servable: servableOf(3) }, terms, async () =>
      outputsOf(3, callWith(1)),
    );
    expect(terms.notes.cache?.reason).toBe('closed: the accuracy is unknown');
  });

  it('fail unnoticed, and are not more than two at a time', async () => {
    let running = 0;
    let most = 0;
    const { cache, ask } = open(async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      throw new FloeError('NOT_FOUND', 'the version has gone');
    });
    for (let i = 0; i < 6; i++) await ask();
    await cache.close();
    expect(most).toBe(2);
    expect(cache.verification.stats('digits').compared).toBe(0);
  });

  it('leave out what is too large to be copied', async () => {
    let reruns = 0;
    const { cache, ask } = open(async (version, call) => {
      reruns++;
      return outputsOf(version, call);
    });
    const size = 2 ** 20 + 1;
    const large: Tensor = { dtype: 'float32', shape: [size], data: new Float32Array(size) };
    await ask({ inputs: new Map([['x', large]]) });
    await ask({ inputs: new Map([['x', large]]) });
    await cache.close();
    expect(reruns).toBe(0);
  });
});
