/**
 * Where the elements of a large tensor begin in a message of which only the beginning is there, so that the message can be laid into memory
 * with them aligned: they are then read where they lie, and not copied (0.2 ms for 600 KB).
 */
import type { AnyMessage } from './schema.ts';

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** Offset of the first byte field or list that goes on behind `start`; undefined where there is none, or `start` is no such message. */
export function payloadOffset(message: AnyMessage, start: Uint8Array): number | undefined {
  return new Walk(start).payloadOf(fieldsOf(message));
}

/** What is in a field: fields again, or bytes. */
type Fields = ReadonlyMap<number, () => Fields | undefined>;

const known = new WeakMap<AnyMessage, Fields>();

function fieldsOf(message: AnyMessage): Fields {
  const fields = known.get(message) ?? tableOf(message);
  known.set(message, fields);
  return fields;
}

function tableOf({ fields }: AnyMessage): Fields {
  const rows = Object.values(fields as AnyMessage['fields']);
  return new Map(
    rows.map((field): [number, () => Fields | undefined] => {
      const inner = field.message();
      if (inner === undefined) return [field.number, () => undefined];
      // An entry of a map has its value in the second field.
      const entry: Fields = new Map([[2, () => fieldsOf(inner)]]);
      return [field.number, () => (field.label === 'map' ? entry : fieldsOf(inner))];
    }),
  );
}

class Walk {
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  payloadOf(fields: Fields): number | undefined {
    while (this.at < this.bytes.length) {
      const tag = this.varint();
      if ((tag & 7) !== BYTES) {
        if (!this.skip(tag & 7)) return undefined;
        continue;
      }
      const length = this.varint();
      if (this.at + length > this.bytes.length) return this.inside(fields.get(tag >>> 3)?.());
      this.at += length;
    }
    return undefined;
  }

  /** The field goes on behind what is there. */
  private inside(fields: Fields | undefined): number | undefined {
    if (fields !== undefined) return this.payloadOf(fields);
    return this.at <= this.bytes.length ? this.at : undefined;
  }

  private skip(wire: number): boolean {
    if (wire === VARINT) this.varint();
    else if (wire === FIXED64) this.at += 8;
    else if (wire === FIXED32) this.at += 4;
    else return false;
    return true;
  }

  /** Infinite where it is cut off: then nothing that follows is inside. */
  private varint(): number {
    let value = 0;
    for (let scale = 1; this.at < this.bytes.length && scale < 2 ** 50; scale *= 128) {
      const byte = this.bytes[this.at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    this.at = Number.POSITIVE_INFINITY;
    return 0;
  }
}
