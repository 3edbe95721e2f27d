/**
 * Objects in a bucket of S3, or of any server that speaks its protocol and knows conditional writes. Credentials come by the SDK's usual chain
 * (environment, profile, web identity, instance).
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { getCACertificates } from 'node:tls';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { type ErrorCode, FloeError } from '@floe/graph/base';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { writeWhole } from '../whole-file.ts';
import { type Condition, checkKey, type ObjectEntry, type ObjectStore, type StoredObject } from './object-store.ts';

export interface S3Place {
  readonly bucket: string;
  /** Begins all keys; empty or ends in `/`. */
  readonly prefix: string;
  readonly region: string;
  /** Of another server than Amazon's. */
  readonly endpoint?: string;
  readonly pathStyle: boolean;
  /** PEM certificates to trust beside the system's. */
  readonly ca?: string;
}

const CONNECT_MS = 3000;
/** Without a byte from the server. */
const SILENCE_MS = 15_000;
/** The SDK tries again what got no answer, or an error; we what broke off, and bodies that cannot be sent twice. */
const SDK_TRIES = 3;
const TRIES = 2;
const FIRST_WAIT_MS = 200;
const MOST_SOCKETS = 32;

export class S3Objects implements ObjectStore {
  readonly url: string;
  private readonly place: S3Place;
  private readonly client: S3Client;

  constructor(place: S3Place) {
    this.place = place;
    this.url = `s3://${place.bucket}/${place.prefix}`.replace(/\/$/, '');
    const agent = { keepAlive: true, maxSockets: MOST_SOCKETS, proxyEnv: process.env };
    this.client = new S3Client({
      region: place.region,
      forcePathStyle: place.pathStyle,
      maxAttempts: SDK_TRIES,
      // Checksums in trailers are not for all servers; content has digests of its own.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: new NodeHttpHandler({
        connectionTimeout: CONNECT_MS,
        socketTimeout: SILENCE_MS,
        httpAgent: new HttpAgent(agent),
        httpsAgent: new HttpsAgent({ ...agent, ...(place.ca === undefined ? {} : { ca: trusted(place.ca) }) }),
      }),
      ...(place.endpoint === undefined ? {} : { endpoint: place.endpoint }),
    });
  }

  get(key: string, etag?: string): Promise<StoredObject | 'unchanged' | undefined> {
    const command = new GetObjectCommand({ ...this.name(key), ...(etag === undefined ? {} : { IfNoneMatch: etag }) });
    return this.tried(key, async () => {
      const found = await this.client.send(command).catch((error: unknown) => {
        if (statusOf(error) === 304) return 'unchanged' as const;
        if (isAbsent(error)) return undefined;
        throw error;
      });
      if (found === undefined || found === 'unchanged') return found;
      const bytes = (await found.Body?.transformToByteArray()) ?? new Uint8Array(0);
      checkLength(found.ContentLength, bytes.length);
      return { bytes, etag: found.ETag ?? '' };
    });
  }

  download(key: string, file: string): Promise<boolean> {
    return this.tried(key, async () => {
      const found = await this.client.send(new GetObjectCommand(this.name(key))).catch((error: unknown) => {
        if (isAbsent(error)) return undefined;
        throw error;
      });
      if (found === undefined) return false;
      await writeWhole(file, counted(found.Body as Readable, found.ContentLength));
      return true;
    });
  }

  put(key: string, bytes: Uint8Array, condition?: Condition): Promise<string | undefined> {
    const command = new PutObjectCommand({ ...this.name(key), Body: bytes, ...conditionOf(condition) });
    return this.tried(key, async () => {
      const done = await this.client.send(command).catch((error: unknown) => {
        // 404: it was to be as it was read, and is gone. 409: somebody else writes it at this moment.
        const isOther = condition !== undefined && [404, 409, 412].includes(statusOf(error)) && !isNoBucket(error);
        if (isOther) return undefined;
        throw error;
      });
      return done === undefined ? undefined : (done.ETag ?? '');
    });
  }

  upload(key: string, file: string): Promise<void> {
    return this.tried(key, async () => {
      const { size } = await stat(file);
      // A stream cannot be sent twice, so this tries again and not the SDK.
      const command = new PutObjectCommand({ ...this.name(key), Body: createReadStream(file), ContentLength: size });
      await this.client.send(command);
    });
  }

  delete(key: string): Promise<void> {
    return this.tried(key, async () => {
      await this.client.send(new DeleteObjectCommand(this.name(key)));
    });
  }

  async *list(prefix: string): AsyncIterable<ObjectEntry> {
    const { bucket: Bucket, prefix: own } = this.place;
    for (let ContinuationToken: string | undefined; ; ) {
      const command = new ListObjectsV2Command({
        Bucket,
        Prefix: own + prefix,
        ...(ContinuationToken === undefined ? {} : { ContinuationToken }),
      });
      const page = await this.tried(prefix, () => this.client.send(command));
      for (const { Key = '', Size: bytes = 0, LastModified: modified = new Date(0) } of page.Contents ?? [])
        yield { key: Key.slice(own.length), bytes, modified };
      ContinuationToken = page.NextContinuationToken;
      if (ContinuationToken === undefined) return;
    }
  }

  close(): void {
    this.client.destroy();
  }

  private name(key: string): { Bucket: string; Key: string } {
    checkKey(key);
    return { Bucket: this.place.bucket, Key: this.place.prefix + key };
  }

  /** Answers that break off, and bodies that cannot be sent twice, are the SDK's to report and ours to try again. */
  private async tried<T>(key: string, work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        const known = this.errorOf(error, key);
        if (known.code !== 'UNAVAILABLE' || attempt === TRIES) throw known;
      }
      await delay(FIRST_WAIT_MS * 2 ** attempt);
    }
  }

  private errorOf(error: unknown, key: string): FloeError {
    if (error instanceof FloeError && error.code !== 'UNAVAILABLE') return error;
    const { name, message } = error as Error;
    const code =
      CODES.get(statusOf(error)) ?? (name === 'CredentialsProviderError' ? 'PERMISSION_DENIED' : 'UNAVAILABLE');
    const reason = message === '' || message === name ? name : `${name}: ${message}`;
    return new FloeError(code, `${this.url}/${key}: ${reason}`, { file: `${this.url}/${key}` }, error);
  }
}

/** These certificates, and those that are trusted anyway. */
function trusted(ca: string): string[] {
  return [...getCACertificates('default'), ca];
}

const CODES: ReadonlyMap<number, ErrorCode> = new Map([
  [301, 'INVALID_ARGUMENT'],
  [400, 'INVALID_ARGUMENT'],
  [401, 'PERMISSION_DENIED'],
  [403, 'PERMISSION_DENIED'],
  [404, 'NOT_FOUND'],
  [405, 'UNIMPLEMENTED'],
  [501, 'UNIMPLEMENTED'],
  [507, 'RESOURCE_EXHAUSTED'],
]);

function conditionOf(condition: Condition | undefined): { IfMatch?: string; IfNoneMatch?: string } {
  if (condition === undefined) return {};
  return 'ifMatch' in condition ? { IfMatch: condition.ifMatch } : { IfNoneMatch: '*' };
}

function statusOf(error: unknown): number {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0;
}

/** No such object. No such bucket is a fault. */
function isAbsent(error: unknown): boolean {
  return statusOf(error) === 404 && !isNoBucket(error);
}

function isNoBucket(error: unknown): boolean {
  return (error as Error).name === 'NoSuchBucket';
}

function checkLength(expected: number | undefined, found: number): void {
  if (expected === undefined || expected === found) return;
  throw new FloeError('UNAVAILABLE', `the answer broke off after ${found} of ${expected} bytes`);
}

async function* counted(body: Readable, expected: number | undefined): AsyncGenerator<Uint8Array> {
  let found = 0;
  for await (const chunk of body) {
    found += (chunk as Uint8Array).length;
    yield chunk as Uint8Array;
  }
  checkLength(expected, found);
}
