/** What becomes of a job whose attempt failed: tried again, later each time, or dead. */
import type { ErrorCode } from '@floe/graph/base';

export interface Failure {
  readonly attempt: number;
  readonly lastAttempt: number;
  /** How often it may be tried in all since it was submitted, or queued again by hand. */
  readonly attempts: number;
  /** The attempt that kept a checkpoint last; 0 for none. */
  readonly keptIn: number;
  /** Of the error; `lost` where the worker fell silent, `stopped` where it was told to stop. */
  readonly code: ErrorCode | 'lost' | 'stopped';
}

export type Verdict =
  | { readonly next: 'dead' }
  /** `lastAttempt` grows by one where the attempt was not the job's fault. */
  | { readonly next: 'queued'; readonly delaySeconds: number; readonly lastAttempt: number };

/** Trying again does not mend these. */
const FOR_GOOD: ReadonlySet<string> = new Set<ErrorCode>([
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'FAILED_PRECONDITION',
  'PERMISSION_DENIED',
  'UNIMPLEMENTED',
  'DATA_LOSS',
]);

const FIRST_DELAY_SECONDS = 5;
const LONGEST_DELAY_SECONDS = 600;

export function afterFailure({ attempt, lastAttempt, attempts, keptIn, code }: Failure): Verdict {
  // Nor was it the job's fault where it got on until its worker was gone: one that is killed again and again comes to its end too.
  if (code === 'stopped' || (code === 'lost' && keptIn === attempt))
    return { next: 'queued', delaySeconds: 0, lastAttempt: lastAttempt + 1 };
  if (FOR_GOOD.has(code) || attempt >= lastAttempt) return { next: 'dead' };
  // A job that kills its worker each time ends too, but there is no reason for another machine to wait.
  if (code === 'lost') return { next: 'queued', delaySeconds: 0, lastAttempt };
  const failures = attempts - (lastAttempt - attempt);
  return {
    next: 'queued',
    delaySeconds: Math.min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** (failures - 1)),
    lastAttempt,
  };
}
