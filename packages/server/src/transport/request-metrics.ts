/** What is counted of every request of a server, as plain numbers. */

/** Upper bounds of the latency buckets, in seconds. */
export const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10] as const;

export interface Answers {
  readonly kind: string;
  readonly model: string;
  readonly code: string;
  count: number;
}

export interface Durations {
  readonly kind: string;
  readonly model: string;
  /** Answers by the first bucket that holds them; the last one has no bound. */
  readonly counts: number[];
  /** Seconds in all. */
  sum: number;
}

interface Counters {
  readonly answers: Answers;
  readonly durations: Durations;
}

export class RequestMetrics {
  readonly answers = new Map<string, Answers>();
  readonly durations = new Map<string, Durations>();
  /** Requests under way. */
  inFlight = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** Answers about models that went well. */
  inferences = 0;
  private last: Counters | undefined;

  begin(): void {
    this.inFlight += 1;
  }

  /** Counts an answer. `model` has to be one that is served, or `unknown`, or empty where there is none; `kind` one of few. */
  count(
    kind: string,
    model: string,
    code: string,
    wentWell: boolean,
    seconds: number,
    bytesIn: number,
    bytesOut: number,
  ): void {
    this.inFlight -= 1;
    this.bytesIn += bytesIn;
    this.bytesOut += bytesOut;
    if (wentWell && model !== '') this.inferences += 1;
    const { answers, durations } = this.countersOf(kind, model, code);
    answers.count += 1;
    const bucket = BUCKETS.findIndex((bound) => seconds <= bound);
    const at = bucket < 0 ? BUCKETS.length : bucket;
    durations.counts[at] = (durations.counts[at] ?? 0) + 1;
    durations.sum += seconds;
  }

  /** Usually those of the answer before: to put a key together and find it was a hundredth of a tiny model's answer. */
  private countersOf(kind: string, model: string, code: string): Counters {
    const { last } = this;
    const { answers } = last ?? {};
    if (last !== undefined && answers?.kind === kind && answers.model === model && answers.code === code) return last;
    this.last = { answers: this.answersOf(kind, model, code), durations: this.durationsOf(kind, model) };
    return this.last;
  }

  private answersOf(kind: string, model: string, code: string): Answers {
    const key = `${kind} ${code} ${model}`;
    const known = this.answers.get(key);
    if (known !== undefined) return known;
    const answers = { kind, model, code, count: 0 };
    this.answers.set(key, answers);
    return answers;
  }

  private durationsOf(kind: string, model: string): Durations {
    const key = `${kind} ${model}`;
    const known = this.durations.get(key);
    if (known !== undefined) return known;
    const durations = { kind, model, counts: new Array<number>(BUCKETS.length + 1).fill(0), sum: 0 };
    this.durations.set(key, durations);
    return durations;
  }
}
