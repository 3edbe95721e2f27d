/** A message within another by its bytes: what is encoded already need not be built again. Fields of a message may come in any order. */

const BYTES = 2;

/** Field `number`, whose message is all of `parts` on end. */
export function embedded(number: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const prefix = [(number << 3) | BYTES];
  let rest = length;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) prefix.push((rest % 128) | 0x80);
  prefix.push(rest);
  return Buffer.concat([Uint8Array.from(prefix), ...parts]);
}
