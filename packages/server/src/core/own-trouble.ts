import type { ErrorCode } from '@floe/graph/base';

/**
 * What is a server's own, and may pass: a store or a disk that gives no answer, room that lacks, permission that it has not. Others may serve the
 * version well, and so may this one later.
 */
const CODES: ReadonlySet<string> = new Set<ErrorCode>(['UNAVAILABLE', 'RESOURCE_EXHAUSTED', 'PERMISSION_DENIED']);

export function isOwnTrouble(code: string): boolean {
  return CODES.has(code);
}
