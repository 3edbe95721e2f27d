/**
 * A cache bounded by bytes that a scan cannot sweep out: S3-FIFO (Yang et al., SOSP 2023). What is new waits in a small queue, where
 * most of it is forgotten; what was asked for again there, or comes back while it is still remembered by name (a ghost), gets into
 * the main queue, which gives each member another round for every use. No hit moves anything. `bench/cache-trace.ts` compares it with LRU.
 */
import { Fifo, type Linked } from './fifo.ts';

export interface CacheStats {
  readonly hits: number;
  readonly misses: number;
  readonly bytes: number;
  readonly entries: number;
  readonly evictions: number;
}

/** Share of the bytes that the small queue may take. */
const SMALL_SHARE = 0.1;
/**
 * What an entry costs beside its value: node, key of 64 characters and slot in the map. With the overheads of `entry.ts`, 64 MB of answers
 * are 65 MB of memory, be they of 4 floats or of 1,000.
 */
export const ENTRY_OVERHEAD = 256;
/** What remembering a name costs. */
const GHOST_BYTES = 240;
/** Uses after which more make no difference. */
const MOST_USES = 3;

interface Node<Value> extends Linked {
  readonly key: string;
  /** Absent in a ghost. */
  value: Value | undefined;
  bytes: number;
  uses: number;
  queue: 'small' | 'main' | 'ghosts';
  newer: Node<Value> | undefined;
  older: Node<Value> | undefined;
}

export class ByteCache<Value extends object> {
  private readonly limit: number;
  private readonly nodes = new Map<string, Node<Value>>();
  private readonly small = new Fifo<Node<Value>>();
  private readonly main = new Fifo<Node<Value>>();
  private readonly ghosts = new Fifo<Node<Value>>();
  private hits = 0;
  private misses = 0;
  private evictions = 0;

  /** `limit` bounds everything that is held: values, what keeping them costs, and ghosts. */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** Largest value that is kept: one that the small queue can hold. */
  get largest(): number {
    return Math.floor(this.limit * SMALL_SHARE) - ENTRY_OVERHEAD;
  }

  get(key: string): Value | undefined {
    const node = this.nodes.get(key);
    if (node?.value === undefined) {
      this.misses++;
      return undefined;
    }
    this.hits++;
    if (node.uses < MOST_USES) node.uses++;
    return node.value;
  }

  /** Without counting as a use. */
  peek(key: string): Value | undefined {
    return this.nodes.get(key)?.value;
  }

  /** Keeps `value`, which takes `bytes`. False where it is too large to be kept; what was there under `key` is gone then, too. */
  set(key: string, value: Value, bytes: number): boolean {
    const known = this.nodes.get(key);
    const queue = known === undefined || known.queue === 'small' ? 'small' : 'main';
    if (known !== undefined) this.drop(known);
    if (bytes > this.largest) return false;
    const uses = known?.value === undefined ? 0 : known.uses;
    const node: Node<Value> = {
      key,
      value,
      bytes: bytes + ENTRY_OVERHEAD,
      uses,
      queue,
      newer: undefined,
      older: undefined,
    };
    this.makeRoom(node.bytes);
    this.nodes.set(key, node);
    this[queue].push(node);
    return true;
  }

  delete(key: string): boolean {
    const node = this.nodes.get(key);
    if (node?.value === undefined) return false;
    this.drop(node);
    return true;
  }

  clear(): void {
    for (const node of [...this.nodes.values()]) this.drop(node);
  }

  stats(): CacheStats {
    const { hits, misses, evictions } = this;
    return { hits, misses, bytes: this.bytes, entries: this.small.length + this.main.length, evictions };
  }

  /** Names of what was evicted lately. */
  get ghostCount(): number {
    return this.ghosts.length;
  }

  private get bytes(): number {
    return this.small.bytes + this.main.bytes + this.ghosts.bytes;
  }

  private makeRoom(bytes: number): void {
    while (this.bytes + bytes > this.limit) {
      if (this.small.bytes + this.main.bytes === 0) this.forgetGhost();
      else if (this.small.bytes > this.limit * SMALL_SHARE || this.main.length === 0) this.evictSmall();
      else this.evictMain();
    }
  }

  private evictSmall(): void {
    const node = this.small.pop();
    if (node === undefined) return;
    if (node.uses > 0) {
      node.uses = 0;
      node.queue = 'main';
      this.main.push(node);
      return;
    }
    this.evictions++;
    this.haunt(node);
  }

  private evictMain(): void {
    const node = this.main.pop();
    if (node === undefined) return;
    if (node.uses > 0) {
      node.uses--;
      this.main.push(node);
      return;
    }
    this.evictions++;
    this.nodes.delete(node.key);
  }

  /** As many ghosts are kept as there are entries, so that names never take the place of values. */
  private haunt(node: Node<Value>): void {
    node.value = undefined;
    node.bytes = GHOST_BYTES;
    node.queue = 'ghosts';
    this.ghosts.push(node);
    while (this.ghosts.length > this.small.length + this.main.length) this.forgetGhost();
  }

  private forgetGhost(): void {
    const ghost = this.ghosts.pop();
    if (ghost !== undefined) this.nodes.delete(ghost.key);
  }

  private drop(node: Node<Value>): void {
    this[node.queue].remove(node);
    this.nodes.delete(node.key);
  }
}
