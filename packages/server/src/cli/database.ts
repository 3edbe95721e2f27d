/**
 * The database of a server: opened when the models serve, for nobody who asks them waits for it. Where it is away the server serves all the
 * same, keeps no feedback, and tries again until it is there.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { asFloeError, type ErrorCode } from '@floe/graph/base';
import type { Logger } from 'pino';
import type { ServeConfig } from '../core/config.ts';
import { retrying } from '../core/retrying.ts';
import type { FeedbackDesk } from './feedback.ts';
import type { Closing } from './serving.ts';
import type { TrainingDesk } from './training.ts';
import type { TrainingPort } from './training-port.ts';

const RETRY_SECONDS = [1, 2, 5, 10, 30];
/** What is wrong stays wrong: a URL that is none, a folder in a container or of another process, tables of a newer Floe. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set(['INVALID_ARGUMENT', 'FAILED_PRECONDITION', 'NOT_FOUND']);

interface Parts {
  readonly config: ServeConfig;
  readonly feedback: FeedbackDesk;
  readonly training: TrainingPort;
  readonly log: Logger;
  readonly closing: Closing;
}

/** Resolves after the first try. Throws where no other can help. */
export async function openDatabase(parts: Parts): Promise<void> {
  const { log, closing } = parts;
  const ended = new AbortController();
  const first = Promise.withResolvers<void>();
  let desk: TrainingDesk | undefined;
  const work = async (): Promise<void> => {
    desk = await tryToOpen(parts);
  };
  const opening = retrying(work, {
    seconds: RETRY_SECONDS,
    isWorth: (error) => !HOPELESS.has(asFloeError(error).code),
    onFailure: (err, seconds) => {
      log.error({ err, seconds }, 'the database is away: nothing is kept until it is there; trying again');
      first.resolve();
    },
    wait: (seconds, signal) => delay(seconds * 1000, undefined, { signal, ref: false }).catch(() => {}),
    signal: ended.signal,
  });
  closing.push(async () => {
    ended.abort();
    await opening.catch(() => {});
    await desk?.close();
  });
  await Promise.race([first.promise, opening]);
  opening.catch((err: unknown) => log.error({ err }, 'the database cannot be used: nothing is kept'));
}

async function tryToOpen({ config, feedback, training, log }: Parts): Promise<TrainingDesk> {
  await feedback.open();
  try {
    const { TrainingDesk } = await import('./training.ts');
    const desk = await TrainingDesk.open({ config, log, ...feedback.database() });
    try {
      if (config.allInOne) log.info({ devices: await desk.work() }, 'trains as well');
    } catch (error) {
      await desk.close();
      throw error;
    }
    training.open(desk);
    return desk;
  } catch (error) {
    await feedback.close();
    throw error;
  }
}
