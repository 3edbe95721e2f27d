/** Feedback of a server: its database is opened when the models serve, and until then nothing is kept. */
import { join } from 'node:path';
import { FloeError } from '@floe/graph/base';
import type { Logger } from 'pino';
import type { LiveFigure } from '../core/accuracy.ts';
import { mebibytes, type ServeConfig } from '../core/config.ts';
import type { FeedbackSink, Interaction } from '../core/feedback.ts';
import type { Example, Feedback } from '../feedback/feedback.ts';
import type { Credited, LabelledRequest } from '../feedback/labels.ts';
import type { RecorderStats } from '../feedback/recorder.ts';
import type { FeedbackSettings, Payloads } from '../feedback/settings.ts';
import { isInContainer } from '../sql/container.ts';
import type { Sql } from '../sql/sql.ts';
import type { StoredObject } from '../store/objects/object-store.ts';
import { isRemote, openObjectStore, urlBelow } from '../store/objects/open.ts';
import { cacheFolder } from './costs.ts';

const PRUNE_MS = 3600_000;
/** Other servers are told of labels too. */
const REFRESH_MS = 30_000;
export const NOTHING_KEPT: RecorderStats = { recorded: 0, dropped: 0, waiting: 0 };

export interface FeedbackDeskOptions {
  readonly config: ServeConfig;
  readonly log: Logger;
  readonly onLive: (model: string, version: number, figure: LiveFigure) => void;
  /** Names of those that are served. */
  readonly models: () => readonly string[];
  /** Whether this process runs in a container; absent: found out. */
  readonly inContainer?: boolean;
}

export class FeedbackDesk implements FeedbackSink {
  private readonly options: FeedbackDeskOptions;
  private feedback: Feedback | undefined;
  private sql: Sql | undefined;
  private payloads: Awaited<ReturnType<typeof payloadsOf>> | undefined;
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(options: FeedbackDeskOptions) {
    this.options = options;
  }

  /** Throws where the database cannot be opened; it may be tried again. */
  async open(): Promise<void> {
    try {
      await this.tryToOpen();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  private async tryToOpen(): Promise<void> {
    const { config, log, onLive, inContainer = isInContainer() } = this.options;
    const [{ openSql }, { Feedback }] = await Promise.all([
      import('../sql/open.ts'),
      import('../feedback/feedback.ts'),
    ]);
    this.sql = await openSql(config.sql, { inContainer, log: (level, message) => log[level](message) });
    const hooks = { onError: (err: FloeError) => log.error({ err }, 'feedback could not be kept'), onLive };
    this.payloads = await payloadsOf(config);
    const feedback = await Feedback.open(this.sql, this.payloads, settingsOf(config), hooks);
    this.timers.push(setInterval(() => void this.prune(feedback), PRUNE_MS).unref());
    this.timers.push(setInterval(() => void this.refresh().catch(hooks.onError), REFRESH_MS).unref());
    void this.prune(feedback);
    this.feedback = feedback;
    await this.refresh();
  }

  record(interaction: Interaction): void {
    this.feedback?.record(interaction);
  }

  /** Throws UNAVAILABLE while the server starts. */
  async label(request: LabelledRequest): Promise<Credited> {
    return this.opened().label(request);
  }

  async add(example: Example): Promise<string> {
    return this.opened().add(example);
  }

  stats(): RecorderStats {
    return this.feedback?.stats() ?? NOTHING_KEPT;
  }

  /** Tells what is known so far of all versions, as other processes may have been told. */
  private async refresh(): Promise<void> {
    for (const model of this.options.models())
      for (const [version, figure] of (await this.feedback?.live(model)) ?? [])
        this.options.onLive(model, version, figure);
  }

  async close(): Promise<void> {
    const { feedback, payloads, sql } = this;
    [this.feedback, this.payloads, this.sql] = [undefined, undefined, undefined];
    for (const timer of this.timers.splice(0)) clearInterval(timer);
    await feedback?.close();
    payloads?.close();
    await sql?.close();
  }

  /** Once it is open: what trainings are asked for and learn from. Throws UNAVAILABLE. */
  database(): { readonly sql: Sql; readonly feedback: Feedback } {
    return { feedback: this.opened(), sql: this.sql as Sql };
  }

  /** Labels by version that answered. Throws UNAVAILABLE while the server starts. */
  tallies(model: string): ReturnType<Feedback['tallies']> {
    return this.opened().tallies(model);
  }

  private opened(): Feedback {
    if (this.feedback !== undefined) return this.feedback;
    throw new FloeError('UNAVAILABLE', 'the database of feedback is not open yet');
  }

  private async prune(feedback: Feedback): Promise<void> {
    const { log } = this.options;
    await feedback.prune().catch((err: unknown) => log.error({ err }, 'old feedback could not be deleted'));
  }
}

export function settingsOf(config: ServeConfig): FeedbackSettings {
  return {
    sampling: config.feedbackSampling,
    redact: config.feedbackRedact,
    retentionDays: config.feedbackDays,
    budgetBytes: mebibytes(config.feedbackMb),
    labelsPerMinute: config.labelsPerMinute,
    share: config.labelShare,
  };
}

/**
 * Inputs as objects, which workers on other machines read too: in the folder or bucket that is named for them, else beside the models where those
 * lie in a bucket, else in a part of the cache folder.
 */
export async function payloadsOf(
  config: Pick<ServeConfig, 'feedbackDir' | 'cacheDir' | 'models'>,
): Promise<Payloads & { close(): void }> {
  const { feedbackDir, models } = config;
  const beside = isRemote(models) ? urlBelow(models, '.feedback') : join(cacheFolder(config), 'feedback');
  const objects = await openObjectStore(feedbackDir || beside);
  return {
    put: (key, bytes) => objects.put(key, bytes),
    get: async (key) => ((await objects.get(key)) as StoredObject | undefined)?.bytes,
    delete: (key) => objects.delete(key),
    close: () => objects.close(),
  };
}
