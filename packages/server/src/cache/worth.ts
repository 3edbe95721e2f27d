/**
 * Whether to ask the second level at all: for a model that computes faster than the second level answers it would be a detour. Both are
 * measured as they go, waiting in the queue included; one miss in so many asks anyway, so that neither figure grows old.
 */

/** Fewer measurements decide nothing. */
const FEWEST = 16;
const WEIGHT = 1 / 16;
const ASKS_ANYWAY = 64;

class Mean {
  value = 0;
  count = 0;

  add(sample: number): void {
    this.count++;
    this.value += (sample - this.value) * Math.max(WEIGHT, 1 / this.count);
  }
}

interface Computing extends Mean {
  /** Misses that did not ask. */
  passed: number;
}

export class Worth {
  private readonly asking = new Mean();
  private readonly models = new Map<string, Computing>();

  /** Counts a miss of `model`. */
  isAsked(model: string): boolean {
    const computing = this.computingOf(model);
    const isKnown = computing.count >= FEWEST && this.asking.count >= FEWEST;
    if (!isKnown || computing.value >= this.asking.value) return true;
    computing.passed++;
    return computing.passed % ASKS_ANYWAY === 0;
  }

  /** Notes how long a question to the second level took, in milliseconds. */
  asked(ms: number): void {
    this.asking.add(ms);
  }

  computed(model: string, ms: number): void {
    this.computingOf(model).add(ms);
  }

  private computingOf(model: string): Computing {
    const known = this.models.get(model);
    if (known !== undefined) return known;
    const computing = Object.assign(new Mean(), { passed: 0 });
    this.models.set(model, computing);
    return computing;
  }
}
