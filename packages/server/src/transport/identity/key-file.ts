/**
 * API keys from a YAML or JSON file, re-read when it changes:
 *
 *   keys:
 *     - caller: shop
 *       sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08   # printf %s "$KEY" | sha256sum
 *       scopes: [infer, feedback]
 *       weight: 2
 *       requestsPerSecond: 50
 *
 * A file that cannot be read or makes no sense leaves the last good keys in force and is logged.
 */
import { readFileSync } from 'node:fs';
import { asFloeError, FloeError } from '@floe/graph/base';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Caller } from '../../core/terms.ts';
import { type FileWatch, watchFiles } from '../watch-files.ts';
import { type ApiKey, authorizeByKey, type Credentials, type Identity, SCOPES, type Scope } from './identity.ts';

const KeyFile = z.strictObject({
  keys: z.array(
    z.strictObject({
      caller: z.string().min(1).max(128),
      sha256: z.string().regex(/^[0-9a-fA-F]{64}$/, '64 hex digits are expected'),
      scopes: z.array(z.enum(SCOPES)).min(1),
      weight: z.number().positive().max(1000).default(1),
      requestsPerSecond: z.number().positive().optional(),
    }),
  ),
});

/** The part of a logger that this needs. */
export interface KeyLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const MOST_KNOWN = 1024;

export class KeyFileIdentity implements Identity {
  private readonly path: string;
  private readonly log: KeyLog;
  private keys: readonly ApiKey[];
  private watch: FileWatch | undefined;
  /** Headers that were found good since the file was read: digesting costs more than the rest of the check. Only good ones get in. */
  private readonly known = new Map<string, ApiKey>();

  /** Throws FAILED_PRECONDITION where the file is missing or malformed. */
  constructor(path: string, log: KeyLog) {
    this.path = path;
    this.log = log;
    this.keys = readKeys(path);
  }

  authorize({ authorization = '' }: Credentials, scope: Scope): Caller {
    const known = this.known.get(authorization);
    if (known?.scopes.has(scope)) return known;
    const key = authorizeByKey(this.keys, authorization, scope);
    // One key can be written in any number of ways.
    if (this.known.size >= MOST_KNOWN) this.known.clear();
    this.known.set(authorization, key);
    return key;
  }

  /** Reads the file again; true where its keys are now in force. */
  reload(): boolean {
    try {
      this.keys = readKeys(this.path);
      this.known.clear();
      this.log.info({ file: this.path, keys: this.keys.length }, 'API keys read');
      return true;
    } catch (thrown) {
      this.log.error(
        { file: this.path, reason: asFloeError(thrown).message },
        'API keys unchanged: the file is not usable',
      );
      return false;
    }
  }

  /** Reloads whenever the file changes, until `close`. */
  watchFile(): this {
    this.watch ??= watchFiles([this.path], () => this.reload());
    return this;
  }

  close(): void {
    this.watch?.close();
    this.watch = undefined;
  }
}

function readKeys(path: string): ApiKey[] {
  const parsed = KeyFile.safeParse(readYaml(path));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = issue?.path.join('.') ?? '';
    throw new FloeError('FAILED_PRECONDITION', `${path}: ${field}: ${issue?.message}`, { file: path, field });
  }
  return parsed.data.keys.map(({ caller, sha256, scopes, weight, requestsPerSecond }) => ({
    name: caller,
    weight,
    ...(requestsPerSecond === undefined ? {} : { requestsPerSecond }),
    digest: Buffer.from(sha256, 'hex'),
    scopes: new Set(scopes),
  }));
}

function readYaml(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new FloeError('FAILED_PRECONDITION', `${path}: ${asFloeError(cause).message}`, { file: path }, cause);
  }
}
