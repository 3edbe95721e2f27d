/**
 * Who is asking, and what they may do.
 *
 * With API keys, every call needs `Authorization: Bearer <key>` with the scope of what it does. Without any, inference and feedback
 * are open and managing works from this machine only, judged by the socket's address and never by a forwarded header. A browser on this machine
 * asks for whatever page it shows, so pages from elsewhere may not manage either.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { FloeError } from '@floe/graph/base';
import { ANONYMOUS, type Caller } from '../../core/terms.ts';

export const SCOPES = ['infer', 'feedback', 'manage'] as const;
export type Scope = (typeof SCOPES)[number];

export interface Credentials {
  /** Value of the `authorization` header. */
  readonly authorization: string | undefined;
  /** Address of the socket's other end. */
  readonly remoteAddress: string | undefined;
  /** Value of the `origin` header, which browsers send: the page that asks. */
  readonly origin?: string | undefined;
}

export interface Identity {
  /** Throws UNAUTHENTICATED without a known key, PERMISSION_DENIED where the key lacks the scope. */
  authorize(credentials: Credentials, scope: Scope): Caller;
}

export interface ApiKey extends Caller {
  /** SHA-256 of the key. */
  readonly digest: Buffer;
  readonly scopes: ReadonlySet<Scope>;
}

const ANYONE: Caller = { name: ANONYMOUS, weight: 1 };
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;
const PAGE_OF_THIS_MACHINE = /^https?:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/;
const BEARER = /^Bearer +([\x21-\x7e]{1,512})$/i;

/** Those of a request over HTTP. */
export function credentialsIn({ headers, socket }: IncomingMessage): Credentials {
  return { authorization: headers.authorization, remoteAddress: socket.remoteAddress, origin: headers.origin };
}

/** The rule where no keys are set. */
export const openIdentity: Identity = {
  authorize({ remoteAddress, origin }, scope) {
    if (scope !== 'manage') return ANYONE;
    if (!LOOPBACK.test(remoteAddress ?? '')) throw denied('from this machine');
    if (origin !== undefined && !PAGE_OF_THIS_MACHINE.test(origin)) throw denied('from pages of this machine');
    return ANYONE;
  },
};

function denied(where: string): FloeError {
  return new FloeError('PERMISSION_DENIED', `managing works ${where} only until API keys are set`);
}

/** The rule for a list of keys. Compares against every key, so that time tells nothing of any. */
export function authorizeByKey(keys: readonly ApiKey[], authorization: string, scope: Scope): ApiKey {
  const token = BEARER.exec(authorization)?.[1];
  if (token === undefined) throw new FloeError('UNAUTHENTICATED', 'an API key is needed: Authorization: Bearer <key>');
  const digest = hash('sha256', token, 'buffer');
  let found: ApiKey | undefined;
  for (const key of keys) if (timingSafeEqual(key.digest, digest)) found = key;
  if (found === undefined) throw new FloeError('UNAUTHENTICATED', 'this API key is not known');
  if (!found.scopes.has(scope)) {
    throw new FloeError('PERMISSION_DENIED', `the API key of ${found.name} lacks the scope ${scope}`);
  }
  return found;
}
