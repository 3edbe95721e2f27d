/**
 * The loop of one device: lease it, take the job that is next, run it, and so on; wait only when there is nothing. A heartbeat keeps the
 * lease. Where the database cannot be reached for a whole lease, the job is given up here, since elsewhere it may have been begun again.
 */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { Attempt } from './attempt.ts';
import { Bell } from './bell.ts';
import { beat, lease, release, vacate } from './devices.ts';
import type { Tx } from './dispatcher.ts';
import type { Job, JobHandler, Worker } from './job.ts';
import { takeBack } from './take-back.ts';
import type { Tools } from './tools.ts';
import { begin, GivenUp, type Lease } from './transitions.ts';
import type { Wakes } from './wakes.ts';

export interface WorkerOptions {
  readonly leaseSeconds: number;
  /** How often it looks when nobody says that there is something, such as a job whose time to be tried again has come. */
  readonly pollSeconds: number;
}

export class DeviceWorker implements Worker {
  readonly device: string;
  private readonly tools: Tools;
  private readonly wakes: Wakes;
  private readonly handlers: ReadonlyMap<string, JobHandler>;
  private readonly options: WorkerOptions;
  private readonly lease: Lease;
  private readonly bell = new Bell();
  private readonly done: Promise<void>;
  private attempt: Attempt | undefined;
  private isLeased = false;
  /** Whether no job is said to run here that does not: one whose beginning or end was lost on its way. */
  private isTidy = false;
  private isStopping = false;
  private beatAt = 0;

  constructor(
    tools: Tools,
    wakes: Wakes,
    device: string,
    handlers: ReadonlyMap<string, JobHandler>,
    options: WorkerOptions,
  ) {
    this.tools = tools;
    this.wakes = wakes;
    this.device = device;
    this.handlers = handlers;
    this.options = options;
    this.lease = { device, worker: randomUUID(), seconds: options.leaseSeconds };
    this.done = this.loop();
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    this.attempt?.stop();
    this.bell.ring();
    await this.done;
  }

  private async loop(): Promise<void> {
    const unsubscribe = [...this.handlers.keys()].map((kind) => this.wakes.on(`queued ${kind}`, this.bell.ring));
    const heart = setInterval(() => void this.beat(), (this.lease.seconds * 1000) / 3);
    while (!this.isStopping) {
      const isBusy = await this.step().catch((error: unknown) => {
        this.isTidy = false;
        if (!(error instanceof GivenUp)) this.tools.log(`${this.device}: ${(error as Error).message}`);
        return false;
      });
      if (!isBusy && !this.isStopping) await this.bell.wait(this.options.pollSeconds * 1000);
    }
    clearInterval(heart);
    for (const end of unsubscribe) end();
    if (this.isLeased) await release(this.tools.db, this.lease).catch(() => {});
  }

  /** False where there was nothing to do. */
  private async step(): Promise<boolean> {
    if (!this.isLeased && !(await this.take())) return false;
    if (!this.isTidy) await this.tidy();
    const first = await this.tools.db.transaction().execute((tx) => this.next(tx));
    for (let job = first; job !== undefined; ) job = await this.run(job);
    return first !== undefined;
  }

  private async take(): Promise<boolean> {
    for (const kind of this.handlers.keys()) await this.tools.dispatcher.prepare(kind);
    this.beatAt = performance.now();
    this.isLeased = await lease(this.tools.db, this.lease);
    this.isTidy = false;
    return this.isLeased;
  }

  private async tidy(): Promise<void> {
    await vacate(this.tools.db, this.lease);
    await takeBack(this.tools);
    this.isTidy = true;
  }

  private async next(tx: Tx): Promise<Job | undefined> {
    for (const kind of this.isStopping ? [] : await this.kinds(tx)) {
      const job = await begin(tx, this.tools.dispatcher, kind, this.lease);
      if (job !== undefined) return job;
    }
    return undefined;
  }

  /** Those that have something, in the order of their first jobs. */
  private async kinds(tx: Tx): Promise<readonly string[]> {
    const kinds = [...this.handlers.keys()];
    if (kinds.length === 1) return kinds;
    const { rows } = await sql<{ kind: string }>`
      SELECT kind FROM floe.job WHERE state = 'queued' AND kind = ANY (${kinds})
      GROUP BY kind ORDER BY max(rank) DESC`.execute(tx);
    return rows.map(({ kind }) => kind);
  }

  /** Gives the job after it. */
  private async run(job: Job): Promise<Job | undefined> {
    const attempt = new Attempt(this.tools, job);
    const unsubscribe = this.wakes.on(`cancelled ${job.id}`, () => attempt.giveUp('the job was cancelled'));
    this.attempt = attempt;
    if (this.isStopping) attempt.stop();
    const following = await attempt.run(this.handlers.get(job.kind) as JobHandler, (tx) => this.next(tx));
    unsubscribe();
    this.attempt = undefined;
    if (attempt.isGivenUp) this.isTidy = false;
    return following;
  }

  private async beat(): Promise<void> {
    if (!this.isLeased) return;
    const { attempt } = this;
    const startedAt = performance.now();
    try {
      const { isLeased, isHeld } = await beat(this.tools.db, this.lease, attempt?.job);
      // Leased anew since.
      if (startedAt < this.beatAt) return;
      if (isLeased) this.beatAt = startedAt;
      this.isLeased = isLeased;
      if (!isLeased) attempt?.giveUp('the lease of the device ran out');
      else if (!isHeld) attempt?.giveUp('the job was cancelled');
    } catch {
      if (performance.now() - this.beatAt < this.lease.seconds * 1000) return;
      this.isLeased = false;
      attempt?.giveUp('the database could not be reached for as long as the lease lasts');
    }
  }
}
