/**
 * A binary heap whose entries know where they are, so that any of them can leave or change its key in O(log n):
 *
 *   heap.push(task); heap.first(); heap.pop(); heap.remove(task);
 *
 * The least key is first; among equal keys, the least `order`.
 */
export interface Entry {
  key: number;
  /** Number of arrival, which decides between equal keys. */
  order: number;
  /** Position in the heap, kept by it; -1 while in none. */
  at: number;
}

export class Heap<T extends Entry> {
  private readonly entries: T[] = [];

  get size(): number {
    return this.entries.length;
  }

  first(): T | undefined {
    return this.entries[0];
  }

  push(entry: T): void {
    this.entries.push(entry);
    this.rise(entry, this.entries.length - 1);
  }

  pop(): T | undefined {
    const first = this.entries[0];
    if (first !== undefined) this.remove(first);
    return first;
  }

  remove(entry: T): void {
    const { at } = entry;
    const last = this.entries.pop();
    entry.at = -1;
    if (last === undefined || last === entry) return;
    last.at = at;
    this.entries[at] = last;
    this.moved(last);
  }

  /** Puts an entry whose key has changed where it belongs now. */
  moved(entry: T): void {
    this.rise(entry, entry.at);
    this.sink(entry, entry.at);
  }

  /** Visits the entries that go before `entry` would, in no order, until `visit` says false. Costs as many steps as there are such entries. */
  before(entry: Pick<Entry, 'key' | 'order'>, visit: (ahead: T) => boolean, at = 0): boolean {
    const here = this.entries[at];
    if (here === undefined || !goesBefore(here, entry)) return true;
    return visit(here) && this.before(entry, visit, 2 * at + 1) && this.before(entry, visit, 2 * at + 2);
  }

  /** All entries, in no order. */
  [Symbol.iterator](): Iterator<T> {
    return this.entries.values();
  }

  private rise(entry: T, from: number): void {
    let at = from;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = this.entries[up] as T;
      if (!goesBefore(entry, parent)) break;
      this.put(parent, at);
      at = up;
    }
    this.put(entry, at);
  }

  private sink(entry: T, from: number): void {
    let at = from;
    for (;;) {
      const child = this.lesserChild(at);
      if (child === undefined || !goesBefore(child, entry)) break;
      const down = child.at;
      this.put(child, at);
      at = down;
    }
    this.put(entry, at);
  }

  private lesserChild(at: number): T | undefined {
    const left = this.entries[2 * at + 1];
    const right = this.entries[2 * at + 2];
    if (left === undefined || right === undefined) return left;
    return goesBefore(right, left) ? right : left;
  }

  private put(entry: T, at: number): void {
    this.entries[at] = entry;
    entry.at = at;
  }
}

function goesBefore(a: Pick<Entry, 'key' | 'order'>, b: Pick<Entry, 'key' | 'order'>): boolean {
  return a.key < b.key || (a.key === b.key && a.order < b.order);
}
