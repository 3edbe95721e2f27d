/**
 * How much each caller has unfinished, as the rank of a new job asks for. The sums are read from the database once a second at most, and
 * what this process submits in between is added: an order needs no more, and a backlog of thousands is not added up for each submission.
 * The time comes from the database too, carried on by a clock that nobody sets, so that no process's clock changes the order.
 */
import { type Kysely, sql } from 'kysely';
import { Unfinished } from '../core/unfinished.ts';
import { rankOf } from './rank.ts';
import type { JobTables } from './tables.ts';

const FRESH_MS = 1000;

interface Snapshot {
  /** On the clock of `performance.now()`. */
  readonly takenAt: number;
  /** Seconds since 1970 on the database's clock, at `takenAt`. */
  readonly now: number;
  readonly callers: Map<string, Unfinished>;
  readonly all: Unfinished;
}

export class Load {
  private readonly db: Kysely<JobTables>;
  private snapshot: Promise<Snapshot> | undefined;
  private readAt = Number.NEGATIVE_INFINITY;

  constructor(db: Kysely<JobTables>) {
    this.db = db;
  }

  /** The rank of a job that is submitted now; counts it as unfinished from now on. */
  async admit(caller: string, cost: number, weight: number): Promise<number> {
    const { takenAt, now, callers, all } = await this.current();
    const own = callers.get(caller) ?? new Unfinished();
    callers.set(caller, own);
    own.add(cost);
    all.add(cost);
    return rankOf({
      at: now + (performance.now() - takenAt) / 1000,
      cost,
      own: own.upTo(cost),
      all: all.upTo(cost),
      share: 1 / callers.size,
      weight,
    });
  }

  private current(): Promise<Snapshot> {
    if (this.snapshot === undefined || performance.now() - this.readAt > FRESH_MS) {
      this.readAt = performance.now();
      this.snapshot = read(this.db);
      this.snapshot.catch(() => {
        this.snapshot = undefined;
      });
    }
    return this.snapshot;
  }
}

/** Costs of one power of two are summed up there, since `Unfinished` keeps no more of them. */
async function read(db: Kysely<JobTables>): Promise<Snapshot> {
  const { rows } = await sql<{ now: number; caller: string | null; jobs: number; cost: number }>`
    SELECT extract(epoch FROM clock_timestamp())::float8 AS now, caller, jobs, cost
    FROM (SELECT 1) AS always LEFT JOIN (
      SELECT caller, count(*)::int AS jobs, avg(cost)::float8 AS cost FROM floe.job
      WHERE state IN ('queued', 'running') GROUP BY caller, ceil(ln(greatest(cost, 1e-6::float8)) / ln(2::float8))
    ) AS unfinished ON true`.execute(db);
  const callers = new Map<string, Unfinished>();
  const all = new Unfinished();
  for (const { caller, jobs, cost } of rows) {
    if (caller === null) continue;
    const own = callers.get(caller) ?? new Unfinished();
    callers.set(caller, own);
    own.add(cost, jobs);
    all.add(cost, jobs);
  }
  return { takenAt: performance.now(), now: rows[0]?.now ?? 0, callers, all };
}
