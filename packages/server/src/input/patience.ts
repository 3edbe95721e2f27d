/** Waiting for something for as long as its caller is there and its deadline has not passed. */
import { FloeError } from '@floe/graph/base';
import type { Terms } from '../core/terms.ts';

/** What of a caller's terms decides how long it waits. */
export type Patience = Pick<Terms, 'signal' | 'deadline'>;

/** Longest wait that a timer can be set for. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Throws CANCELLED or DEADLINE_EXCEEDED where there is no use in beginning. */
export function checkPatience({ signal, deadline }: Patience): void {
  if (signal.aborted) throw gone();
  if (deadline <= performance.now()) throw tooLate();
}

/** `result`, or CANCELLED or DEADLINE_EXCEEDED as soon as the caller's patience ends; the work itself goes on. */
export function patiently<T>(result: Promise<T>, { signal, deadline }: Patience): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const leave = (error: FloeError): void => {
      done();
      reject(error);
    };
    const onAbort = (): void => leave(gone());
    const wait = deadline - performance.now();
    const timer = wait < MAX_TIMER_MS ? setTimeout(() => leave(tooLate()), wait) : undefined;
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    result.then(resolve, reject).finally(done);
  });
}

function gone(): FloeError {
  return new FloeError('CANCELLED', 'the caller has gone');
}

function tooLate(): FloeError {
  return new FloeError('DEADLINE_EXCEEDED', 'the deadline has passed');
}
