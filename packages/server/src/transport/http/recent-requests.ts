/** What became of the latest requests, by their ids: what `GET /admin/requests/{id}` explains. */
import type { Notes } from '../../core/terms.ts';

export interface RecentRequest {
  readonly requestId: string;
  readonly model: string;
  readonly caller: string;
  readonly status: number;
  readonly seconds: number;
  readonly notes: Notes;
}

const MOST = 2048;

/** A ring: the oldest gives way. */
export class RecentRequests {
  private readonly ring: RecentRequest[] = [];
  private next = 0;

  add(request: RecentRequest): void {
    this.ring[this.next] = request;
    this.next = (this.next + 1) % MOST;
  }

  /** The latest one of this id. Only people ask: a search costs nothing on the way of a request. */
  find(requestId: string): RecentRequest | undefined {
    return this.latest().find((request) => request.requestId === requestId);
  }

  /** Latest first. */
  latest(): readonly RecentRequest[] {
    return [...this.ring.slice(this.next), ...this.ring.slice(0, this.next)].reverse();
  }
}
