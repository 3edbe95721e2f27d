/**
 * The second level of the cache, shared by replicas: what is asked of it, and a guard around whatever keeps it. The guard never fails
 * and never keeps a request waiting: what there is no answer to within a few milliseconds is not known, a store that is slow or away
 * is left alone until it answers a ping again, and what is sent to it at a time is bounded.
 */
import type { Entry } from './entry.ts';
import { readEntry, writeEntry } from './entry-format.ts';
import type { Marks } from './marks.ts';

export interface Found {
  /** Absent where nothing is stored, or nothing sound. */
  readonly entry?: Entry;
  /** What the replicas agree on for the model. */
  readonly marks: Marks;
}

export interface SecondLevel {
  /** Undefined where there is no answer in time. Never rejects. */
  find(model: string, key: string): Promise<Found | undefined>;
  /** Sends and forgets. */
  store(key: string, entry: Entry): void;
  /** Tells the other replicas what was raised. */
  publish(model: string, marks: Marks): void;
  stats(): SecondLevelStats;
  close(): Promise<void>;
}

export interface SecondLevelStats {
  readonly hits: number;
  readonly misses: number;
  /** Questions and writes that were not sent: it is away or slow, or too much is under way. */
  readonly skipped: number;
  /** Questions and writes without an answer in time, or with an error. */
  readonly failures: number;
  /** Values that were no entry, damaged, or of another key. */
  readonly garbage: number;
  readonly isUp: boolean;
}

/** What a value and the marks of a model were when asked for; marks by member, such as `epoch`. */
export interface RemoteReply {
  readonly value: Buffer | undefined;
  readonly marks: ReadonlyMap<string, number>;
}

/** Keeps values by key, and for each model the greatest number that was ever written for a member. Any call may reject or never settle. */
export interface RemoteStore {
  /** False while there is no connection. */
  readonly isReady: boolean;
  read(key: string, model: string): Promise<RemoteReply>;
  write(key: string, value: Buffer): Promise<unknown>;
  raise(model: string, members: ReadonlyMap<string, number>): Promise<unknown>;
  ping(): Promise<unknown>;
  close(): Promise<void>;
}

export interface GuardOptions {
  /** Milliseconds after which a question has no answer. */
  readonly deadline: number;
  /** Milliseconds between pings while the store is left alone. */
  readonly pause: number;
}

export const DEFAULT_GUARD: GuardOptions = { deadline: 5, pause: 1000 };

/** So many failures one after the other, and the store is left alone. */
const MOST_FAILURES = 5;
const MOST_QUESTIONS = 256;
const MOST_WRITES = 256;
const MOST_WRITTEN_BYTES = 8 * 2 ** 20;
const EPOCH = 'epoch';

export class GuardedStore implements SecondLevel {
  private readonly remote: RemoteStore;
  private readonly options: GuardOptions;
  /** Marks of ours that others may not know yet, by model. */
  private readonly unsaid = new Map<string, Marks>();
  private readonly counts = { hits: 0, misses: 0, skipped: 0, failures: 0, garbage: 0 };
  private failuresInARow = 0;
  private questions = 0;
  private writes = 0;
  private writtenBytes = 0;
  private pinging: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(remote: RemoteStore, options: GuardOptions = DEFAULT_GUARD) {
    this.remote = remote;
    this.options = options;
  }

  async find(model: string, key: string): Promise<Found | undefined> {
    if (!this.isUp || this.questions >= MOST_QUESTIONS) return this.skip();
    this.questions++;
    const reading = this.remote.read(key, model).finally(() => this.questions--);
    const reply = await within(reading, this.options.deadline);
    this.note(reply !== undefined);
    if (reply === undefined) return undefined;
    this.saySoon();
    const marks = marksOf(reply.marks);
    const entry = reply.value === undefined ? undefined : readEntry(key, reply.value);
    if (entry !== undefined) this.counts.hits++;
    else this.counts.misses++;
    if (entry === undefined && reply.value !== undefined) this.counts.garbage++;
    return entry === undefined ? { marks } : { entry, marks };
  }

  store(key: string, entry: Entry): void {
    if (!this.isUp || this.writes >= MOST_WRITES || this.writtenBytes + entry.bytes > MOST_WRITTEN_BYTES) {
      this.skip();
      return;
    }
    const value = writeEntry(key, entry);
    this.writes++;
    this.writtenBytes += value.length;
    const done = (isDone: boolean): void => {
      this.writes--;
      this.writtenBytes -= value.length;
      if (!isDone) this.counts.failures++;
    };
    this.remote.write(key, value).then(
      () => done(true),
      () => done(false),
    );
  }

  publish(model: string, marks: Marks): void {
    this.unsaid.set(model, marks);
    this.saySoon();
  }

  stats(): SecondLevelStats {
    return { ...this.counts, isUp: this.isUp };
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.pinging);
    this.pinging = undefined;
    await this.remote.close();
  }

  private get isUp(): boolean {
    return this.pinging === undefined && !this.isClosed && this.remote.isReady;
  }

  private skip(): undefined {
    this.counts.skipped++;
  }

  /** Says what is unsaid; what fails is said again with the next occasion. */
  private saySoon(): void {
    if (!this.isUp) return;
    for (const [model, marks] of this.unsaid) {
      this.unsaid.delete(model);
      this.remote.raise(model, membersOf(marks)).catch(() => {
        this.counts.failures++;
        if (!this.unsaid.has(model)) this.unsaid.set(model, marks);
      });
    }
  }

  private note(isAnswered: boolean): void {
    if (isAnswered) {
      this.failuresInARow = 0;
      return;
    }
    this.counts.failures++;
    this.failuresInARow++;
    if (this.failuresInARow >= MOST_FAILURES) this.leaveAlone();
  }

  /** Pings, one at a time, until there is an answer in time. */
  private leaveAlone(): void {
    if (this.pinging !== undefined || this.isClosed) return;
    this.failuresInARow = 0;
    let isWaiting = false;
    const ping = async (): Promise<void> => {
      if (isWaiting || !this.remote.isReady) return;
      isWaiting = true;
      const answer = await within(
        this.remote.ping().finally(() => (isWaiting = false)),
        this.options.deadline,
      );
      if (answer === undefined) return;
      clearInterval(this.pinging);
      this.pinging = undefined;
      this.saySoon();
    };
    this.pinging = setInterval(ping, this.options.pause);
    this.pinging.unref();
  }
}

/** Undefined where `promise` has failed, or has no result after `ms` and one more turn: what has come meanwhile counts as in time. */
function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => setImmediate(resolve, undefined), ms);
    const settle = (value: T | undefined): void => {
      clearTimeout(timer);
      resolve(value);
    };
    promise.then(settle, () => settle(undefined));
  });
}

function membersOf({ epoch, purges }: Marks): ReadonlyMap<string, number> {
  return new Map([[EPOCH, epoch], ...[...purges].map(([version, count]) => [String(version), count] as const)]);
}

function marksOf(members: ReadonlyMap<string, number>): Marks {
  const purges = [...members].filter(([member]) => member !== EPOCH);
  return {
    epoch: members.get(EPOCH) ?? 0,
    purges: new Map(purges.map(([version, count]) => [Number(version), count])),
  };
}
