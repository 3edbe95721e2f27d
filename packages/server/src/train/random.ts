/** Random numbers that are the same for the same seed, on every machine. */

/** Numbers 0..1 (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A copy in random order (Fisher-Yates). */
export function shuffled(rows: Int32Array, next: () => number): Int32Array {
  const mixed = rows.slice();
  for (let at = mixed.length - 1; at > 0; at--) {
    const other = Math.floor(next() * (at + 1));
    const kept = mixed[at] as number;
    mixed[at] = mixed[other] as number;
    mixed[other] = kept;
  }
  return mixed;
}
