/** How good answers are. Pure: what was answered and what is right, in; figures, out. */
import { confidenceInterval, type Interval } from '../../core/accuracy.ts';

export interface ClassMetrics {
  readonly metrics: { readonly accuracy: number; readonly top5?: number };
  /** Where the accuracy lies, with 95 %. */
  readonly interval: Interval;
  /** Truth, answer and how often, where that was seen. */
  readonly confusion: readonly (readonly [truth: number, answer: number, count: number])[];
}

export interface NumberMetrics {
  /** `r2` is the share of the variance that is explained; absent where all labels are equal. */
  readonly metrics: { readonly mae: number; readonly rmse: number; readonly r2?: number };
}

/** Classes that an answer may name until it counts as right. */
const TOP = 5;

/** The class of the best score; the first of equal ones. */
export function best(scores: readonly number[]): number {
  return scores.indexOf(Math.max(...scores));
}

/** Takes answers one by one: all scores of a row, or the class alone. */
export class ClassTally {
  private n = 0;
  private right = 0;
  private near = 0;
  private ranked = 0;
  private readonly seen = new Map<string, number>();

  scored(truth: number, scores: readonly number[]): void {
    const own = scores[truth] ?? Number.NEGATIVE_INFINITY;
    const above = scores.filter((score, one) => score > own || (score === own && one < truth)).length;
    if (truth < scores.length && above < TOP) this.near++;
    if (scores.length > TOP) this.ranked++;
    this.answered(truth, best(scores));
  }

  answered(truth: number, answer: number): void {
    this.n++;
    if (truth === answer) this.right++;
    const key = `${truth} ${answer}`;
    this.seen.set(key, (this.seen.get(key) ?? 0) + 1);
  }

  result(): ClassMetrics {
    const { n, right, near } = this;
    const confusion = [...this.seen].map(([key, count]) => {
      const [truth = 0, answer = 0] = key.split(' ').map(Number);
      return [truth, answer, count] as const;
    });
    return {
      metrics: { accuracy: right / n, ...(this.ranked === n ? { top5: near / n } : {}) },
      interval: confidenceInterval(right, n),
      confusion: confusion.sort((a, b) => a[0] - b[0] || a[1] - b[1]),
    };
  }
}

export function numberMetrics(truth: ArrayLike<number>, answers: ArrayLike<number>): NumberMetrics {
  const n = truth.length;
  let [sum, absolute, squared] = [0, 0, 0];
  for (let at = 0; at < n; at++) {
    const error = (answers[at] as number) - (truth[at] as number);
    sum += truth[at] as number;
    absolute += Math.abs(error);
    squared += error * error;
  }
  let variance = 0;
  for (let at = 0; at < n; at++) variance += ((truth[at] as number) - sum / n) ** 2;
  const r2 = variance === 0 ? {} : { r2: 1 - squared / variance };
  return { metrics: { mae: absolute / n, rmse: Math.sqrt(squared / n), ...r2 } };
}
