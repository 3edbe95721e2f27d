/** Policies that change while a server runs: `floe.yaml` is looked at now and then, and what may be taken over is. */
import process from 'node:process';
import { isDeepStrictEqual } from 'node:util';
import { asFloeError } from '@floe/graph/base';
import type { Logger } from 'pino';
import { LIVE_OPTIONS, type ServeConfig } from '../core/config.ts';
import { type FileWatch, watchFiles } from '../transport/watch-files.ts';
import { DEFAULT_FILE, readConfig } from './config-file.ts';

export interface LiveConfigDeps {
  /** What the server was started with. */
  readonly config: ServeConfig;
  readonly flags: Readonly<Record<string, unknown>>;
  readonly file: string | undefined;
  readonly adapt: (config: ServeConfig) => void;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error' | 'level'>;
}

const LIVE: ReadonlySet<string> = new Set(LIVE_OPTIONS);

export class LiveConfig {
  private readonly deps: LiveConfigDeps;
  private now: ServeConfig;

  constructor(deps: LiveConfigDeps) {
    this.deps = deps;
    this.now = deps.config;
  }

  watch(): FileWatch {
    return watchFiles([this.deps.file ?? DEFAULT_FILE], () => void this.reload());
  }

  /** A file that is wrong changes nothing, and is told of. */
  async reload(): Promise<void> {
    const { flags, file, log } = this.deps;
    try {
      this.take(await readConfig(flags, process.env, file));
    } catch (thrown) {
      log.error({ err: asFloeError(thrown) }, 'the configuration stays as it was');
    }
  }

  private take(read: ServeConfig): void {
    const { adapt, log } = this.deps;
    const before = new Map<string, unknown>(Object.entries(this.now));
    const changed = Object.entries(read).filter(([option, value]) => !isDeepStrictEqual(value, before.get(option)));
    const others = changed.filter(([option]) => !LIVE.has(option)).map(([option]) => option);
    if (others.length > 0) log.warn({ options: others }, 'options changed that only a new start takes over');
    const taken = Object.fromEntries(changed.filter(([option]) => LIVE.has(option)));
    if (Object.keys(taken).length === 0) return;
    this.now = { ...this.now, ...taken };
    log.level = this.now.logLevel;
    adapt(this.now);
    log.info(taken, 'options are taken over');
  }
}
