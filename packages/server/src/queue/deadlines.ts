/**
 * Ends tasks at their deadlines, not only when their turn comes: who waits in vain is told so at once. One alarm for all of them, set to
 * the nearest deadline.
 */
import { lateness } from './admission.ts';
import { type Entry, Heap } from './heap.ts';
import type { Task } from './task.ts';

class Due implements Entry {
  /** Milliseconds. */
  readonly key: number;
  readonly order = 0;
  at = -1;
  readonly task: Task;

  constructor(task: Task) {
    this.key = task.terms.deadline;
    this.task = task;
  }
}

export interface DeadlinesOptions {
  /** Milliseconds. */
  readonly clock: () => number;
  readonly after: (seconds: number, work: () => void) => void;
}

export class Deadlines {
  private readonly options: DeadlinesOptions;
  private readonly dues = new Heap<Due>();
  private readonly byTask = new Map<Task, Due>();
  /** Deadline that an alarm is set to; Infinity where none is. */
  private alarm = Number.POSITIVE_INFINITY;

  constructor(options: DeadlinesOptions) {
    this.options = options;
  }

  watch(task: Task): void {
    if (task.terms.deadline === Number.POSITIVE_INFINITY) return;
    const due = new Due(task);
    this.byTask.set(task, due);
    this.dues.push(due);
    this.set();
  }

  /** A task that has settled. */
  forget(task: Task): void {
    const due = this.byTask.get(task);
    if (due === undefined) return;
    this.byTask.delete(task);
    this.dues.remove(due);
  }

  private set(): void {
    const first = this.dues.first();
    if (first === undefined || first.key >= this.alarm) return;
    this.alarm = first.key;
    this.options.after(Math.max(0, first.key - this.options.clock()) / 1000, () => this.ring(first.key));
  }

  private ring(alarm: number): void {
    // A nearer alarm may have been set since, which has rung or will.
    if (alarm === this.alarm) this.alarm = Number.POSITIVE_INFINITY;
    const now = this.options.clock();
    for (let due = this.dues.first(); due !== undefined; due = this.dues.first()) {
      const late = lateness(now, due.key, 0);
      if (late === undefined) break;
      this.forget(due.task);
      // Rows that all are under way will be answered before long; what is left of others is never run.
      if (due.task.left > 0) due.task.end('expired', late);
    }
    this.set();
  }
}
