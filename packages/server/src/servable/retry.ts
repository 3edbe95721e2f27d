/** When a version that has failed is tried again, its files being the same: only where the trouble was this server's own, and later each time. */
import { isOwnTrouble } from '../core/own-trouble.ts';

const FIRST_MS = 2000;
const LONGEST_MS = 300_000;

export interface Failure {
  readonly code: string;
  /** Which try it was, from 1. */
  readonly tries: number;
  readonly at: number;
  /** Versions that served had to go for it, and requests waited: once is enough. */
  readonly hadOthersGo: boolean;
}

export function isWorthAnotherTry({ code, tries, at, hadOthersGo }: Failure, now: number): boolean {
  const wait = Math.min(LONGEST_MS, FIRST_MS * 2 ** (tries - 1));
  return isOwnTrouble(code) && !hadOthersGo && now - at >= wait;
}
