/**
 * A stored answer as bytes that others may have written, cut off or overwritten: magic, length of the header, header (JSON), elements, and
 * SHA-256 of all that. Whatever does not fit together is no entry.
 */
import { createHash } from 'node:crypto';
import { arrayFor, bytesOf, DTYPES, type DType, sizeOf, type Tensor } from '@floe/graph/base';
import { z } from 'zod';
import type { NamedTensor } from '../core/inference.ts';
import { type Entry, makeEntry } from './entry.ts';

/** Changes with the format: what an older Floe wrote is no entry then. */
const MAGIC = 'FLC1';
const FIXED = 8;
const DIGEST = 32;

const count = z.int().min(0);
const Header = z.object({
  key: z.string(),
  version: count,
  band: count,
  epoch: count,
  purges: count,
  outputs: z.array(
    z.object({
      name: z.string(),
      dtype: z.enum(Object.keys(DTYPES) as [DType, ...DType[]]),
      shape: z.array(count),
      bytes: count,
    }),
  ),
});
type Header = z.infer<typeof Header>;

export function writeEntry(key: string, { version, band, epoch, purges, outputs }: Entry): Buffer {
  const parts = outputs.map(({ tensor }) => elementsOf(tensor));
  const header: Header = {
    key,
    version,
    band,
    epoch,
    purges,
    outputs: outputs.map(({ name, tensor: { dtype, shape } }, i) => {
      return { name, dtype, shape: [...shape], bytes: parts[i]?.byteLength ?? 0 };
    }),
  };
  const text = Buffer.from(JSON.stringify(header));
  const fixed = Buffer.alloc(FIXED);
  fixed.write(MAGIC, 'latin1');
  fixed.writeUInt32LE(text.length, MAGIC.length);
  const body = [fixed, text, ...parts];
  return Buffer.concat([...body, digestOf(body)]);
}

/** The entry, with tensors of their own memory; undefined where `bytes` are not what `writeEntry` made for this key. */
export function readEntry(key: string, bytes: Buffer): Entry | undefined {
  const end = bytes.length - DIGEST;
  if (end < FIXED || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  if (!digestOf([bytes.subarray(0, end)]).equals(bytes.subarray(end))) return undefined;
  const start = FIXED + bytes.readUInt32LE(MAGIC.length);
  const header = start > end ? undefined : parse(bytes.toString('utf8', FIXED, start));
  if (header?.key !== key) return undefined;
  const outputs = readOutputs(header, bytes.subarray(start, end));
  return outputs === undefined ? undefined : makeEntry(header, outputs);
}

function digestOf(parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function parse(text: string): Header | undefined {
  try {
    return Header.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Strings with four bytes of length before each. */
function elementsOf(tensor: Tensor): Uint8Array {
  if (ArrayBuffer.isView(tensor.data)) return bytesOf(tensor);
  return Buffer.concat(
    tensor.data.flatMap((text) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(text.byteLength);
      return [length, text];
    }),
  );
}

function readOutputs({ outputs }: Header, elements: Buffer): NamedTensor[] | undefined {
  const read: NamedTensor[] = [];
  let at = 0;
  for (const { name, dtype, shape, bytes } of outputs) {
    const data =
      at + bytes > elements.length ? undefined : readElements(dtype, shape, elements.subarray(at, at + bytes));
    if (data === undefined) return undefined;
    read.push({ name, tensor: { dtype, shape, data } });
    at += bytes;
  }
  return at === elements.length ? read : undefined;
}

function readElements(dtype: DType, shape: readonly number[], bytes: Buffer): Tensor['data'] | undefined {
  const size = sizeOf(shape);
  if (dtype === 'string') return readStrings(size, bytes);
  const width = DTYPES[dtype].size;
  if (width === 0 || size * width !== bytes.length) return undefined;
  const own = new Uint8Array(bytes);
  return new (arrayFor(dtype))(own.buffer, 0, size);
}

function readStrings(size: number, bytes: Buffer): Uint8Array[] | undefined {
  const strings: Uint8Array[] = [];
  let at = 0;
  while (at + 4 <= bytes.length) {
    const end = at + 4 + bytes.readUInt32LE(at);
    if (end > bytes.length) return undefined;
    strings.push(new Uint8Array(bytes.subarray(at + 4, end)));
    at = end;
  }
  return at === bytes.length && strings.length === size ? strings : undefined;
}
