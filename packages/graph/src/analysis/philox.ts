/**
 * The counter-based random numbers of TensorFlow's stateless ops: Philox 4x32 with ten rounds (Salmon, Moraes, Dror, Shaw, "Parallel
 * random numbers: as easy as 1, 2, 3", 2011). Source of how a seed becomes key and counter: `GenerateKey` in
 * `tensorflow/core/kernels/stateless_random_ops.cc`.
 */
export const PHILOX = {
  rounds: 10,
  /** What two of the four words are multiplied by. */
  factors: [0xd2511f53n, 0xcd9e8d57n],
  /** What the two words of the key grow by from round to round. */
  steps: [0x9e3779b9n, 0xbb67ae85n],
} as const;

const WORD = 0xffffffffn;

/** The two words of the key in each round. */
export function keysOf(key: bigint): readonly (readonly [bigint, bigint])[] {
  return Array.from({ length: PHILOX.rounds }, (_, i) => {
    const [a, b] = PHILOX.steps.map((step) => step * BigInt(i)) as [bigint, bigint];
    return [((key & WORD) + a) & WORD, ((key >> 32n) + b) & WORD];
  });
}

/** Four words from the counter's four. */
function philox(counter: readonly [bigint, bigint, bigint, bigint], key: bigint): readonly bigint[] {
  let [a, b, c, d] = counter;
  for (const [first, second] of keysOf(key)) {
    const [p, q] = [PHILOX.factors[0] * a, PHILOX.factors[1] * c];
    [a, b, c, d] = [(q >> 32n) ^ b ^ first, q & WORD, (p >> 32n) ^ d ^ second, p & WORD];
  }
  return [a, b, c, d];
}

/** The key with which seeds are mixed. */
const SCRAMBLE = 0x02461e293ec8f720n;

/** Key and counter (its lower and upper half) of a seed of two numbers. */
export function keyAndCounter(seed: readonly [bigint, bigint]): { key: bigint; counter: readonly [bigint, bigint] } {
  const [first, second] = seed.map((part) => BigInt.asUintN(64, part)) as [bigint, bigint];
  const [a = 0n, b = 0n, c = 0n, d = 0n] = philox([first & WORD, first >> 32n, second & WORD, second >> 32n], SCRAMBLE);
  return { key: a | (b << 32n), counter: [0n, c | (d << 32n)] };
}
