/**
 * What became of the latest requests, by their ids: what `GET /admin/requests/{id}` explains.
 *
 * Slots are made once and filled again, and what they hold already is not written. Whatever is kept of a request outlives the young
 * generation, so the garbage collector copies it twice: a fresh record with fresh strings cost a tenth of a tiny model's answer.
 */
import type { CacheNote, Notes, QueueNote } from '../core/terms.ts';
import { ModelTotals } from './model-totals.ts';

export interface RecentRequest {
  readonly requestId: string;
  readonly model: string;
  readonly caller: string;
  readonly status: number;
  readonly seconds: number;
  readonly notes: Notes;
}

const MOST = 2048;

class Slot {
  private requestId = '';
  private model = '';
  private caller = '';
  private status = 0;
  // A fraction, so that the field takes fractions from the beginning.
  private seconds = 0.5;
  private cache: CacheNote | undefined;
  private queue: QueueNote | undefined;

  fill({ requestId, model, caller, status, seconds, notes: { cache, queue } }: RecentRequest): void {
    this.requestId = requestId;
    if (this.model !== model) this.model = model;
    if (this.caller !== caller) this.caller = caller;
    this.status = status;
    this.seconds = seconds;
    if (this.cache !== cache) this.cache = cache;
    if (this.queue !== queue) this.queue = queue;
  }

  read(): RecentRequest {
    const { requestId, model, caller, status, seconds, cache, queue } = this;
    const notes = { ...(cache === undefined ? {} : { cache }), ...(queue === undefined ? {} : { queue }) };
    return { requestId, model, caller, status, seconds, notes };
  }
}

/** A ring: the oldest gives way. */
export class RecentRequests {
  /** What all requests came to, these and those before them. */
  readonly totals = new ModelTotals();
  private readonly ring: Slot[] = [];
  private next = 0;

  add(request: RecentRequest): void {
    const slot = this.ring[this.next] ?? new Slot();
    this.ring[this.next] = slot;
    slot.fill(request);
    this.totals.add(request);
    this.next = (this.next + 1) % MOST;
  }

  /** The latest one of this id. Only people ask: a search costs nothing on the way of a request. */
  find(requestId: string): RecentRequest | undefined {
    return this.latest().find((request) => request.requestId === requestId);
  }

  /** Latest first. */
  latest(): readonly RecentRequest[] {
    const slots = [...this.ring.slice(this.next), ...this.ring.slice(0, this.next)];
    return slots.reverse().map((slot) => slot.read());
  }
}
