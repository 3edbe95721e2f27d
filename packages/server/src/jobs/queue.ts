/** The job queue on a database: see `job.ts` for what it is, `transitions.ts` for the steps, `worker.ts` for who takes them. */
import { randomUUID } from 'node:crypto';
import { FloeError, invalid } from '@floe/graph/base';
import { sql } from 'kysely';
import { migrate } from '../sql/migrate.ts';
import type { Sql } from '../sql/sql.ts';
import { devices } from './devices.ts';
import { Dispatcher } from './dispatcher.ts';
import { encode, MOST_JSON } from './encode.ts';
import { follow } from './follow.ts';
import type { Device, Job, JobEvent, JobFilter, JobHandler, JobQueue, JobTerms, Json, Worker } from './job.ts';
import { Load } from './load.ts';
import { JOB_MIGRATIONS, type JobTables, jobOf } from './tables.ts';
import { takeBack } from './take-back.ts';
import { checkKind, checkTerms, isJobId } from './terms.ts';
import { type Tools, tried } from './tools.ts';
import { cancel, isFinished, type NewJob, revive, submit } from './transitions.ts';
import { upkeep } from './upkeep.ts';
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
const MOST_LISTED = 1000;

/** Brings the tables up to date. The database stays the caller's to close, after the queue. */
export async function openJobs(database: Sql, options: JobOptions = {}): Promise<JobQueue> {
  const { leaseSeconds = 15, pollSeconds = 2, retainDays = 90, log = () => {} } = options;
  await migrate(database, 'jobs', JOB_MIGRATIONS);
  const dispatcher = await Dispatcher.start(database, log);
  try {
    const wakes = await Wakes.listen(database);
    return new SqlJobQueue(database, dispatcher, wakes, { leaseSeconds, pollSeconds, retainDays, log });
  } catch (error) {
    await dispatcher.close();
    throw error;
  }
}

class SqlJobQueue implements JobQueue {
  private readonly database: Sql;
  private readonly tools: Tools;
  private readonly wakes: Wakes;
  private readonly options: Required<JobOptions>;
  private readonly load: Load;
  private readonly workers = new Set<DeviceWorker>();
  private sweeper: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> = Promise.resolve();

  constructor(database: Sql, dispatcher: Dispatcher, wakes: Wakes, options: Required<JobOptions>) {
    this.database = database;
    this.tools = { db: database.db.withTables<JobTables>(), dispatcher, log: options.log };
    this.wakes = wakes;
    this.options = options;
    this.load = new Load(this.tools.db);
  }

  async submit(kind: string, payload: Json, terms: JobTerms): Promise<Job> {
    checkKind(kind);
    checkTerms(terms);
    const { cost, caller, priority = 1, singletonKey = null, id = randomUUID(), attempts = ATTEMPTS } = terms;
    const text = encode(payload, 'payload', MOST_JSON);
    await this.tools.dispatcher.prepare(kind);
    const rank = await this.load.admit(caller, cost, priority);
    const job = { id, kind, payload: text, caller, cost, priority, singletonKey, rank, attempts };
    return (await tried(this.tools, (tx) => submit(tx, this.tools.dispatcher, job))) ?? this.existing(job);
  }

  work(device: string, handlers: Readonly<Record<string, JobHandler>>): Worker {
    for (const kind of Object.keys(handlers)) checkKind(kind);
    const worker = new DeviceWorker(this.tools, this.wakes, device, new Map(Object.entries(handlers)), this.options);
    this.workers.add(worker);
    this.sweep();
    this.sweeper ??= setInterval(() => this.sweep(), (this.options.leaseSeconds * 1000) / 3);
    return worker;
  }

  async cancel(id: string, by: string): Promise<Job> {
    const job = await this.get(id);
    if (isFinished(job.state)) return job;
    await this.tools.dispatcher.prepare(job.kind);
    return (await tried(this.tools, (tx) => cancel(tx, this.tools.dispatcher, job, by))) ?? this.get(id);
  }

  async retry(id: string): Promise<Job> {
    const job = await this.get(id);
    if (job.state !== 'dead' && job.state !== 'cancelled') return job;
    await this.tools.dispatcher.prepare(job.kind);
    const rank = await this.load.admit(job.caller, job.cost, job.priority);
    const revived = await tried(this.tools, (tx) => revive(tx, this.tools.dispatcher, job, rank));
    const now = revived ?? (await this.get(id));
    if (now.state !== 'dead' && now.state !== 'cancelled') return now;
    const other = `another ${job.kind} job of ${job.singletonKey} is unfinished`;
    throw new FloeError('FAILED_PRECONDITION', `job ${id} cannot be queued again: ${other}`, { field: 'id' });
  }

  async get(id: string): Promise<Job> {
    const row = isJobId(id)
      ? await this.tools.db.selectFrom('floe.job').selectAll().where('id', '=', id).executeTakeFirst()
      : undefined;
    if (row === undefined) throw new FloeError('NOT_FOUND', `there is no job ${id}`, { field: 'id' });
    return jobOf(row);
  }

  async list({ state, kind, caller, limit = 100, before }: JobFilter = {}): Promise<readonly Job[]> {
    if (!(limit >= 1 && limit <= MOST_LISTED))
      throw invalid(`1 to ${MOST_LISTED} jobs can be listed, not ${limit}`, { field: 'limit' });
    let rows = this.tools.db
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
    yield* follow(this.tools.db, this.wakes, id, after, signal);
  }

  devices(): Promise<readonly Device[]> {
    return devices(this.tools.db);
  }

  async close(): Promise<void> {
    clearInterval(this.sweeper);
    await Promise.all([...this.workers].map((worker) => worker.stop()));
    await this.sweeping;
    await this.wakes.close();
    await this.tools.dispatcher.close();
  }

  private async existing({ kind, singletonKey, id }: NewJob): Promise<Job> {
    const row = await this.tools.db
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
    const { retainDays, log } = this.options;
    this.sweeping = this.sweeping
      .then(() => takeBack(this.tools))
      .then(() => upkeep(this.database, retainDays))
      .catch((error: Error) => log(`sweep: ${error.message}`));
  }
}
