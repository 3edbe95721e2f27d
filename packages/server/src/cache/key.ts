/**
 * The key of a call: SHA-256 over its encoding. A call that is one piece is digested in one shot (half the cost of a stream), larger ones
 * piece by piece where they lie, and the largest with turns for others in between.
 */
import { createHash, type Hash, hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { KnownCall, KnownInput } from '../core/inference.ts';
import { encodeCall, type KeyParts, PieceWriter, ROOM, SLICE } from './encoding.ts';

/** A call that takes longer than two slices is digested in turns. */
const STALLS = 2 * SLICE;
/** What a short string costs, in bytes of a long one. */
const STRING_COST = 512;

/** Shared by all calls that are digested at once. */
const room = Buffer.allocUnsafeSlow(ROOM);

/** A promise only where the call is so large that digesting it at once would hold up the event loop. */
export function keyOf(call: KnownCall, parts: KeyParts): string | Promise<string> {
  if (costOf(call) > STALLS) return keyInTurns(call, parts);
  const digest = new Digest();
  for (const _ of encodeCall(call, parts, new PieceWriter(room, digest.add)));
  return digest.hex;
}

async function keyInTurns(call: KnownCall, parts: KeyParts): Promise<string> {
  const digest = new Digest();
  const writer = new PieceWriter(Buffer.allocUnsafeSlow(ROOM), digest.add);
  for (const _ of encodeCall(call, parts, writer)) await nextTurn();
  return digest.hex;
}

class Digest {
  hex = '';
  private stream: Hash | undefined;

  readonly add = (piece: Uint8Array, isLast: boolean): void => {
    if (isLast && this.stream === undefined) {
      this.hex = hash('sha256', piece, 'hex');
      return;
    }
    this.stream ??= createHash('sha256');
    this.stream.update(piece);
    if (isLast) this.hex = this.stream.digest('hex');
  };
}

/** What digesting the call costs, in bytes. */
export function costOf(call: KnownCall): number {
  let cost = 0;
  for (const value of call.inputs.values()) cost += costOfInput(value);
  return cost;
}

function costOfInput(value: KnownInput): number {
  if ('images' in value) return STRING_COST;
  return ArrayBuffer.isView(value.data) ? value.data.byteLength : costOfItems(value.data);
}

function costOfItems(items: readonly Uint8Array[]): number {
  return items.reduce((sum, { byteLength }) => sum + STRING_COST + byteLength, 0);
}
