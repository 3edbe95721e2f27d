/**
 * Inputs of a request as one run of bytes, in the safetensors format (8 bytes of length, a JSON header, then the elements), so that any
 * tool of a data scientist reads them. What has no fixed width, strings and encoded images, is one U8 tensor of all their bytes; where each
 * ends stands in the metadata. Equal inputs give equal bytes. Source: https://github.com/huggingface/safetensors#format
 */
import { bytesOf, type DType, FloeError, numericView, sizeOf, type Tensor } from '@floe/graph/base';
import { z } from 'zod';
import type { KnownInput } from '../core/inference.ts';

/** Encoded images, one for each row. */
export interface Images {
  readonly images: readonly Uint8Array[];
}
export type Input = Tensor | Images;

const LENGTH_BYTES = 8;
const MOST_HEADER_BYTES = 100 << 20;
const LISTS = 'floe.lists';

const NAMES = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint64: 'U64',
  uint32: 'U32',
  uint16: 'U16',
  uint8: 'U8',
  bool: 'BOOL',
} as const satisfies Partial<Record<DType, string>>;
const DTYPES = new Map(Object.entries(NAMES).map(([dtype, name]) => [name as string, dtype as DType]));

const dimension = z.int().min(0);
const Entry = z.object({
  dtype: z.string(),
  shape: z.array(dimension),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});
const List = z.object({ kind: z.enum(['images', 'string']), shape: z.array(dimension), ends: z.array(dimension) });
const Lists = z.record(z.string(), List);
type List = z.infer<typeof List>;

/** Bytes of one name, and what the header says of them. */
interface Piece {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly parts: readonly Uint8Array[];
  readonly list?: List;
}

/** Copies the inputs, but for those named in `without`. Throws UNIMPLEMENTED for dtypes that no request can carry. */
export function packInputs(inputs: ReadonlyMap<string, KnownInput | Images>, without: ReadonlySet<string>): Buffer {
  const header: Record<string, unknown> = {};
  const lists: Record<string, List> = {};
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const name of [...inputs.keys()].filter((one) => !without.has(one)).sort()) {
    const piece = pieceOf(inputs.get(name) as KnownInput | Images);
    const start = at;
    for (const part of piece.parts) at += part.byteLength;
    header[name] = { dtype: piece.dtype, shape: piece.shape, data_offsets: [start, at] };
    if (piece.list !== undefined) lists[name] = piece.list;
    parts.push(...piece.parts);
  }
  header['__metadata__'] = { [LISTS]: JSON.stringify(lists) };
  return Buffer.concat([...headerBytes(header), ...parts]);
}

function pieceOf(input: KnownInput | Images): Piece {
  if ('images' in input) return listPiece('images', [input.images.length], input.images);
  if (input.dtype === 'string') return listPiece('string', input.shape, input.data as readonly Uint8Array[]);
  const dtype = (NAMES as Partial<Record<DType, string>>)[input.dtype];
  if (dtype === undefined) throw new FloeError('UNIMPLEMENTED', `inputs of ${input.dtype} cannot be kept`);
  return { dtype, shape: input.shape, parts: [bytesOf(input)] };
}

function listPiece(kind: List['kind'], shape: readonly number[], items: readonly Uint8Array[]): Piece {
  let end = 0;
  const ends = items.map((item) => (end += item.byteLength));
  return { dtype: 'U8', shape: [end], parts: items, list: { kind, shape: [...shape], ends } };
}

/** Length and header, padded with spaces so that elements begin at a multiple of eight. */
function headerBytes(header: object): Uint8Array[] {
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.alloc(Math.ceil(text.length / LENGTH_BYTES) * LENGTH_BYTES, ' ');
  text.copy(padded);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeBigUInt64LE(BigInt(padded.length));
  return [length, padded];
}

/** The inputs by name; numbers are views of `bytes`. Throws DATA_LOSS naming `file` and what of it is wrong. */
export function unpackInputs(bytes: Uint8Array, file: string): ReadonlyMap<string, Input> {
  const { header, start } = readHeader(bytes, file);
  const { __metadata__: metadata, ...entries } = header;
  const lists = readLists(metadata, file);
  const inputs = new Map<string, Input>();
  for (const [name, raw] of Object.entries(entries)) {
    const entry = Entry.safeParse(raw);
    if (!entry.success) throw damaged(file, name, entry.error.issues[0]?.message ?? '');
    const [from, to] = entry.data.data_offsets;
    if (from > to || start + to > bytes.byteLength) throw damaged(file, name, 'its bytes are not all there');
    const data = bytes.subarray(start + from, start + to);
    const list = lists.get(name);
    inputs.set(name, list === undefined ? tensorOf(entry.data, data, file, name) : itemsOf(list, data, file, name));
  }
  return inputs;
}

function readHeader(bytes: Uint8Array, file: string): { header: Record<string, unknown>; start: number } {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < LENGTH_BYTES) throw damaged(file, '', 'it is shorter than the length of its header');
  const length = Number(view.readBigUInt64LE());
  const start = LENGTH_BYTES + length;
  if (length > MOST_HEADER_BYTES || start > view.length) throw damaged(file, '', 'its header is not all there');
  const header = parsed(view.toString('utf8', LENGTH_BYTES, start), file);
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw damaged(file, '', 'its header is no object');
  return { header: header as Record<string, unknown>, start };
}

function readLists(metadata: unknown, file: string): ReadonlyMap<string, List> {
  const text = z.record(z.string(), z.string()).safeParse(metadata ?? {});
  if (!text.success) throw damaged(file, '__metadata__', 'it has to hold texts');
  const lists = Lists.safeParse(parsed(text.data[LISTS] ?? '{}', file));
  if (!lists.success) throw damaged(file, LISTS, lists.error.issues[0]?.message ?? '');
  return new Map(Object.entries(lists.data));
}

function tensorOf(
  { dtype: name, shape }: z.infer<typeof Entry>,
  data: Uint8Array,
  file: string,
  input: string,
): Tensor {
  const dtype = DTYPES.get(name);
  if (dtype === undefined) throw damaged(file, input, `${name} is no dtype`);
  const elements = data.byteLength / bytesPerElement(dtype);
  if (elements !== sizeOf(shape))
    throw damaged(file, input, `its shape is [${shape}], its bytes are ${data.byteLength}`);
  return { dtype, shape, data: numericView(dtype, data) };
}

function bytesPerElement(dtype: DType): number {
  return numericView(dtype, new Uint8Array(0)).BYTES_PER_ELEMENT;
}

function itemsOf({ kind, shape, ends }: List, data: Uint8Array, file: string, input: string): Input {
  const rises = ends.every((end, at) => end >= (ends[at - 1] ?? 0));
  if (!rises || (ends.at(-1) ?? 0) !== data.byteLength || ends.length !== sizeOf(shape)) {
    throw damaged(file, input, 'where its items end does not fit its bytes');
  }
  const items = ends.map((end, at) => data.subarray(ends[at - 1] ?? 0, end));
  return kind === 'images' ? { images: items } : { dtype: 'string', shape, data: items };
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damaged(file, '', `its header is not JSON: ${(cause as Error).message}`);
  }
}

function damaged(file: string, field: string, reason: string): FloeError {
  const where = field === '' ? file : `${file}, ${field}`;
  return new FloeError('DATA_LOSS', `${where}: ${reason}`, { file, field, reason });
}
