/**
 * Requests that come, wait, leave, fail and land in any order, while versions and accuracies change under them. Each run marks its answer,
 * so that every answer tells when it was begun.
 */
import { FloeError } from '@floe/graph';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AccuracyBook } from '../../src/cache/accuracy-book.ts';
import { DEFAULT_POLICY } from '../../src/cache/gate.ts';
import { OutputCache } from '../../src/cache/output-cache.ts';
import type { NamedTensor } from '../../src/core/inference.ts';
import { type Asking, asking, callWith, floats, servableOf } from './fixture.ts';

interface Run {
  readonly version: number;
  /** Number of events before it. */
  readonly begun: number;
  land(): void;
  fail(): void;
}

interface Asked {
  readonly asking: Asking;
  readonly at: number;
  outcome?: { readonly run: number; readonly version: number } | { readonly code: string };
}

class World {
  readonly book = new AccuracyBook();
  readonly cache: OutputCache;
  readonly runs: Run[] = [];
  readonly asked: Asked[] = [];
  /** When everything that was stored became void, and when what a version computed did. */
  readonly closures: number[] = [];
  readonly purges: { readonly version: number; readonly at: number }[] = [];
  version = 0;
  now = 0;

  constructor() {
    const verify = { every: 0, bound: 0 };
    this.cache = new OutputCache({ policy: DEFAULT_POLICY, verify, limitBytes: 2 ** 20, accuracy: this.book });
  }

  serve(version: number, accuracy: number): void {
    this.book.state('digits', version, accuracy);
    if (version < this.version) for (let newer = version + 1; newer <= 4; newer++) this.purged(newer);
    this.version = version;
    this.cache.serves('digits', version);
    if (accuracy < DEFAULT_POLICY.open) this.closures.push(this.now);
  }

  purge(version: number): void {
    this.cache.purge('digits', version);
    this.purged(version);
  }

  ask(input: number): void {
    const one: Asked = { asking: asking(), at: this.now };
    this.asked.push(one);
    const context = { servable: servableOf(this.version), ref: { name: 'digits' }, isStable: true };
    const { version } = this;
    const compute = (): Promise<readonly NamedTensor[]> => this.begin(version);
    const settle = ({ outputs, version: computedBy }: { outputs: readonly NamedTensor[]; version: number }): void => {
      one.outcome = { run: Number(outputs[0]?.tensor.data[0]), version: computedBy };
    };
    Promise.resolve(this.cache.answer(callWith(input), context, one.asking.terms, compute)).then(
      settle,
      (error: FloeError) => (one.outcome = { code: error.code }),
    );
  }

  /** Whether an answer that this run began may be given to who asks at `at`. */
  mayGive(run: number, at: number): boolean {
    const { begun, version } = this.runs[run] as Run;
    const isBetween = (time: number): boolean => begun < time && time <= at;
    return !this.closures.some(isBetween) && !this.purges.some((one) => one.version === version && isBetween(one.at));
  }

  private purged(version: number): void {
    this.purges.push({ version, at: this.now });
  }

  private begin(version: number): Promise<readonly NamedTensor[]> {
    const id = this.runs.length;
    return new Promise((resolve, reject) => {
      const outputs = ['z', 'y'].map((name) => ({ name, tensor: floats(id) }));
      const land = (): void => resolve(outputs);
      const fail = (): void => reject(new FloeError('UNAVAILABLE', 'no'));
      this.runs.push({ version, begun: this.now, land, fail });
    });
  }
}

const which = fc.nat(30);
const ask = fc.record({ act: fc.constant('ask' as const), input: fc.integer({ min: 1, max: 2 }) });
const event = fc.oneof(
  ask,
  ask,
  ask,
  fc.record({ act: fc.constant('land' as const), which }),
  fc.record({ act: fc.constant('land' as const), which }),
  fc.record({ act: fc.constant('fail' as const), which }),
  fc.record({ act: fc.constant('leave' as const), which }),
  fc.record({
    act: fc.constant('serve' as const),
    version: fc.integer({ min: 1, max: 4 }),
    accuracy: fc.constantFrom(0.7, 0.8, 0.86, 0.99),
  }),
  fc.record({ act: fc.constant('purge' as const), version: fc.integer({ min: 1, max: 4 }) }),
);

it('no answer outlives a closure or a purge, all requests are settled, and the counts add up', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 40 }), async (events) => {
      const world = new World();
      world.serve(1, 0.8);
      for (const one of events) {
        world.now++;
        if (one.act === 'ask') world.ask(one.input);
        else if (one.act === 'land') world.runs[one.which]?.land();
        else if (one.act === 'fail') world.runs[one.which]?.fail();
        else if (one.act === 'leave') world.asked[one.which]?.asking.leave();
        else if (one.act === 'serve') world.serve(one.version, one.accuracy);
        else world.purge(one.version);
        await new Promise((resolve) => setImmediate(resolve));
      }
      for (const run of world.runs) run.land();
      await new Promise((resolve) => setImmediate(resolve));
      const answered = world.asked.filter(({ outcome }) => outcome !== undefined && 'run' in outcome);
      for (const { outcome, at } of answered) {
        if (outcome === undefined || 'code' in outcome) continue;
        expect(outcome.version).toBe(world.runs[outcome.run]?.version);
        expect(world.mayGive(outcome.run, at)).toBe(true);
      }
      expect(world.asked.filter(({ outcome }) => outcome === undefined)).toEqual([]);
      const { hits, misses, bypassed } = world.cache.stats();
      expect(hits + misses + bypassed).toBe(answered.length);
    }),
    { numRuns: 150 },
  );
});
