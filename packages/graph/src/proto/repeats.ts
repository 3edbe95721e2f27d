/**
 * A bounded memory of what short runs of bytes were decoded to, so that equal runs are mostly decoded once and share one value. It is
 * a table with one place for each hash: a newcomer takes the place, and nothing is ever searched for.
 */

/** Longer runs are weights, which rarely repeat. */
const LONGEST = 160;
const FEWEST_PLACES = 16;
const MOST_PLACES = 16384;
/** About how many bytes of a graph there are to each different name or attribute. */
const BYTES_PER_PLACE = 64;

export class Repeats {
  private readonly bytes: Uint8Array;
  private table: Table | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** What the `length` bytes from `at` on were decoded to for this owner, or what `decode` gives now. */
  get<T>(owner: object, at: number, length: number, decode: () => T): T {
    if (length > LONGEST) return decode();
    this.table ??= new Table(this.bytes);
    const { table } = this;
    const place = table.placeOf(at, length);
    if (table.has(place, owner, at, length)) return table.values[place] as T;
    const value = decode();
    table.keep(place, owner, at, length, value);
    return value;
  }
}

class Table {
  readonly values: unknown[];
  private readonly bytes: Uint8Array;
  private readonly mask: number;
  private readonly owners: (object | undefined)[];
  /** Where the run that has the place begins, and its length. */
  private readonly starts: Float64Array;
  private readonly lengths: Uint8Array;

  constructor(bytes: Uint8Array) {
    let places = FEWEST_PLACES;
    while (places < MOST_PLACES && places * BYTES_PER_PLACE < bytes.byteLength) places *= 2;
    this.bytes = bytes;
    this.mask = places - 1;
    this.values = new Array<unknown>(places);
    this.owners = new Array<object | undefined>(places);
    this.starts = new Float64Array(places);
    this.lengths = new Uint8Array(places);
  }

  /** By the FNV-1a hash (Fowler, Noll, Vo) of the run, its upper half folded into the lower. */
  placeOf(at: number, length: number): number {
    let hash = 0x811c9dc5;
    for (let i = at; i < at + length; i++) hash = Math.imul(hash ^ (this.bytes[i] as number), 0x01000193);
    return (hash ^ (hash >>> 15)) & this.mask;
  }

  has(place: number, owner: object, at: number, length: number): boolean {
    if (this.owners[place] !== owner || this.lengths[place] !== length) return false;
    const start = this.starts[place] as number;
    for (let i = 0; i < length; i++) if (this.bytes[start + i] !== this.bytes[at + i]) return false;
    return true;
  }

  keep(place: number, owner: object, at: number, length: number, value: unknown): void {
    this.values[place] = value;
    this.owners[place] = owner;
    this.starts[place] = at;
    this.lengths[place] = length;
  }
}
