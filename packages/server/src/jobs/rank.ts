/**
 * The order of jobs as the whole numbers that pg-boss sorts by, highest first: the key of `core/order.ts`, which is in seconds, turned
 * round and counted in hundredths from a day on which there was no job yet. 32 bits last until 2060.
 *
 * A day of work takes the place of the inference queue's bound: no job waits longer than two days over its weight plus the time in which
 * the devices do a day's work.
 */
import { type Arrival, keyOf } from '../core/order.ts';

export const HORIZON_SECONDS = 24 * 3600;

const FIRST_DAY = Date.UTC(2026, 0, 1) / 1000;
const STEPS = 100;
const INT32 = 2 ** 31 - 1;

/** `arrival.at` in seconds since 1970. */
export function rankOf(arrival: Arrival): number {
  const key = keyOf('size-first', { ...arrival, at: arrival.at - FIRST_DAY }, HORIZON_SECONDS);
  return -Math.min(INT32, Math.max(-INT32, Math.round(key * STEPS)));
}
