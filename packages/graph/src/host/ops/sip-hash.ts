/** SipHash-2-4, of which TensorFlow makes its keyed buckets. Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF". */
const MASK = (1n << 64n) - 1n;
const rotated = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (64n - by))) & MASK;

type State = [bigint, bigint, bigint, bigint];

function rounds(v: State, count: number): void {
  for (let i = 0; i < count; i++) {
    v[0] = (v[0] + v[1]) & MASK;
    v[2] = (v[2] + v[3]) & MASK;
    v[1] = rotated(v[1], 13n) ^ v[0];
    v[3] = rotated(v[3], 16n) ^ v[2];
    v[0] = rotated(v[0], 32n);
    v[2] = (v[2] + v[1]) & MASK;
    v[0] = (v[0] + v[3]) & MASK;
    v[1] = rotated(v[1], 17n) ^ v[2];
    v[3] = rotated(v[3], 21n) ^ v[0];
    v[2] = rotated(v[2], 32n);
  }
}

/** Words of 8 bytes, the last filled with zeros and the length. */
function wordsOf(bytes: Uint8Array): readonly bigint[] {
  const padded = new Uint8Array(8 * (Math.floor(bytes.length / 8) + 1));
  padded.set(bytes);
  padded[padded.length - 1] = bytes.length & 0xff;
  const view = new DataView(padded.buffer);
  return Array.from({ length: padded.length / 8 }, (_, i) => view.getBigUint64(8 * i, true));
}

export function sipHash64(bytes: Uint8Array, [k0, k1]: readonly [bigint, bigint]): bigint {
  const v: State = [
    k0 ^ 0x736f6d6570736575n,
    k1 ^ 0x646f72616e646f6dn,
    k0 ^ 0x6c7967656e657261n,
    k1 ^ 0x7465646279746573n,
  ];
  for (const word of wordsOf(bytes)) {
    v[3] ^= word;
    rounds(v, 2);
    v[0] ^= word;
  }
  v[2] ^= 0xffn;
  rounds(v, 4);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}
