/**
 * Whether a task may join the queue, from a snapshot of it. The queue is bounded by the seconds of work that are predicted for it, not
 * by a count: a hundred small requests are less than one large one.
 */
import { FloeError } from '@floe/graph/base';

export interface Load {
  /** Predicted seconds of all unfinished tasks. */
  readonly seconds: number;
  /** The same of this caller. */
  readonly callerSeconds: number;
  /** Callers with unfinished tasks, now or a moment ago, this one included. */
  readonly callers: number;
}

export interface Limits {
  /** Predicted seconds of work that may be unfinished at a time. */
  readonly queueSeconds: number;
  /** Runs under way at a time. */
  readonly slots: number;
}

/**
 * RESOURCE_EXHAUSTED, with the seconds until there is room, where the queue is full, or where it is half full and the caller holds more
 * than its part. What is longer than half a queue counts as half, or it would never get in; so does a caller's only task.
 */
export function refusal(cost: number, load: Load, { queueSeconds, slots }: Limits): FloeError | undefined {
  const half = queueSeconds / 2;
  const after = load.seconds + Math.min(cost, half);
  if (after > queueSeconds) {
    const message = `${seconds(load.seconds)} of work are unfinished, ${seconds(queueSeconds)} may be`;
    return exhausted(message, after - queueSeconds, slots);
  }
  const part = queueSeconds / load.callers;
  const over = Math.min(after - half, load.callerSeconds + cost - part);
  if (load.callers < 2 || load.callerSeconds === 0 || over <= 0) return undefined;
  const message = `${seconds(load.callerSeconds)} of work of this caller are unfinished, its part is ${seconds(part)}`;
  return exhausted(message, over, slots);
}

/** RESOURCE_EXHAUSTED where the inputs that wait already leave no room for more: seconds say nothing of memory. */
export function tooMuch(
  bytes: number,
  held: number,
  { queueBytes, queueSeconds, slots }: Limits & { readonly queueBytes: number },
): FloeError | undefined {
  if (held === 0 || held + bytes <= queueBytes) return undefined;
  const message = `${megabytes(held)} of inputs are unfinished, ${megabytes(queueBytes)} may be`;
  return exhausted(message, Math.min(1, queueSeconds), slots);
}

/** DEADLINE_EXCEEDED for a task that would only be looked at when its time is over. Milliseconds. */
export function lateness(now: number, deadline: number, waitSeconds: number): FloeError | undefined {
  if (now >= deadline) return new FloeError('DEADLINE_EXCEEDED', 'the deadline has passed');
  if (now + waitSeconds * 1000 < deadline) return undefined;
  const left = seconds((deadline - now) / 1000);
  return new FloeError('DEADLINE_EXCEEDED', `${seconds(waitSeconds)} of work are ahead, the deadline is in ${left}`);
}

export function cancelled(): FloeError {
  return new FloeError('CANCELLED', 'the caller has gone');
}

export function closedScheduler(): FloeError {
  return new FloeError('UNAVAILABLE', 'the server is shutting down');
}

function exhausted(message: string, excess: number, slots: number): FloeError {
  return new FloeError('RESOURCE_EXHAUSTED', `the queue is full: ${message}`, { retryAfterSeconds: excess / slots });
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toPrecision(3)} MB`;
}

function seconds(value: number): string {
  return `${value.toPrecision(3)} s`;
}
