/**
 * One attempt of a job: runs its handler, keeps what it says, and brings the job to where the outcome takes it. It ends when the handler
 * has, however that comes; only then is the device free. A handler that is told to stop and does not is waited for.
 */
import { asFloeError, FloeError } from '@floe/graph/base';
import { sql } from 'kysely';
import type { Tx } from './dispatcher.ts';
import { encode, MOST_JSON } from './encode.ts';
import type { Job, JobContext, JobHandler, Json } from './job.ts';
import { Outbox } from './outbox.ts';
import type { Tools } from './tools.ts';
import { GivenUp, isHeld, settle, succeed } from './transitions.ts';
import { afterFailure } from './verdict.ts';

/** Somebody else has decided about the job. */
const LOST = 'the job was cancelled, or its lease was lost';
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5000;

export class Attempt {
  readonly job: Job;
  private readonly tools: Tools;
  private readonly controller = new AbortController();
  private readonly outbox: Outbox;
  /** Whether somebody else has decided about the job, or it is not known what was begun after it. */
  isGivenUp = false;
  private isStopping = false;

  constructor(tools: Tools, job: Job) {
    this.tools = tools;
    this.job = job;
    this.outbox = new Outbox(tools.db, job, () => this.giveUp(LOST));
  }

  /**
   * Gives the job that `next` takes for the same device, together with what becomes of this one: a commit less for each job.
   * Never rejects.
   */
  async run(handler: JobHandler, next: (tx: Tx) => Promise<Job | undefined>): Promise<Job | undefined> {
    const settle = await this.outcome(handler);
    await this.untilWritten(() => this.outbox.flush());
    this.outbox.stop();
    let following: Job | undefined;
    const isSettled = await this.untilWritten(() =>
      this.tools.db.transaction().execute(async (tx) => {
        await settle(tx);
        following = await next(tx);
      }),
    );
    if (isSettled) return following;
    // Perhaps only the device is no longer ours: what was computed stands.
    await this.untilWritten(() => this.tools.db.transaction().execute(settle));
    this.isGivenUp = true;
    return undefined;
  }

  /** The job is no longer this worker's: whatever comes of the handler counts for nothing. */
  giveUp(why: string): void {
    this.isGivenUp = true;
    this.controller.abort(new FloeError('CANCELLED', why));
  }

  /** The job goes back to the queue, unless the handler still ends well. */
  stop(): void {
    this.isStopping = true;
    this.controller.abort(new FloeError('CANCELLED', 'the worker stops'));
  }

  private async outcome(handler: JobHandler): Promise<(tx: Tx) => Promise<void>> {
    const { job } = this;
    const { dispatcher } = this.tools;
    try {
      const result = encode(await handler(this.context()), 'result', MOST_JSON);
      return (tx) => succeed(tx, dispatcher, job, result);
    } catch (thrown) {
      const { code, message } = asFloeError(thrown);
      const verdict = afterFailure({ ...job, code: this.isStopping ? 'stopped' : code });
      return (tx) => settle(tx, dispatcher, job, verdict, this.isStopping ? 'its worker was stopped' : message);
    }
  }

  private context(): JobContext {
    const { outbox } = this;
    return {
      job: this.job,
      signal: this.controller.signal,
      progress: (share) => outbox.progress(share),
      log: (text) => outbox.log(text),
      metric: (values) => outbox.metric(values),
      checkpoint: (reference) => this.checkpoint(reference),
    };
  }

  private async checkpoint(reference: Json): Promise<void> {
    const text = encode(reference, 'checkpoint', MOST_JSON);
    let isKept = false;
    await this.untilWritten(async () => {
      const { rows } = await sql`
        UPDATE floe.job SET checkpoint = ${text}::jsonb, kept_in = attempt WHERE ${isHeld(this.job)} RETURNING id`.execute(
        this.tools.db,
      );
      if (rows.length === 0) this.giveUp(LOST);
      isKept = rows.length === 1;
    });
    if (!isKept) throw this.controller.signal.reason;
  }

  /**
   * Tries for as long as the attempt is ours: what has been computed is not thrown away because the database is away for a while. False
   * where it may not be written.
   */
  private async untilWritten(write: () => Promise<unknown>): Promise<boolean> {
    for (let wait = FIRST_WAIT_MS; !this.isGivenUp; wait = Math.min(LONGEST_WAIT_MS, 2 * wait)) {
      try {
        await write();
        return true;
      } catch (error) {
        if (error instanceof GivenUp) return false;
        this.tools.log(`job ${this.job.id}: not written, and tried again: ${(error as Error).message}`);
      }
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
    return false;
  }
}
