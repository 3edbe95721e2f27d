/** Texts to words, characters and parts, and back. */
import { broadcast } from '../../analysis/index.ts';
import { sizeOf, type Tensor } from '../../tensor.ts';
import type { HostNode, HostOp, HostTable } from '../host-op.ts';
import { integersOf, placesIn } from './elements.ts';
import { continues, decode } from './utf8.ts';

const NOTHING = new Uint8Array(0);
const WORD = /[^\t-\r ]+/g;
const LEADING_SPACE = /^[\t-\r ]+/;

/** A sparse matrix: rows of parts. */
function sparse(rows: readonly (readonly Uint8Array[])[]): readonly Tensor[] {
  const places = rows.flatMap((row, at) => row.flatMap((_, i) => [BigInt(at), BigInt(i)]));
  const values = rows.flat();
  const longest = rows.reduce((most, { length }) => Math.max(most, length), 0);
  return [
    { dtype: 'int64', shape: [values.length, 2], data: BigInt64Array.from(places) },
    { dtype: 'string', shape: [values.length], data: values },
    { dtype: 'int64', shape: [2], data: BigInt64Array.of(BigInt(rows.length), BigInt(longest)) },
  ];
}

/** As latin1, so that each byte is one character. */
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

/** `most` splits at the most, of which there are any number below 0. */
function parts(text: string, separator: string, most: number): readonly string[] {
  if (most === 0) return [text];
  if (separator === '') return wordsOf(text, most);
  const all = text.split(separator);
  return most < 0 || all.length <= most ? all : [...all.slice(0, most), all.slice(most).join(separator)];
}

/** As many as wanted are followed by the rest, even where it is empty. */
function wordsOf(text: string, most: number): readonly string[] {
  const words = Array.from(text.matchAll(WORD));
  if (most < 0 || words.length < most) return words.map(([word]) => word);
  const last = words[most - 1] as RegExpExecArray;
  const rest = text.slice(last.index + last[0].length).replace(LEADING_SPACE, '');
  return [...words.slice(0, most).map(([word]) => word), rest];
}

const split: HostOp = (node, inputs) => {
  const [separator = NOTHING] = node.strings(inputs, 1);
  const most = node.attrs.int('maxsplit', -1);
  return sparse(node.strings(inputs, 0).map((bytes) => parts(latin1(bytes), latin1(separator), most).map(bytesOf)));
};

/** TensorFlow 1's: every byte of the delimiter is one; an empty one stands between all bytes. */
const splitAtBytes: HostOp = (node, inputs) => {
  const [delimiters = NOTHING] = node.strings(inputs, 1);
  const skipEmpty = node.attrs.bool('skip_empty', true);
  const row = (bytes: Uint8Array): readonly Uint8Array[] => {
    if (delimiters.length === 0) return Array.from(bytes, (byte) => Uint8Array.of(byte));
    return betweenBytes(bytes, delimiters).filter((part) => !skipEmpty || part.length > 0);
  };
  return sparse(node.strings(inputs, 0).map(row));
};

function betweenBytes(bytes: Uint8Array, delimiters: Uint8Array): readonly Uint8Array[] {
  if (bytes.length === 0) return [];
  const found: Uint8Array[] = [];
  let start = 0;
  for (const [i, byte] of bytes.entries()) {
    if (!delimiters.includes(byte)) continue;
    found.push(bytes.subarray(start, i));
    start = i + 1;
  }
  return [...found, bytes.subarray(start)];
}

/** Position and length are counted in bytes or characters; a negative position from the end. */
const substring: HostOp = (node, inputs) => {
  const [text, position, length] = [0, 1, 2].map((at) => node.tensor(inputs, at)) as [Tensor, Tensor, Tensor];
  const dims = broadcast(text.shape, position.shape);
  if (dims === undefined || dims === null) throw node.fail('has incompatible shapes');
  const strings = node.strings(inputs, 0);
  const [positions, lengths] = [integersOf(position), integersOf(length)];
  const [from, to] = [placesIn(text.shape, dims), placesIn(position.shape, dims)];
  const inCharacters = node.attrs.string('unit', 'BYTE') === 'UTF8_CHAR';
  const data = Array.from({ length: sizeOf(dims) }, (_, i) => {
    const bytes = strings[from(i)] as Uint8Array;
    const starts = inCharacters ? characterStarts(bytes) : undefined;
    const size = starts?.length ?? bytes.length;
    const at = positions[to(i)] as number;
    const start = at < 0 ? size + at : at;
    if (start < 0 || start > size) throw node.fail(`pos ${at} out of range for string ${decode(bytes)} at index ${i}`);
    const end = Math.min(size, start + Math.max(0, lengths[to(i)] as number));
    const byteAt = (place: number): number => (starts === undefined ? place : (starts[place] ?? bytes.length));
    return bytes.subarray(byteAt(start), byteAt(end));
  });
  return [{ dtype: 'string', shape: dims, data }];
};

function characterStarts(bytes: Uint8Array): readonly number[] {
  return Array.from(bytes.keys()).filter((at) => !continues(bytes[at]));
}

/** Rows of all runs of `ngram_widths` words, joined, with as many pads at both ends as are wanted. */
const ngrams: HostOp = (node, inputs) => {
  const words = node.strings(inputs, 0);
  const splits = node.tensor(inputs, 1);
  const ends = integersOf(splits);
  const rows = Array.from({ length: Math.max(0, ends.length - 1) }, (_, row) =>
    runsOf(node, words.slice(ends[row], ends[row + 1]).map(latin1)),
  );
  const counts = ends.length === 0 ? [] : [0];
  for (const { length } of rows) counts.push((counts.at(-1) as number) + length);
  const values = rows.flat();
  return [
    { dtype: 'string', shape: [values.length], data: values.map(bytesOf) },
    splits.dtype === 'int64'
      ? { dtype: 'int64', shape: splits.shape, data: BigInt64Array.from(counts, BigInt) }
      : { dtype: 'int32', shape: splits.shape, data: Int32Array.from(counts) },
  ];
};

function runsOf({ attrs, node }: HostNode, words: readonly string[]): readonly string[] {
  const text = (name: string): string => latin1(node.attr.get(name)?.s ?? NOTHING);
  const padding = attrs.int('pad_width', 0);
  const found = attrs.ints('ngram_widths').flatMap((width) => {
    const pads = padding < 0 ? width - 1 : Math.min(padding, width - 1);
    const row = [...Array(pads).fill(text('left_pad')), ...words, ...Array(pads).fill(text('right_pad'))];
    const count = Math.max(0, row.length - width + 1);
    return Array.from({ length: count }, (_, at) => row.slice(at, at + width).join(text('separator')));
  });
  const whole = found.length === 0 && words.length > 0 && attrs.bool('preserve_short_sequences', false);
  return whole ? [words.join(text('separator'))] : found;
}

export const splitting: HostTable = {
  StringSplitV2: split,
  StringSplit: splitAtBytes,
  Substr: substring,
  StringNGrams: ngrams,
};
