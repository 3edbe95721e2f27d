/** Users of the demo: they ask about digits one by one, some of them again and again, and say of each new one what it is. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Tensor } from '@floe/graph/base';
import { type Examples, takeRows } from '../../train/examples.ts';
import { rawRequest } from './client.ts';
import { MODEL } from './digits.ts';

export interface UserCounts {
  readonly answered: number;
  readonly failed: number;
  readonly hits: number;
  readonly ended: number;
  readonly corrected: number;
  /** Version whose answer was the first to come from the cache. */
  readonly firstCachedBy: number | undefined;
}

const AT_A_TIME = 2;
/** Digits that everybody asks about. */
const POPULAR = 40;
/** Between two requests of a user, so that a small machine has time for the training too. */
const PAUSE_MS = 3;

export class Users {
  private readonly url: string;
  private readonly feedback: string;
  private readonly digits: Examples;
  private readonly stopped = new AbortController();
  private running: Promise<unknown> = Promise.resolve();
  private next = 0;
  /** New digits that they have seen so far. */
  private known = 0;
  private turn = 0;
  private answered = 0;
  private failed = 0;
  private hits = 0;
  private ended = 0;
  private corrected = 0;
  private firstCachedBy: number | undefined;

  constructor(http: string, digits: Examples) {
    this.url = `${http}/v2/models/${MODEL}/infer`;
    this.feedback = `${http}/v1/models/${MODEL}/feedback`;
    this.digits = digits;
  }

  start(): this {
    this.running = Promise.all(Array.from({ length: AT_A_TIME }, () => this.go()));
    return this;
  }

  /** They come across so many new digits in all. */
  meet(digits: number): void {
    this.known = Math.min(digits, this.digits.labels.length);
  }

  /** Resolves when everything popular has been asked about again. */
  async askedAgain(): Promise<void> {
    const until = this.turn + 2 * (POPULAR + AT_A_TIME);
    while (this.turn < until && !this.stopped.signal.aborted) await delay(10);
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.running;
  }

  counts(): UserCounts {
    const { answered, failed, hits, ended, corrected, firstCachedBy } = this;
    return { answered, failed, hits, ended, corrected, firstCachedBy };
  }

  private async go(): Promise<void> {
    while (!this.stopped.signal.aborted) {
      const turn = this.turn++;
      const isNew = turn % 2 === 1 && this.next < this.known;
      await this.ask(isNew ? this.next++ : (turn >> 1) % POPULAR, isNew);
      await delay(PAUSE_MS);
    }
  }

  /** Counts what fails instead of throwing: that is what is told. */
  private async ask(row: number, isNew: boolean): Promise<void> {
    const { data, shape } = takeRows(this.digits.inputs.get('x') as Tensor, [row]);
    try {
      const response = await fetch(this.url, { method: 'POST', ...rawRequest(data as Float32Array, shape) });
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`status ${response.status}`);
      this.count(response.headers);
      if (isNew) await this.correct(response.headers.get('x-request-id') ?? '', this.digits.labels[row] as number);
    } catch {
      this.failed++;
    }
  }

  private count(headers: Headers): void {
    this.answered++;
    const note = headers.get('x-cache') ?? '';
    if (note.includes('ended')) this.ended++;
    if (!note.startsWith('hit')) return;
    this.hits++;
    this.firstCachedBy ??= Number(headers.get('x-model-version'));
  }

  private async correct(requestId: string, label: number): Promise<void> {
    const response = await fetch(this.feedback, { method: 'POST', body: JSON.stringify({ requestId, label }) });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`status ${response.status}`);
    this.corrected++;
  }
}
