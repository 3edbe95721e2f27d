/**
 * Redis as the store behind the second level, by the npm package `redis`, which is loaded only where a URL is configured. Answers are under
 * `<namespace>:answer:<key>` and expire when unused for a month; marks are a sorted set for each model, `<namespace>:marks:<model>`.
 */
import { FloeError } from '@floe/graph/base';
import type { RemoteReply, RemoteStore } from './second-level.ts';

export interface RedisOptions {
  /** `redis://` or `rediss://`, with user and password where needed. */
  readonly url: string;
  /** Keeps deployments that share a Redis apart: models of one name must not meet. */
  readonly namespace: string;
  /** Told of lost and regained connections, once each. */
  readonly log: (level: 'info' | 'warn', message: string) => void;
}

/** Answers end by accuracy; this only frees what nobody asks for any more. */
const UNUSED_SECONDS = 30 * 24 * 3600;
const LONGEST_WAIT_MS = 2000;
/** A connection on which nothing moves for so long, pings included, is given up and made anew. */
const SILENT_MS = 5000;
const PING_MS = 1500;

type Library = typeof import('redis');
type Client = ReturnType<typeof makeClient>;

/** Connects in the background, for as long as it takes. Throws INVALID_ARGUMENT for a URL that is none. */
export async function openRedis(options: RedisOptions): Promise<RemoteStore> {
  const library = await import('redis');
  return new RedisStore(library, makeClient(library, options), options);
}

function makeClient({ createClient }: Library, { url }: RedisOptions) {
  try {
    return createClient({
      url,
      disableOfflineQueue: true,
      disableClientInfo: true,
      maintNotifications: 'disabled',
      pingInterval: PING_MS,
      socket: {
        connectTimeout: SILENT_MS,
        socketTimeout: SILENT_MS,
        reconnectStrategy: (retries) => Math.min(100 * 2 ** retries, LONGEST_WAIT_MS),
      },
    });
  } catch (cause) {
    throw new FloeError('INVALID_ARGUMENT', `not the URL of a Redis: ${(cause as Error).message}`, [], cause);
  }
}

class RedisStore implements RemoteStore {
  private readonly library: Library;
  private readonly client: Client;
  private readonly namespace: string;

  constructor(library: Library, client: Client, { namespace, log }: RedisOptions) {
    this.library = library;
    this.client = client;
    this.namespace = namespace;
    let isAway: boolean | undefined;
    client.on('error', (error: Error) => {
      if (isAway !== true) log('warn', `Redis is away: ${error.message}`);
      isAway = true;
    });
    client.on('ready', () => {
      if (isAway !== false) log('info', 'Redis is connected');
      isAway = false;
    });
    client.connect().catch(() => {});
  }

  get isReady(): boolean {
    return this.client.isReady;
  }

  async read(key: string, model: string): Promise<RemoteReply> {
    const { RESP_TYPES, ErrorReply } = this.library;
    const binary = this.client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    // Both go out together.
    const reading = binary.getEx(this.answerKey(key), { type: 'EX', value: UNUSED_SECONDS }).catch((error: unknown) => {
      // Something else lies under the key.
      if (error instanceof ErrorReply) return Buffer.alloc(0);
      throw error;
    });
    const [value, marks] = await Promise.all([reading, this.client.zRangeWithScores(this.marksKey(model), 0, -1)]);
    return { value: value ?? undefined, marks: new Map(marks.map((member) => [member.value, member.score])) };
  }

  write(key: string, value: Buffer): Promise<unknown> {
    return this.client.set(this.answerKey(key), value, { expiration: { type: 'EX', value: UNUSED_SECONDS } });
  }

  raise(model: string, members: ReadonlyMap<string, number>): Promise<unknown> {
    const all = [...members].map(([value, score]) => ({ value, score }));
    return this.client.zAdd(this.marksKey(model), all, { comparison: 'GT' });
  }

  ping(): Promise<unknown> {
    return this.client.ping();
  }

  async close(): Promise<void> {
    if (this.client.isOpen) this.client.destroy();
  }

  private answerKey(key: string): string {
    return `${this.namespace}:answer:${key}`;
  }

  private marksKey(model: string): string {
    return `${this.namespace}:marks:${model}`;
  }
}
