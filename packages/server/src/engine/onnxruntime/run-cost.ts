/**
 * What a run of one session takes, learned from the runs themselves: it decides whether a run is worth a thread.
 * Runs of about the same size (within a factor of two in elements fed) share an estimate, so a large batch is not judged by a small one.
 */

/** A hop to another thread and back costs 50 to 150 us and the event loop may well be blocked for as long. */
const INLINE_MICROS = 200;
/** What was timed off the event loop includes the hop and the queue: such a run is tried inline once before it is called large. */
const TRIAL_MICROS = 2000;
/** Weight of a new measurement. */
const SHARE = 1 / 8;
/**
 * A measurement counts for at most so many times the estimate: one that was preempted says nothing of the graph. Without this a quarter
 * of a tiny model's runs took the hop on a busy machine. A graph that really got slower is still found out within a few runs.
 */
const MOST_GROWTH = 4;

interface Estimate {
  micros: number;
  timedInline: boolean;
}

export class RunCost {
  private readonly bySize: (Estimate | undefined)[] = [];

  /** Microseconds to reserve for a run inline, or undefined if it belongs off the event loop; so does a size never seen. */
  inlineMicros(elements: number): number | undefined {
    const estimate = this.bySize[sizeClass(elements)];
    if (estimate === undefined) return undefined;
    return estimate.micros < (estimate.timedInline ? INLINE_MICROS : TRIAL_MICROS) ? estimate.micros : undefined;
  }

  /** Known to belong off the event loop. */
  isLarge(elements: number): boolean {
    return this.bySize[sizeClass(elements)] !== undefined && this.inlineMicros(elements) === undefined;
  }

  sawInline(elements: number, micros: number): void {
    const estimate = this.bySize[sizeClass(elements)];
    const known = estimate?.timedInline === true && micros > estimate.micros;
    const counted = known ? Math.min(micros, estimate.micros * MOST_GROWTH) : micros;
    const smoothed = known ? estimate.micros + (counted - estimate.micros) * SHARE : micros;
    this.bySize[sizeClass(elements)] = { micros: smoothed, timedInline: true };
  }

  /** Off the event loop only the fastest run says something of the graph; the others say how busy the machine is. */
  sawPooled(elements: number, micros: number): void {
    const estimate = this.bySize[sizeClass(elements)];
    if (estimate === undefined) this.bySize[sizeClass(elements)] = { micros, timedInline: false };
    else if (micros < estimate.micros) estimate.micros = micros;
  }
}

function sizeClass(elements: number): number {
  return Math.ceil(Math.log2(Math.max(1, elements)));
}
