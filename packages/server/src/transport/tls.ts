/** Certificates of our servers: read from files, and again when these change. */
import { readFileSync } from 'node:fs';
import { asFloeError, FloeError } from '@floe/graph/base';
import { watchFiles } from './watch-files.ts';

export interface TlsOptions {
  /** PEM files: the certificate chain and its key. */
  readonly cert: string;
  readonly key: string;
  /** PEM file of authorities, by one of which the certificate that a client has to show must be signed; absent where none is asked for. */
  readonly clientCa?: string;
}

export interface SecureContext {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
  readonly requestCert?: boolean;
  readonly rejectUnauthorized?: boolean;
}

/** Throws FAILED_PRECONDITION for files that cannot be read. */
export function readTls({ cert, key, clientCa }: TlsOptions): SecureContext {
  try {
    const own = { cert: readFileSync(cert), key: readFileSync(key) };
    if (clientCa === undefined) return own;
    return { ...own, ca: readFileSync(clientCa), requestCert: true, rejectUnauthorized: true };
  } catch (cause) {
    throw new FloeError('FAILED_PRECONDITION', `TLS: ${asFloeError(cause).message}`, { file: cert }, cause);
  }
}

/** What of a server takes new certificates. */
interface Secured {
  setSecureContext(context: SecureContext): void;
}

/**
 * Puts the files as they are now into use; false where that fails. Certificate and key are often written one after the other: a pair that
 * does not match leaves the old one in use.
 */
export function renewTls(server: Secured, tls: TlsOptions): boolean {
  try {
    server.setSecureContext(readTls(tls));
    return true;
  } catch {
    return false;
  }
}

/** Puts them into use whenever they change. */
export function followTls(server: Secured, tls: TlsOptions): { close(): void } {
  const { cert, key, clientCa } = tls;
  return watchFiles([cert, key, ...(clientCa === undefined ? [] : [clientCa])], () => renewTls(server, tls));
}
