/**
 * Which job is next: pg-boss, whose statements run within our transactions, so that its row and ours never say different things. It
 * holds the jobs that are queued or running, orders them by rank and lets no two workers take the same one. Attempts, leases and what
 * becomes of a job are ours (`transitions.ts`): pg-boss ends what runs for a day, and its smallest heartbeat is ten seconds. So its
 * maintenance is off, and neither is its `work()` used: that takes one job and then waits for its poll, or several for one device.
 */
import type { Transaction } from 'kysely';
import { fromKysely, PgBoss } from 'pg-boss';
import type { Sql } from '../sql/sql.ts';
import type { JobTables } from './tables.ts';

export type Tx = Transaction<JobTables>;

/** Long before it matters: nothing looks at it while maintenance is off. */
const KEEP_SECONDS = 365 * 24 * 3600;

const LONG_AGO = new Date(0);

export class Dispatcher {
  private readonly boss: PgBoss;
  private readonly kinds = new Map<string, Promise<void>>();

  private constructor(boss: PgBoss) {
    this.boss = boss;
  }

  /** Brings pg-boss's tables up to date too; two processes wait for each other. */
  static async start(sql: Sql, log: (message: string) => void): Promise<Dispatcher> {
    const boss = new PgBoss({
      db: { executeSql: async (text, values) => ({ rows: [...(await run(sql, text, values))] }) },
      backend: sql.kind === 'postgres' ? 'postgres' : 'pglite',
      schema: 'floe_boss',
      supervise: false,
      schedule: false,
      registerInstance: false,
    });
    boss.on('error', (error) => log(error.message));
    await boss.start();
    return new Dispatcher(boss);
  }

  async enqueue(tx: Tx, job: { id: string; kind: string; rank: number }, delaySeconds: number): Promise<void> {
    await this.boss.send(job.kind, null, {
      db: fromKysely(tx),
      id: job.id,
      priority: job.rank,
      retentionSeconds: KEEP_SECONDS,
      // What may start now may still start when the clock goes back.
      startAfter: delaySeconds > 0 ? Math.ceil(delaySeconds) : LONG_AGO,
    });
  }

  /** The id of the next job of `kind`, which nobody else gets any more once `tx` commits. */
  async take(tx: Tx, kind: string): Promise<string | undefined> {
    const [job] = await this.boss.fetch(kind, { db: fromKysely(tx), groupConcurrency: 1 });
    return job?.id;
  }

  async remove(tx: Tx, { id, kind }: { id: string; kind: string }): Promise<void> {
    await this.boss.deleteJob(kind, id, { db: fromKysely(tx) });
  }

  /** Must have been called, outside of any transaction, before `kind` is used. */
  prepare(kind: string): Promise<void> {
    let ready = this.kinds.get(kind);
    if (ready === undefined) {
      ready = this.boss.createQueue(kind);
      this.kinds.set(kind, ready);
      ready.catch(() => this.kinds.delete(kind));
    }
    return ready;
  }

  async close(): Promise<void> {
    await this.boss.stop({ close: false, graceful: false });
  }
}

async function run(sql: Sql, text: string, values: readonly unknown[] = []): Promise<readonly unknown[]> {
  if (values.length === 0) return sql.script(text);
  const compiled = {
    sql: text,
    parameters: values,
    query: { kind: 'RawNode' as const, sqlFragments: [], parameters: [] },
  };
  const { rows } = await sql.db.executeQuery({ ...compiled, queryId: { queryId: 'pg-boss' } });
  return rows;
}
