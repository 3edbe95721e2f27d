/** Feedback of a server: its database is opened when the models serve, and until then nothing is kept. */
import { readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FloeError } from '@floe/graph/base';
import type { Logger } from 'pino';
import type { LiveFigure } from '../core/accuracy.ts';
import { mebibytes, type ServeConfig } from '../core/config.ts';
import type { FeedbackSink, Interaction } from '../core/feedback.ts';
import type { Example, Feedback } from '../feedback/feedback.ts';
import type { Credited, LabelledRequest } from '../feedback/labels.ts';
import type { RecorderStats } from '../feedback/recorder.ts';
import type { FeedbackSettings, Payloads } from '../feedback/settings.ts';
import type { Sql } from '../sql/sql.ts';
import { writeWhole } from '../store/whole-file.ts';
import { cacheFolder } from './costs.ts';

const PRUNE_MS = 3600_000;
export const NOTHING_KEPT: RecorderStats = { recorded: 0, dropped: 0, waiting: 0 };

export interface FeedbackDeskOptions {
  readonly config: ServeConfig;
  readonly log: Logger;
  readonly onLive: (model: string, version: number, figure: LiveFigure) => void;
}

export class FeedbackDesk implements FeedbackSink {
  private readonly options: FeedbackDeskOptions;
  private feedback: Feedback | undefined;
  private sql: Sql | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(options: FeedbackDeskOptions) {
    this.options = options;
  }

  /** Throws where the database cannot be opened. */
  async open(): Promise<void> {
    const { config, log, onLive } = this.options;
    const [{ openSql }, { Feedback }] = await Promise.all([
      import('../sql/open.ts'),
      import('../feedback/feedback.ts'),
    ]);
    this.sql = await openSql(config.sql, { log: (level, message) => log[level](message) });
    const hooks = { onError: (err: FloeError) => log.error({ err }, 'feedback could not be kept'), onLive };
    const feedback = await Feedback.open(this.sql, payloadsOf(config), settingsOf(config), hooks);
    this.timer = setInterval(() => void this.prune(feedback), PRUNE_MS).unref();
    void this.prune(feedback);
    this.feedback = feedback;
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

  /** Tells what is known so far of a model's versions, as another process may have been told. */
  async refresh(model: string): Promise<void> {
    for (const [version, figure] of (await this.feedback?.live(model)) ?? [])
      this.options.onLive(model, version, figure);
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.feedback?.close();
    await this.sql?.close();
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

/** Inputs as files of a folder, each written whole or not at all. */
export function payloadsOf(config: Pick<ServeConfig, 'feedbackDir' | 'cacheDir'>): Payloads {
  const folder = resolve(config.feedbackDir || join(cacheFolder(config), 'feedback'));
  return {
    put: (key, bytes) => writeWhole(join(folder, key), bytes),
    get: (key) =>
      readFile(join(folder, key)).catch((cause: NodeJS.ErrnoException) => {
        if (cause.code === 'ENOENT') return undefined;
        throw cause;
      }),
    delete: (key) => rm(join(folder, key), { force: true }),
  };
}
