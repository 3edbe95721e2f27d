/**
 * What flows back: interactions are kept, callers say what would have been right, and from that come live accuracy and examples to learn
 * from.
 *
 *   const feedback = await Feedback.open(sql, payloads, settings, { onError });
 *   feedback.record(interaction);                                    // by inference, for each answer
 *   await feedback.label({ model, requestId, labels: [7], ... });    // by a caller, now or much later
 *   for await (const example of feedback.examples('digits')) ...
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { FloeError, invalid } from '@floe/graph/base';
import type { LiveFigure } from '../core/accuracy.ts';
import type { FeedbackSink, Interaction } from '../core/feedback.ts';
import { migrate } from '../sql/migrate.ts';
import type { Sql } from '../sql/sql.ts';
import { type LabelledExample, labelCounts, labelledExamples } from './examples.ts';
import { type Credited, classesOf, type LabelledRequest, labelRequest, refuseFloods } from './labels.ts';
import { figureOf, liveTallies, type Tally } from './live.ts';
import { type Input, packInputs } from './payload.ts';
import { Recorder, type RecorderDeps, type RecorderStats } from './recorder.ts';
import { deleteSubject, prune } from './retention.ts';
import type { FeedbackSettings, Payloads } from './settings.ts';
import { type Db, FEEDBACK_MIGRATIONS, tablesOf } from './tables.ts';
import type { Label } from './verdict.ts';

/** Another process may have answered and not written it down yet. */
const OTHERS_WRITE_WITHIN_MS = 500;

/** An input with its label, from a caller who asked nothing. */
export interface Example {
  readonly model: string;
  readonly signature?: string;
  readonly inputs: ReadonlyMap<string, Input>;
  readonly labels: readonly Label[];
  readonly caller: string;
  readonly subject?: string;
  readonly classes: readonly string[];
}

export interface FeedbackHooks {
  readonly onError: RecorderDeps['onError'];
  /** Told after a version's labels have changed. */
  readonly onLive?: (model: string, version: number, figure: LiveFigure) => void;
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

export class Feedback implements FeedbackSink {
  private readonly db: Db;
  private readonly payloads: Payloads;
  private readonly settings: FeedbackSettings;
  private readonly hooks: FeedbackHooks;
  private readonly recorder: Recorder;
  /** Live figures that are being asked for, by version, and those that will be after that. */
  private readonly running = new Map<string, Promise<void>>();
  private readonly waiting = new Map<string, Promise<void>>();

  private constructor(db: Db, payloads: Payloads, settings: FeedbackSettings, hooks: FeedbackHooks) {
    this.db = db;
    this.payloads = payloads;
    this.settings = settings;
    this.hooks = hooks;
    this.recorder = new Recorder({ db, payloads, settings, onError: hooks.onError });
  }

  /** Brings the tables up to date. The database stays its opener's to close. */
  static async open(sql: Sql, payloads: Payloads, settings: FeedbackSettings, hooks: FeedbackHooks): Promise<Feedback> {
    await migrate(sql, 'feedback', FEEDBACK_MIGRATIONS);
    return new Feedback(tablesOf(sql), payloads, settings, hooks);
  }

  record(interaction: Interaction): void {
    this.recorder.record(interaction);
  }

  stats(): RecorderStats {
    return this.recorder.stats();
  }

  /** Throws NOT_FOUND, INVALID_ARGUMENT or RESOURCE_EXHAUSTED, see `labelRequest` and `refuseFloods`. */
  async label(request: LabelledRequest): Promise<Credited> {
    await refuseFloods(this.db, request.caller, this.settings);
    return this.credit(request);
  }

  private async credit(request: LabelledRequest): Promise<Credited> {
    await this.recorder.flush();
    const credited = await labelRequest(this.db, request).catch(async (error: unknown) => {
      if (!(error instanceof FloeError) || error.code !== 'NOT_FOUND') throw error;
      await (this.hooks.wait ?? delay)(OTHERS_WRITE_WITHIN_MS);
      return labelRequest(this.db, request);
    });
    if (credited.version !== null && this.hooks.onLive !== undefined)
      await this.tellLive(request.model, credited.version);
    return credited;
  }

  /** Returns the id under which it is kept. Throws INVALID_ARGUMENT or RESOURCE_EXHAUSTED. */
  async add(example: Example): Promise<string> {
    const { model, inputs, labels, caller, subject = null, signature = null, classes } = example;
    const truth = classesOf(labels, classes);
    checkRows(inputs, labels.length);
    await refuseFloods(this.db, caller, this.settings);
    const id = randomUUID();
    const payload = packInputs(inputs, new Set(this.settings.redact));
    this.recorder.keep({
      row: { model, version: null, request_id: id, caller, subject, signature, answered: null },
      payload,
    });
    await this.credit({ model, requestId: id, labels: truth, caller, classes: [] });
    return id;
  }

  /** By version that answered. */
  async live(model: string): Promise<ReadonlyMap<number, LiveFigure>> {
    return new Map([...(await this.tallies(model))].map(([version, tally]) => [version, figureOf(tally)]));
  }

  /** Labels that count and how many of them say that the answer was right, by version that answered. */
  tallies(model: string): Promise<ReadonlyMap<number, Tally>> {
    return liveTallies(this.db, model, this.settings.share);
  }

  /** Labelled interactions of a model. */
  async labelled(model: string): Promise<number> {
    const counts = await labelCounts(this.db, model);
    return [...counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Those that count, oldest first. */
  examples(model: string): AsyncGenerator<LabelledExample> {
    return labelledExamples(this.db, this.payloads, { model, share: this.settings.share });
  }

  /** Lets go of what is too old or too much. Returns how many interactions went. */
  prune(): Promise<number> {
    return prune(this.db, this.payloads, this.settings);
  }

  /** Deletes all that concerns somebody. Returns how many interactions went. */
  async deleteSubject(subject: string): Promise<number> {
    await this.recorder.flush();
    return deleteSubject(this.db, this.payloads, subject);
  }

  /** Writes what waits. */
  close(): Promise<void> {
    return this.recorder.flush();
  }

  /** Of many who label at once one asks the database, after all of them. */
  private tellLive(model: string, version: number): Promise<void> {
    const name = `${model} ${version}`;
    const waiting = this.waiting.get(name);
    if (waiting !== undefined) return waiting;
    const telling = (this.running.get(name) ?? Promise.resolve()).then(() => {
      this.waiting.delete(name);
      const asking = this.askLive(model, version);
      this.running.set(
        name,
        asking.catch(() => {}),
      );
      return asking;
    });
    this.waiting.set(name, telling);
    return telling;
  }

  private async askLive(model: string, version: number): Promise<void> {
    const figure = (await this.live(model)).get(version);
    if (figure !== undefined) this.hooks.onLive?.(model, version, figure);
  }
}

/** An example is of so many rows as it has labels. */
function checkRows(inputs: Example['inputs'], labels: number): void {
  for (const [name, input] of inputs) {
    const rows = 'images' in input ? input.images.length : input.shape[0];
    if (rows !== labels)
      throw invalid(`input ${name} has ${rows ?? 'no'} rows, there are ${labels} labels`, {
        tensor: name,
        field: 'labels',
      });
  }
}
