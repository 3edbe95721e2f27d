/** The job queue on a database: see `job.ts` for what it is, `transitions.ts` for the steps, `worker.ts` for who takes them. */
import { randomUUID } from 'node:crypto';
import { FloeError, invalid } from '@floe/graph/base';
import { type Kysely, sql } from 'kysely';
import { migrate } from '../sql/migrate.ts';
import type { Sql } from '../sql/sql.ts';
import { abandoned, devices, isAbandoned } from './devices.ts';
import { Dispatcher, type Tx } from './dispatcher.ts';
import { encode } from './encode.ts';
import { follow } from './follow.ts';
import type { Device, Job, JobEvent, JobFilter, JobHandler, JobQueue, JobTerms, Json, Worker } from './job.ts';
import { Load } from './load.ts';
import { JOB_MIGRATIONS, type JobTables, jobOf } from './tables.ts';
import { checkKind, checkTerms, isJobId } from './terms.ts';
import { cancel, GivenUp, isFinished, revive, settle, submit } from './transitions.ts';
import { afterFailure } from './verdict.ts';
import { Wakes } from './wakes.ts';
import { DeviceWorker } from './worker.ts';

export interface JobOptions {
  /** After how many silent seconds a worker is taken for dead. */
  readonly leaseSeconds?: number;
  /** How often an idle worker looks without being told to. */
  readonly pollSeconds?: number;
  /** How long finished jobs and what they said are kept. */
  readonly retainDays?: number;
  readonly log?: (message: string) => void;
}

const ATTEMPTS = 3;
const MOST_JSON = 2 ** 20;
const MOST_LISTED = 1000;

/** Brings the tables up to date. The database stays the caller's to close, after the queue. */
export async function openJobs(database: Sql, options: JobOptions = {}): Promise<JobQueue> {
  const { leaseSeconds = 30, pollSeconds = 2, retainDays = 90, log = () => {} } = options;
  await migrate(database, 'jobs', JOB_MIGRATIONS);
  const dispatcher = await Dispatcher.start(database, log);
  const wakes = await Wakes.listen(database);
  return new SqlJobQueue(database.db.withTables<JobTables>(), dispatcher, wakes, {
    leaseSeconds,
    pollSeconds,
    retainDays,
    log,
  });
}

class SqlJobQueue implements JobQueue {
  private readonly db: Kysely<JobTables>;
  private readonly dispatcher: Dispatcher;
  private readonly wakes: Wakes;
  private readonly options: Required<JobOptions>;
  private readonly load: Load;
  private readonly workers = new Set<DeviceWorker>();
  private sweeper: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> = Promise.resolve();

  constructor(db: Kysely<JobTables>, dispatcher: Dispatcher, wakes: Wakes, options: Required<JobOptions>) {
    this.db = db;
    this.dispatcher = dispatcher;
    this.wakes = wakes;
    this.options = options;
    this.load = new Load(db);
  }

  async submit(kind: string, payload: Json, terms: JobTerms): Promise<Job> {
    checkKind(kind);
    checkTerms(terms);
    const { cost, caller, priority = 1, singletonKey = null, id = randomUUID(), attempts = ATTEMPTS } = terms;
    const text = encode(payload, 'payload', MOST_JSON);
    await this.dispatcher.prepare(kind);
    const rank = await this.load.admit(caller, cost, priority);
    const job = { id, kind, payload: text, caller, cost, priority, singletonKey, rank, attempts };
    return (await this.attempt((tx) => submit(tx, this.dispatcher, job))) ?? this.existing(kind, singletonKey, id);
  }

  work(device: string, handlers: Readonly<Record<string, JobHandler>>): Worker {
    for (const kind of Object.keys(handlers)) checkKind(kind);
    const { db, dispatcher, options, wakes } = this;
    const worker = new DeviceWorker(
      { db, dispatcher, log: options.log },
      wakes,
      device,
      new Map(Object.entries(handlers)),
      options,
    );
    this.workers.add(worker);
    this.sweep();
    this.sweeper ??= setInterval(() => this.sweep(), (options.leaseSeconds * 1000) / 3);
    return worker;
  }

  async cancel(id: string, by: string): Promise<Job> {
    const job = await this.get(id);
    if (isFinished(job.state)) return job;
    await this.dispatcher.prepare(job.kind);
    return (await this.attempt((tx) => cancel(tx, this.dispatcher, job, by))) ?? this.get(id);
  }

  async retry(id: string): Promise<Job> {
    const job = await this.get(id);
    if (job.state !== 'dead' && job.state !== 'cancelled') return job;
    await this.dispatcher.prepare(job.kind);
    const rank = await this.load.admit(job.caller, job.cost, job.priority);
    return (await this.attempt((tx) => revive(tx, this.dispatcher, job, rank))) ?? this.get(id);
  }

  async get(id: string): Promise<Job> {
    const row = isJobId(id)
      ? await this.db.selectFrom('floe.job').selectAll().where('id', '=', id).executeTakeFirst()
      : undefined;
    if (row === undefined) throw new FloeError('NOT_FOUND', `there is no job ${id}`, { field: 'id' });
    return jobOf(row);
  }

  async list({ state, kind, caller, limit = 100, before }: JobFilter = {}): Promise<readonly Job[]> {
    if (!(limit >= 1 && limit <= MOST_LISTED))
      throw invalid(`1 to ${MOST_LISTED} jobs can be listed, not ${limit}`, { field: 'limit' });
    let rows = this.db
      .selectFrom('floe.job')
      .selectAll()
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(limit);
    if (state !== undefined) rows = rows.where('state', '=', state);
    if (kind !== undefined) rows = rows.where('kind', '=', kind);
    if (caller !== undefined) rows = rows.where('caller', '=', caller);
    if (before !== undefined) {
      const { id } = await this.get(before);
      rows = rows.where(sql<boolean>`(created_at, id) < (SELECT created_at, id FROM floe.job WHERE id = ${id})`);
    }
    return (await rows.execute()).map(jobOf);
  }

  async *events(id: string, after: number, signal?: AbortSignal): AsyncGenerator<JobEvent> {
    await this.get(id);
    yield* follow(this.db, this.wakes, id, after, signal);
  }

  devices(): Promise<readonly Device[]> {
    return devices(this.db);
  }

  async close(): Promise<void> {
    clearInterval(this.sweeper);
    await Promise.all([...this.workers].map((worker) => worker.stop()));
    await this.sweeping;
    await this.wakes.close();
    await this.dispatcher.close();
  }

  /** Undefined where the step may not be taken (any more). */
  private async attempt<T>(step: (tx: Tx) => Promise<T>): Promise<T | undefined> {
    try {
      return await this.db.transaction().execute(step);
    } catch (error) {
      if (error instanceof GivenUp) return undefined;
      throw error;
    }
  }

  private async existing(kind: string, singletonKey: string | null, id: string): Promise<Job> {
    const row = await this.db
      .selectFrom('floe.job')
      .selectAll()
      .where((is) =>
        is.or([
          is('id', '=', id),
          is.and([
            is('kind', '=', kind),
            is('singleton_key', '=', singletonKey),
            is('state', 'in', ['queued', 'running']),
          ]),
        ]),
      )
      .executeTakeFirst();
    // It was finished a moment ago.
    if (row === undefined)
      throw new FloeError('UNAVAILABLE', `the ${kind} job of ${singletonKey} was just finished: submit again`);
    return jobOf(row);
  }

  /** Takes jobs back from silent workers, and ends what was finished long ago. */
  private sweep(): void {
    this.sweeping = this.sweeping
      .then(() => this.takeBack())
      .catch((error: Error) => this.options.log(`sweep: ${error.message}`));
  }

  private async takeBack(): Promise<void> {
    for (const job of await abandoned(this.db)) {
      await this.dispatcher.prepare(job.kind);
      const reason = `its worker on ${job.device} fell silent`;
      const verdict = afterFailure({ ...job, code: 'lost' });
      const lost = await this.attempt(async (tx) => {
        await settle(tx, this.dispatcher, job, verdict, reason, isAbandoned);
        return true;
      });
      if (lost) this.options.log(`job ${job.id}: ${reason}`);
    }
    await sql`
      DELETE FROM floe.job WHERE finished_at < clock_timestamp() - make_interval(days => ${this.options.retainDays}::int)`.execute(
      this.db,
    );
  }
}
