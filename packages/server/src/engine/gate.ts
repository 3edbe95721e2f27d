/**
 * Bounds how many native calls are under way: libuv's pool also serves files and DNS, and must never be full of runs.
 * Whoever finds no free place waits; places go to waiters in the order of their arrival.
 */
export class Gate {
  private places: number;
  private used = 0;
  /** Taken from `head` on; cut when half of it is spent, so that leaving costs the same however many wait. */
  private waiting: (() => void)[] = [];
  private head = 0;

  constructor(places: number) {
    this.places = places;
  }

  /** Calls under way. */
  get inside(): number {
    return this.used;
  }

  /** Changes the number of places; who is inside stays. */
  resize(places: number): void {
    this.places = places;
    while (this.used < this.places && this.head < this.waiting.length) this.admitNext();
  }

  /** Runs `work` in a place of its own. A failure leaves the place free. */
  async use<T>(work: () => Promise<T>): Promise<T> {
    if (this.used < this.places) this.used++;
    else await new Promise<void>((admit) => this.waiting.push(admit));
    try {
      return await work();
    } finally {
      this.used--;
      if (this.used < this.places && this.head < this.waiting.length) this.admitNext();
    }
  }

  private admitNext(): void {
    const admit = this.waiting[this.head++];
    if (this.head * 2 >= this.waiting.length) {
      this.waiting = this.waiting.slice(this.head);
      this.head = 0;
    }
    // Taken here and not by the waiter: a newcomer must not slip in between.
    this.used++;
    admit?.();
  }
}
