/** The whole cache against the rule written down as plainly as possible, under any sequence of versions, figures, purges and questions. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AccuracyBook } from '../../src/cache/accuracy-book.ts';
import { DEFAULT_POLICY } from '../../src/cache/gate.ts';
import { OutputCache } from '../../src/cache/output-cache.ts';
import { asking, callWith, outputsOf, servableOf } from './fixture.ts';

const MILESTONES = [0.85, 0.9, 0.95, 0.98];
const reached = (accuracy: number): number => MILESTONES.filter((milestone) => accuracy >= milestone).length;

class PlainRule {
  private readonly answers = new Map<number, { readonly version: number; readonly band: number }>();
  private readonly accuracy = new Map<number, number>();
  version = 0;

  measured(version: number, accuracy: number): void {
    this.accuracy.set(version, accuracy);
    if (accuracy < 0.8) this.forget((of) => of === version || version === this.version);
  }

  serves(version: number): void {
    if (version < this.version) this.forget((of) => of > version);
    this.version = version;
    if (this.isClosed()) this.answers.clear();
  }

  purge(version: number): void {
    this.forget((of) => of === version);
  }

  /** Version whose answer is given, and how. */
  ask(input: number): string {
    if (this.isClosed()) return `bypass v${this.version}`;
    const band = reached(this.accuracy.get(this.version) ?? 0);
    const answer = this.answers.get(input);
    const isLastOfAnOldVersion = answer?.band === MILESTONES.length && answer.version < this.version;
    if (answer !== undefined && answer.band >= band && !isLastOfAnOldVersion) return `hit v${answer.version}`;
    this.answers.set(input, { version: this.version, band });
    return `miss v${this.version}`;
  }

  private isClosed(): boolean {
    return (this.accuracy.get(this.version) ?? 0) < 0.8;
  }

  private forget(matches: (version: number) => boolean): void {
    for (const [input, { version }] of this.answers) if (matches(version)) this.answers.delete(input);
  }
}

const version = fc.integer({ min: 1, max: 4 });
const accuracy = fc.constantFrom(0.5, 0.79, 0.8, 0.84, 0.85, 0.9, 0.93, 0.97, 0.98, 1);
const ask = fc.record({ act: fc.constant('ask' as const), input: fc.integer({ min: 1, max: 3 }) });
const event = fc.oneof(
  ask,
  ask,
  fc.record({ act: fc.constant('serve' as const), version, accuracy }),
  fc.record({ act: fc.constant('measure' as const), version, accuracy }),
  fc.record({ act: fc.constant('purge' as const), version }),
);

it('gives what the plain rule gives', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 5, maxLength: 60 }), async (events) => {
      const book = new AccuracyBook();
      const rule = new PlainRule();
      const cache = new OutputCache({
        policy: DEFAULT_POLICY,
        verify: { every: 0, bound: 0.2 },
        limitBytes: 2 ** 20,
        accuracy: book,
      });
      const start = { act: 'serve' as const, version: 1, accuracy: 0.8 };
      for (const one of [start, ...events]) {
        if (one.act === 'ask') {
          const { terms } = asking();
          const call = callWith(one.input);
          const context = {
            servable: servableOf(rule.version),
            ref: { name: 'digits' },
            isStable: true,
          };
          const compute = async () => outputsOf(rule.version, call);
          const { version: computedBy, outputs } = await cache.answer(call, context, terms, compute);
          expect(`${terms.notes.cache?.state} v${computedBy}`).toBe(rule.ask(one.input));
          expect(outputs).toEqual(outputsOf(computedBy, call));
          expect(terms.notes.cache?.version).toBe(computedBy);
        } else if (one.act === 'purge') {
          cache.purge('digits', one.version);
          rule.purge(one.version);
        } else {
          book.state('digits', one.version, one.accuracy);
          rule.measured(one.version, one.accuracy);
          if (one.act === 'measure') continue;
          cache.serves('digits', one.version);
          rule.serves(one.version);
        }
      }
    }),
    { numRuns: 400 },
  );
});
