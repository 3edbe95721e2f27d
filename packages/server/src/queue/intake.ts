/** The door of the scheduler: who may come in, and how much unfinished work is inside. Work that runs inline is counted here and goes on. */
import type { FloeError } from '@floe/graph/base';
import type { Caller, Terms } from '../core/terms.ts';
import { cancelled, closedScheduler, lateness, refusal, tooMuch } from './admission.ts';
import { Callers } from './callers.ts';
import { Ledger, type Row } from './ledger.ts';
import type { Settings } from './settings.ts';

export class Intake {
  readonly callers = new Callers();
  readonly ledger: Ledger;
  private readonly settings: Settings;
  private bytes = 0;
  private inlineRuns = 0;
  private inlineSeconds = 0;
  private lastActive: number;
  private draining: PromiseWithResolvers<void> | undefined;

  constructor(settings: Settings) {
    this.settings = settings;
    this.ledger = new Ledger((seconds) => this.endInline(seconds));
    this.lastActive = settings.clock();
  }

  get closed(): boolean {
    return this.draining !== undefined;
  }

  /** Predicted seconds of all unfinished work. */
  get seconds(): number {
    return this.callers.all.seconds + this.inlineSeconds;
  }

  /** Seconds since there was unfinished work; 0 while there is. */
  get idleSeconds(): number {
    return this.isEmpty ? (this.settings.clock() - this.lastActive) / 1000 : 0;
  }

  /** Why a task may not come in, counted; undefined if it may. */
  refuse(terms: Terms, row: Row, predicted: number, bytes = 0): FloeError | undefined {
    if (this.closed) return closedScheduler();
    if (terms.signal.aborted) return turnAway(row, 'cancelled', cancelled());
    const late = lateness(this.settings.clock(), terms.deadline, 0);
    if (late !== undefined) return turnAway(row, 'expired', late);
    const { name } = terms.caller;
    const { callers, seconds } = this;
    const load = { seconds, callerSeconds: callers.secondsOf(name), callers: callers.countWith(name) };
    const full = refusal(predicted, load, this.settings) ?? tooMuch(bytes, this.bytes, this.settings);
    if (full !== undefined) row.refused++;
    return full;
  }

  /** The same for a run that goes inline, and then counts it until its promise calls `inlineDone` or `inlineFailed` of the row. */
  beginInline(terms: Terms, row: Row, seconds: number): FloeError | undefined {
    const isPlain = !terms.signal.aborted && terms.deadline === Number.POSITIVE_INFINITY && !this.closed;
    if (!isPlain || this.seconds + seconds > this.settings.queueSeconds / 2) {
      const refused = this.refuse(terms, row, seconds);
      if (refused !== undefined) return refused;
    }
    row.beginInline(seconds);
    this.inlineRuns++;
    this.inlineSeconds += seconds;
    return undefined;
  }

  /** Seconds. */
  enter(caller: Caller, cost: number, now: number, bytes: number): void {
    this.bytes += bytes;
    this.callers.add(caller, cost, now);
  }

  leave(caller: Caller, cost: number, now: number, bytes: number): void {
    this.bytes -= bytes;
    this.callers.remove(caller, cost, now);
    this.rest();
  }

  /** Lets nobody in any more; resolves when all have left. */
  close(): Promise<void> {
    this.draining ??= Promise.withResolvers();
    this.rest();
    return this.draining.promise;
  }

  private get isEmpty(): boolean {
    return this.callers.all.count + this.inlineRuns === 0;
  }

  private endInline(seconds: number): void {
    this.inlineRuns--;
    this.inlineSeconds = this.inlineRuns === 0 ? 0 : this.inlineSeconds - seconds;
    this.rest();
  }

  private rest(): void {
    if (!this.isEmpty) return;
    this.lastActive = this.settings.clock();
    this.draining?.resolve();
  }
}

/** Counts a task that was not refused for want of room. */
export function turnAway(row: Row, outcome: 'cancelled' | 'expired', error: FloeError): FloeError {
  row.accepted++;
  row[outcome]++;
  return error;
}
