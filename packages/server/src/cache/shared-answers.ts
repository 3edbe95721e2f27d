/**
 * What the output cache asks of the second level: answers that the rule allows, where asking is faster than computing. What others have
 * closed or purged is learned with every question.
 */
import { type Entry, isReachable, select } from './entry.ts';
import { type CachePolicy, gate, type Serving } from './gate.ts';
import type { ModelMarks } from './marks.ts';
import type { SecondLevel } from './second-level.ts';
import { Worth } from './worth.ts';

export interface Wanted {
  /** Names of the outputs. */
  readonly names: readonly string[];
  readonly serving: Serving;
  readonly marks: ModelMarks;
  /** Part of the key. */
  readonly epoch: number;
}

export class SharedAnswers {
  private readonly second: SecondLevel;
  private readonly policy: CachePolicy;
  private readonly worth = new Worth();

  constructor(second: SecondLevel, policy: CachePolicy) {
    this.second = second;
    this.policy = policy;
  }

  /** Counts a miss of `model`. */
  isWorthAsking(model: string): boolean {
    return this.worth.isAsked(model);
  }

  /** How long computing an answer of `model` took, in milliseconds. */
  computed(model: string, ms: number): void {
    this.worth.computed(model, ms);
  }

  async find(key: string, model: string, { names, serving, marks, epoch }: Wanted): Promise<Entry | undefined> {
    const began = performance.now();
    const found = await this.second.find(model, key);
    this.worth.asked(performance.now() - began);
    if (found === undefined) return undefined;
    if (marks.adopt(found.marks)) this.second.publish(model, marks);
    const { entry } = found;
    // The key was made in an epoch that is over.
    if (entry === undefined || marks.epoch !== epoch || !isReachable(entry, marks)) return undefined;
    return gate(entry, serving, this.policy) === 'hit' && select(entry, names) !== undefined ? entry : undefined;
  }

  store(key: string, entry: Entry): void {
    this.second.store(key, entry);
  }
}
