/**
 * What an attempt says, gathered and written a few times a second in one statement, so that a handler may say as much as it likes. Of a
 * flood the rest is counted and dropped. What cannot be written (the database is away) is kept for the next time.
 */
import { type Kysely, sql } from 'kysely';
import { clean, encode } from './encode.ts';
import type { JobEvent, Json } from './job.ts';
import type { JobTables } from './tables.ts';
import { CHANNEL, type Held, isHeld } from './transitions.ts';

const FLUSH_MS = 200;
const MOST_GATHERED = 1000;
const MOST_LINES = 20_000;
const LONGEST_LINE = 8192;

interface Said {
  readonly kind: JobEvent['kind'];
  readonly data: Json;
}

export class Outbox {
  private readonly db: Kysely<JobTables>;
  private readonly held: Held;
  private readonly lost: () => void;
  private gathered: Said[] = [];
  private share: number | undefined;
  private lines = 0;
  private dropped = 0;
  private timer: NodeJS.Timeout | undefined;
  private flushing: Promise<void> = Promise.resolve();

  /** Calls `lost` when it turns out that the attempt is given up. */
  constructor(db: Kysely<JobTables>, held: Held, lost: () => void) {
    this.db = db;
    this.held = held;
    this.lost = lost;
  }

  log(text: string): void {
    if (this.lines++ >= MOST_LINES) this.dropped++;
    else this.say({ kind: 'log', data: clean(text).slice(0, LONGEST_LINE) });
  }

  metric(values: Readonly<Record<string, number>>): void {
    this.say({ kind: 'metric', data: values });
  }

  /** Only the last of those that fall together is kept. */
  progress(share: number): void {
    if (!(share >= 0)) return;
    this.share = Math.min(1, share);
    this.flushLater();
  }

  /** Writes what there is. Rejects where the database does. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.flushing = this.flushing.catch(() => {}).then(() => this.write());
    return this.flushing;
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private say(said: Said): void {
    if (this.gathered.length >= MOST_GATHERED) this.dropped++;
    else this.gathered.push(said);
    this.flushLater();
  }

  private flushLater(): void {
    this.timer ??= setTimeout(() => void this.flush().catch(() => this.flushLater()), FLUSH_MS);
  }

  private async write(): Promise<void> {
    const { share } = this;
    const events = this.gathered.slice();
    if (share !== undefined) events.push({ kind: 'progress', data: share });
    if (this.dropped > 0) events.push({ kind: 'log', data: `(${this.dropped} lines are left out)` });
    if (events.length === 0) return;
    const written = await this.insert(events, share);
    this.gathered.splice(0, events.length);
    if (this.share === share) this.share = undefined;
    this.dropped = 0;
    if (!written) this.lost();
  }

  /** False where the attempt is given up. */
  private async insert(events: readonly Said[], share: number | undefined): Promise<boolean> {
    const { rows } = await sql`
      WITH held AS (
        UPDATE floe.job SET progress = coalesce(${share ?? null}::float8, progress) WHERE ${isHeld(this.held)} RETURNING id, attempt
      ), said AS (
        INSERT INTO floe.job_event (job, attempt, kind, data)
        SELECT held.id, held.attempt, said.kind, said.data
        FROM held, jsonb_to_recordset(${encode(events as unknown as Json, 'events', Number.POSITIVE_INFINITY)}::jsonb) AS said (kind text, data jsonb)
      )
      SELECT pg_notify(${CHANNEL}, 'job ' || id) FROM held`.execute(this.db);
    return rows.length === 1;
  }
}
