/** The `grpc-timeout` header: at most eight digits and a unit. */
import { ProtocolError } from './status.ts';

const MILLISECONDS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** Milliseconds; Infinity where there is none. Throws INTERNAL for anything else, as gRPC's own servers do. */
export function timeoutOf(header: string | string[] | undefined): number {
  if (header === undefined) return Number.POSITIVE_INFINITY;
  const [, digits, unit] = (typeof header === 'string' && /^(\d{1,8})([HMSmun])$/.exec(header)) || [];
  if (digits === undefined || unit === undefined) {
    throw new ProtocolError(`malformed grpc-timeout: ${String(header)}`, 'grpc-timeout');
  }
  return Number(digits) * (MILLISECONDS[unit] ?? 1);
}
