/** Request ids: the caller's where it is sane, else our own; echoed in `x-request-id`. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const SANE = /^[A-Za-z0-9._:/+=-]{1,128}$/;
/** Random once for each process, counted after that: unique without a random number for each request. */
const prefix = randomBytes(6).toString('base64url');
let count = 0;

export function requestId(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  if (typeof given === 'string' && SANE.test(given)) return given;
  count += 1;
  return `${prefix}-${count.toString(36)}`;
}
