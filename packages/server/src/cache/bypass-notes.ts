/**
 * Notes of requests that go past the cache. Until the figures of a version change they all say the same, so one object serves many: the
 * latest thousands are remembered to be explained, and each that is remembered costs the garbage collector time.
 */
import type { ServableInfo } from '../core/inference.ts';
import type { CacheNote } from '../core/terms.ts';
import { type CachePolicy, reason, type Serving } from './gate.ts';

interface Made {
  readonly refusal?: string;
  readonly accuracy?: number | undefined;
  readonly held?: string | undefined;
  readonly note: CacheNote;
}

export class BypassNotes {
  private readonly policy: CachePolicy;
  private readonly latest = new WeakMap<ServableInfo, Made>();

  constructor(policy: CachePolicy) {
    this.policy = policy;
  }

  /** The request, or what it asks for, is not for the cache. */
  refused(servable: ServableInfo, refusal: string): CacheNote {
    const made = this.latest.get(servable);
    return made?.refusal === refusal ? made.note : this.make(servable, { refusal, note: noteOf(servable, refusal) });
  }

  /** The gate is closed. */
  closed(servable: ServableInfo, serving: Serving): CacheNote {
    const made = this.latest.get(servable);
    const { accuracy, held } = serving;
    const holds = made !== undefined && made.refusal === undefined && made.accuracy === accuracy && made.held === held;
    if (holds) return made.note;
    const why = reason('closed', undefined, serving, this.policy);
    return this.make(servable, { accuracy, held, note: noteOf(servable, why, accuracy) });
  }

  private make(servable: ServableInfo, made: Made): CacheNote {
    this.latest.set(servable, made);
    return made.note;
  }
}

function noteOf({ version }: ServableInfo, why: string, accuracy?: number): CacheNote {
  return { state: 'bypass', reason: why, version, ...(accuracy === undefined ? {} : { accuracy }) };
}
