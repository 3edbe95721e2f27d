/**
 * Keeps interactions without a request noticing: what is to be kept is copied at once (the memory is the next request's), everything else
 * happens later and for many together. What comes faster than it can be written is dropped and counted.
 */
import { hash } from 'node:crypto';
import { asFloeError, type FloeError } from '@floe/graph/base';
import type { Insertable } from 'kysely';
import { lot } from '../core/canary.ts';
import type { FeedbackSink, Interaction } from '../core/feedback.ts';
import { packInputs } from './payload.ts';
import { type FeedbackSettings, type Payloads, payloadKey } from './settings.ts';
import { type Db, type InteractionRow, lockPayloads } from './tables.ts';
import { answeredClasses } from './verdict.ts';

/** Bytes that may wait to be written. */
const MOST_WAITING = 64 << 20;
/** Interactions of one insert; each has nine parameters, and PostgreSQL takes 65,535. */
const BATCH = 500;
const FLUSH_MS = 250;

export interface Kept {
  readonly row: Omit<Insertable<InteractionRow>, 'payload'>;
  readonly payload: Uint8Array;
}

export interface RecorderDeps {
  readonly db: Db;
  readonly payloads: Payloads;
  readonly settings: Pick<FeedbackSettings, 'sampling' | 'redact'>;
  readonly onError: (error: FloeError) => void;
}

export interface RecorderStats {
  readonly recorded: number;
  /** Lost because writing did not keep up, or failed. */
  readonly dropped: number;
  readonly waiting: number;
}

export class Recorder implements FeedbackSink {
  private readonly deps: RecorderDeps;
  private readonly redact: ReadonlySet<string>;
  private waiting: Kept[] = [];
  private waitingBytes = 0;
  private writing: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private recorded = 0;
  private dropped = 0;

  constructor(deps: RecorderDeps) {
    this.deps = deps;
    this.redact = new Set(deps.settings.redact);
  }

  record(interaction: Interaction): void {
    const { sampling } = this.deps.settings;
    if (sampling < 1 && lot(interaction.requestId) >= sampling) return;
    try {
      this.keep(keptOf(interaction, this.redact));
    } catch (error) {
      this.dropped++;
      this.deps.onError(asFloeError(error));
    }
  }

  /** Takes what is not an answer but an example of its own. */
  keep(kept: Kept): void {
    const bytes = kept.payload.byteLength;
    if (this.waitingBytes + bytes > MOST_WAITING) {
      this.dropped++;
      return;
    }
    this.waitingBytes += bytes;
    this.waiting.push(kept);
    this.timer ??= setTimeout(() => void this.flush(), FLUSH_MS).unref();
  }

  /** Writes what waits; resolves when all that was recorded before the call is written or lost. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const batch = this.waiting;
    this.waiting = [];
    this.writing = this.writing.then(() => this.write(batch));
    return this.writing;
  }

  stats(): RecorderStats {
    return { recorded: this.recorded, dropped: this.dropped, waiting: this.waiting.length };
  }

  private async write(all: readonly Kept[]): Promise<void> {
    for (let at = 0; at < all.length; at += BATCH) {
      const batch = all.slice(at, at + BATCH);
      try {
        await insert(this.deps, batch);
        this.recorded += batch.length;
      } catch (error) {
        this.dropped += batch.length;
        this.deps.onError(asFloeError(error));
      }
      for (const { payload } of batch) this.waitingBytes -= payload.byteLength;
    }
  }
}

function keptOf(interaction: Interaction, redact: ReadonlySet<string>): Kept {
  const { requestId, servable, version, caller, subject, signature, inputs, outputs } = interaction;
  return {
    row: {
      model: servable.model,
      version,
      request_id: requestId,
      caller,
      subject: subject ?? null,
      signature: signature ?? null,
      answered: mutable(answeredClasses(outputs, servable.labels)),
    },
    payload: packInputs(inputs, redact),
  };
}

function mutable(classes: readonly number[] | undefined): number[] | null {
  return classes === undefined ? null : [...classes];
}

async function insert({ db, payloads }: RecorderDeps, batch: readonly Kept[]): Promise<void> {
  const digested = batch.map(({ row, payload }) => ({ row, payload, digest: hash('sha256', payload, 'hex') }));
  const bytes = new Map(digested.map(({ digest, payload }) => [digest, payload]));
  await db.transaction().execute(async (transaction) => {
    await lockPayloads(transaction, 'shared');
    const rows = [...bytes].map(([digest, payload]) => ({ digest, bytes: payload.byteLength }));
    // Waits for another process that is just writing the same payload; what comes back is ours to write.
    const added = await transaction
      .insertInto('feedback_payload')
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .returning('digest')
      .execute();
    await Promise.all(added.map(({ digest }) => payloads.put(payloadKey(digest), bytes.get(digest) as Uint8Array)));
    await transaction
      .insertInto('feedback_interaction')
      .values(digested.map(({ row, digest }) => ({ ...row, payload: digest })))
      .execute();
  });
}
