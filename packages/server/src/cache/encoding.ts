/**
 * A call as bytes that no other call has: every part of variable length stands behind its length, lists behind their count, and inputs
 * and outputs are sorted. What is large is not copied but given as it lies, so that a digest costs one pass over it.
 */
import { bytesOf, DTYPES, type Tensor } from '@floe/graph/base';
import type { KnownCall, KnownInput } from '../core/inference.ts';

/** Beside the call itself, what an answer depends on. */
export interface KeyParts {
  readonly model: string;
  readonly epoch: number;
  readonly contract: string;
  /** The version, where answers must not be shared with other versions. */
  readonly scope: number | undefined;
  /** Expanded, sorted, each once. */
  readonly outputs: readonly string[];
}

/** Takes the encoding piece by piece. A piece is valid only until `sink` returns. */
export type Sink = (piece: Uint8Array, isLast: boolean) => void;

export const ROOM = 4096;
/** Larger pieces are handed over as they lie. */
const LARGE = 2048;
/** 2 ms of digesting: well under what an event loop should be held up. */
export const SLICE = 4 * 2 ** 20;
/** So many short strings take about as long as a slice. */
const STRINGS_AT_ONCE = 8192;

const TENSOR = 1;
const IMAGES = 2;

/** Gathers small pieces in `room`, which must not be used by anything else until the end. */
export class PieceWriter {
  private readonly room: Buffer;
  private readonly sink: Sink;
  private length = 0;

  constructor(room: Buffer, sink: Sink) {
    this.room = room;
    this.sink = sink;
  }

  number(value: number): void {
    if (this.length + 8 > ROOM) this.flush();
    this.length = this.room.writeDoubleLE(value, this.length);
  }

  /**
   * With its length before it. UTF-16, since UTF-8 has one form for all lone surrogates; by a loop, since the native call costs more for
   * names.
   */
  text(value: string): void {
    const bytes = 2 * value.length;
    this.number(bytes);
    if (bytes > LARGE) {
      this.raw(Buffer.from(value, 'utf16le'));
      return;
    }
    if (this.length + bytes > ROOM) this.flush();
    const { room } = this;
    let at = this.length;
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      room[at++] = unit;
      room[at++] = unit >> 8;
    }
    this.length = at;
  }

  raw(value: Uint8Array): void {
    if (value.byteLength > LARGE) {
      this.flush();
      this.sink(value, false);
      return;
    }
    if (this.length + value.byteLength > ROOM) this.flush();
    this.room.set(value, this.length);
    this.length += value.byteLength;
  }

  end(): void {
    this.sink(this.room.subarray(0, this.length), true);
  }

  private flush(): void {
    if (this.length > 0) this.sink(this.room.subarray(0, this.length), false);
    this.length = 0;
  }
}

/** Writes the encoding; yields wherever so much was written that others should have a turn. */
export function* encodeCall(call: KnownCall, parts: KeyParts, writer: PieceWriter): Generator<void> {
  writeParts(writer, parts);
  writer.number(call.inputs.size);
  for (const [name, value] of sorted(call.inputs)) {
    writer.text(name);
    const items = writeKind(writer, value);
    writer.number(items.length);
    for (let i = 0; i < items.length; i++) {
      const item = items[i] as Uint8Array;
      writer.number(item.byteLength);
      for (let at = 0; at < item.byteLength; at += SLICE) {
        if (at > 0) yield;
        writer.raw(item.byteLength > SLICE ? item.subarray(at, at + SLICE) : item);
      }
      if (i % STRINGS_AT_ONCE === STRINGS_AT_ONCE - 1) yield;
    }
  }
  writer.end();
}

function writeParts(writer: PieceWriter, { model, epoch, contract, scope, outputs }: KeyParts): void {
  writer.text(model);
  writer.number(epoch);
  writer.text(contract);
  writer.number(scope ?? -1);
  writer.number(outputs.length);
  for (const output of outputs) writer.text(output);
}

function sorted(inputs: ReadonlyMap<string, KnownInput>): Iterable<[string, KnownInput]> {
  return inputs.size === 1 ? inputs : [...inputs].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Writes all but the elements, and gives those. */
function writeKind(writer: PieceWriter, value: KnownInput): readonly Uint8Array[] {
  if ('images' in value) {
    writer.number(IMAGES);
    return [Buffer.from(value.digest, 'latin1')];
  }
  writer.number(TENSOR);
  writer.number(DTYPES[value.dtype].tf);
  writer.number(value.shape.length);
  for (const dim of value.shape) writer.number(dim);
  return itemsOf(value);
}

function itemsOf(tensor: Tensor): readonly Uint8Array[] {
  return ArrayBuffer.isView(tensor.data) ? [bytesOf(tensor)] : tensor.data;
}
