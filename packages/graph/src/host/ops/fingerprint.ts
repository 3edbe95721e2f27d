/**
 * FarmHash's `Fingerprint64`, by which TensorFlow puts words that no vocabulary has into buckets. Its constants and steps are what the
 * function is: https://github.com/google/farmhash, `farmhashna::Hash64`.
 */

const K0 = 0xc3a5c85c97cb3127n;
const K1 = 0xb492b66fbe98f273n;
const K2 = 0x9ae16a3b2f90404fn;
const SEED = 81n;

const low = (value: bigint): bigint => BigInt.asUintN(64, value);
const rotate = (value: bigint, by: bigint): bigint => low((value >> by) | (value << (64n - by)));
const mix = (value: bigint): bigint => value ^ (value >> 47n);

class Words {
  private readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  long(at: number): bigint {
    return this.view.getBigUint64(at, true);
  }

  short(at: number): bigint {
    return BigInt(this.view.getUint32(at, true));
  }

  byte(at: number): bigint {
    return BigInt(this.view.getUint8(at));
  }
}

/** An unsigned number of 64 bits. */
export function fingerprint64(bytes: Uint8Array): bigint {
  const words = new Words(bytes);
  const size = bytes.byteLength;
  if (size <= 16) return upTo16(words, size);
  if (size <= 32) return upTo32(words, size);
  return size <= 64 ? upTo64(words, size) : longer(words, size);
}

function joined(u: bigint, v: bigint, by: bigint): bigint {
  const a = mix(low((u ^ v) * by));
  return low(mix(low((v ^ a) * by)) * by);
}

const factorOf = (size: number): bigint => low(K2 + BigInt(size) * 2n);

function upTo16(words: Words, size: number): bigint {
  const by = factorOf(size);
  if (size >= 8) {
    const a = low(words.long(0) + K2);
    const b = words.long(size - 8);
    const c = low(rotate(b, 37n) * by + a);
    return joined(c, low((rotate(a, 25n) + b) * by), by);
  }
  if (size >= 4) return joined(low(BigInt(size) + (words.short(0) << 3n)), words.short(size - 4), by);
  if (size === 0) return K2;
  const y = words.byte(0) + (words.byte(size >> 1) << 8n);
  const z = BigInt(size) + (words.byte(size - 1) << 2n);
  return low(mix(low(y * K2) ^ low(z * K0)) * K2);
}

function upTo32(words: Words, size: number): bigint {
  const by = factorOf(size);
  const a = low(words.long(0) * K1);
  const b = words.long(8);
  const c = low(words.long(size - 8) * by);
  const d = low(words.long(size - 16) * K2);
  return joined(low(rotate(low(a + b), 43n) + rotate(c, 30n) + d), low(a + rotate(low(b + K2), 18n) + c), by);
}

function upTo64(words: Words, size: number): bigint {
  const by = factorOf(size);
  const a = low(words.long(0) * K2);
  const b = words.long(8);
  const c = low(words.long(size - 8) * by);
  const d = low(words.long(size - 16) * K2);
  const y = low(rotate(low(a + b), 43n) + rotate(c, 30n) + d);
  const z = joined(y, low(a + rotate(low(b + K2), 18n) + c), by);
  const e = low(words.long(16) * by);
  const f = words.long(24);
  const g = low((y + words.long(size - 32)) * by);
  const h = low((z + words.long(size - 24)) * by);
  return joined(low(rotate(low(e + f), 43n) + rotate(g, 30n) + h), low(e + rotate(low(f + a), 18n) + g), by);
}

type Pair = readonly [bigint, bigint];

function weak(words: Words, at: number, first: bigint, second: bigint): Pair {
  const a = first + words.long(at);
  const z = words.long(at + 24);
  const b = rotate(low(second + a + z), 21n);
  const sum = a + words.long(at + 8) + words.long(at + 16);
  return [low(sum + z), low(b + rotate(low(sum), 44n) + a)];
}

interface State {
  readonly x: bigint;
  readonly y: bigint;
  readonly z: bigint;
  readonly v: Pair;
  readonly w: Pair;
}

/** One block of 64 bytes; the last one is mixed with other factors. */
function block(words: Words, at: number, { x, y, z, v, w }: State, by: bigint, nine: bigint): State {
  const a = low(rotate(low(x + y + v[0] + words.long(at + 8)), 37n) * by) ^ low(w[1] * nine);
  const b = low(rotate(low(y + v[1] + words.long(at + 48)), 42n) * by + v[0] * nine + words.long(at + 40));
  const c = low(rotate(low(z + w[0]), 33n) * by);
  const left = weak(words, at, low(v[1] * by), low(a + w[0]));
  const right = weak(words, at + 32, low(c + w[1]), low(b + words.long(at + 16)));
  return { x: c, y: b, z: a, v: left, w: right };
}

function longer(words: Words, size: number): bigint {
  const y = low(SEED * K1 + 113n);
  let state: State = {
    x: low(SEED * K2 + words.long(0)),
    y,
    z: low(mix(low(y * K2 + 113n)) * K2),
    v: [0n, 0n],
    w: [0n, 0n],
  };
  const end = Math.floor((size - 1) / 64) * 64;
  for (let at = 0; at < end; at += 64) state = block(words, at, state, K1, 1n);
  const by = low(K1 + ((state.z & 0xffn) << 1n));
  const w = low(state.w[0] + BigInt((size - 1) & 63));
  const v = low(state.v[0] + w);
  const last = { ...state, v: [v, state.v[1]] as const, w: [low(w + v), state.w[1]] as const };
  const done = block(words, size - 64, last, by, 9n);
  const one = low(joined(done.v[0], done.w[0], by) + mix(done.y) * K0 + done.z);
  return joined(one, low(joined(done.v[1], done.w[1], by) + done.x), by);
}
