/** Strings to strings, to numbers and back. */
import { dtypeFromTf } from '../../dtype.ts';
import { invalid } from '../../errors.ts';
import { arrayFor, numericView, sizeOf, type Tensor } from '../../tensor.ts';
import type { HostNode, HostOp, HostTable } from '../host-op.ts';
import { fingerprint64 } from './fingerprint.ts';
import { formatter } from './format.ts';
import { sipHash64 } from './sip-hash.ts';
import { continues, decode, encode } from './utf8.ts';

/** Each string by itself. */
function each(change: (node: HostNode) => (bytes: Uint8Array) => Uint8Array): HostOp {
  return (node, inputs) => {
    const { shape } = node.tensor(inputs, 0);
    return [{ dtype: 'string', shape, data: node.strings(inputs, 0).map(change(node)) }];
  };
}

/** ASCII letters change; with `encoding` utf-8 all do. */
function cased(ascii: readonly [from: number, to: number, by: number], whole: (text: string) => string): HostOp {
  const [from, to, by] = ascii;
  return each((node) => {
    if (node.attrs.string('encoding', '') === 'utf-8') return (bytes) => encode(whole(decode(bytes)));
    return (bytes) => bytes.map((byte) => (byte >= from && byte <= to ? byte + by : byte));
  });
}

const isSpace = (byte: number | undefined): boolean => byte === 0x20 || (byte !== undefined && byte >= 9 && byte <= 13);

function stripped(bytes: Uint8Array): Uint8Array {
  let start = 0;
  let end = bytes.byteLength;
  while (start < end && isSpace(bytes[start])) start++;
  while (end > start && isSpace(bytes[end - 1])) end--;
  return bytes.subarray(start, end);
}

const stringLength: HostOp = (node, inputs) => {
  const { shape } = node.tensor(inputs, 0);
  const whole = node.attrs.string('unit', 'BYTE') === 'BYTE';
  const lengths = node.strings(inputs, 0).map((bytes) => (whole ? bytes.byteLength : characters(bytes)));
  return [{ dtype: 'int32', shape, data: Int32Array.from(lengths) }];
};

/** Bytes that do not continue a character. */
function characters(bytes: Uint8Array): number {
  return bytes.reduce((count, byte) => count + (continues(byte) ? 0 : 1), 0);
}

const stringJoin: HostOp = (node, inputs) => {
  const parts = inputs.map((_, i) => node.tensor(inputs, i));
  const shape = parts.find((part) => part.shape.length > 0)?.shape ?? [];
  if (parts.some((part) => part.shape.length > 0 && part.shape.join() !== shape.join()))
    throw node.fail('needs strings of equal shapes');
  const separator = encode(node.attrs.string('separator', ''));
  const data = Array.from({ length: sizeOf(shape) }, (_, at) => {
    const pieces = parts.map((part) => (part.data as Uint8Array[])[part.shape.length === 0 ? 0 : at] as Uint8Array);
    return Buffer.concat(pieces.flatMap((piece, i) => (i === 0 ? [piece] : [separator, piece])));
  });
  return [{ dtype: 'string', shape, data }];
};

function hashBucket(hashOf: (node: HostNode) => (bytes: Uint8Array) => bigint): HostOp {
  return (node, inputs) => {
    const { shape } = node.tensor(inputs, 0);
    const buckets = node.node.attr.get('num_buckets')?.i ?? 0n;
    if (buckets < 1n) throw node.fail('needs at least one bucket');
    const hash = hashOf(node);
    const data = BigInt64Array.from(node.strings(inputs, 0), (bytes) => hash(bytes) % buckets);
    return [{ dtype: 'int64', shape, data }];
  };
}

/** By a key of two numbers. */
function keyed(node: HostNode): (bytes: Uint8Array) => bigint {
  const [first, second, ...more] = node.node.attr.get('key')?.list?.i ?? [];
  if (first === undefined || second === undefined || more.length > 0) throw node.fail('needs a key of two numbers');
  return (bytes) => sipHash64(bytes, [BigInt.asUintN(64, first), BigInt.asUintN(64, second)]);
}

const FLOAT = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const HEXADECIMAL = /^([+-]?)(0x[0-9a-f]+)$/i;
const SPECIAL = /^([+-]?)(inf|infinity|nan)$/i;
const INTEGER = /^[+-]?\d+$/;

function floatOf(text: string): number | undefined {
  if (FLOAT.test(text)) return Number(text);
  const [, sign, word = ''] = SPECIAL.exec(text) ?? HEXADECIMAL.exec(text) ?? [];
  if (sign === undefined) return undefined;
  const size = /^0x/i.test(word) ? Number(word) : /^n/i.test(word) ? Number.NaN : Number.POSITIVE_INFINITY;
  return sign === '-' ? -size : size;
}

function integerOf(text: string, bits: 32 | 64): bigint | undefined {
  if (!INTEGER.test(text)) return undefined;
  const value = BigInt(text.replace('+', ''));
  return BigInt.asIntN(bits, value) === value ? value : undefined;
}

const stringToNumber: HostOp = (node, inputs) => {
  const { shape } = node.tensor(inputs, 0);
  const dtype = node.attrs.dtype('out_type', 'float32');
  const data = new (arrayFor(dtype))(sizeOf(shape)) as { [at: number]: number | bigint };
  for (const [i, bytes] of node.strings(inputs, 0).entries()) {
    const text = decode(bytes);
    const value = numberOf(text.trim(), dtype);
    if (value === undefined) throw invalid(`StringToNumberOp could not correctly convert string: ${text}`, where(node));
    data[i] = value;
  }
  return [{ dtype, shape, data: data as unknown as Tensor['data'] }];
};

function where({ node: { name, op } }: HostNode): { readonly node: string; readonly op: string } {
  return { node: name, op };
}

function numberOf(text: string, dtype: string): number | bigint | undefined {
  if (dtype === 'int64') return integerOf(text, 64);
  if (dtype === 'int32') {
    const value = integerOf(text, 32);
    return value === undefined ? undefined : Number(value);
  }
  return floatOf(text);
}

const asString: HostOp = (node, inputs) => {
  const tensor = node.tensor(inputs, 0);
  if (tensor.dtype === 'string') return [tensor];
  const write = formatter(node, tensor);
  return [
    {
      dtype: 'string',
      shape: tensor.shape,
      data: Array.from({ length: tensor.data.length }, (_, i) => encode(write(i))),
    },
  ];
};

/** Web-safe base64: `-` and `_` for `+` and `/`. */
const decodeBase64: HostOp = each((node) => (bytes) => {
  const text = decode(bytes);
  if (!/^[\w-]*={0,2}$/.test(text) || text.replace(/=+$/, '').length % 4 === 1)
    throw node.fail('has an input that is no web-safe base64');
  return Buffer.from(text, 'base64url');
});

const encodeBase64: HostOp = each((node) => (bytes) => {
  const text = Buffer.from(bytes).toString('base64url');
  return encode(node.attrs.bool('pad', false) ? text.padEnd(4 * Math.ceil(text.length / 4), '=') : text);
});

const decodeRaw: HostOp = (node, inputs) => {
  const { shape } = node.tensor(inputs, 0);
  const rows = node.strings(inputs, 0);
  const dtype = dtypeFromTf(node.node.attr.get('out_type')?.type ?? 0) ?? 'uint8';
  const array = arrayFor(dtype);
  const size = rows[0]?.byteLength ?? 0;
  const odd = rows.findIndex((row) => row.byteLength !== size);
  if (odd >= 0)
    throw node.fail(
      `requires input strings to all be the same size, but element ${odd} has size ${rows[odd]?.byteLength} != ${size}`,
    );
  if (size % array.BYTES_PER_ELEMENT !== 0)
    throw node.fail(
      `has input of length ${size} that is not a multiple of ${array.BYTES_PER_ELEMENT}, the size of ${dtype}`,
    );
  if (node.attrs.bool('little_endian', true) === false && array.BYTES_PER_ELEMENT > 1)
    throw node.fail('reads big-endian numbers, which is not supported');
  const all = new Uint8Array(Buffer.concat(rows));
  return [{ dtype, shape: [...shape, size / array.BYTES_PER_ELEMENT], data: numericView(dtype, all) }];
};

export const texts: HostTable = {
  StringLower: cased([0x41, 0x5a, 0x20], (text) => text.toLowerCase()),
  StringUpper: cased([0x61, 0x7a, -0x20], (text) => text.toUpperCase()),
  StringStrip: each(() => stripped),
  StringLength: stringLength,
  StringJoin: stringJoin,
  StringToHashBucketFast: hashBucket(() => fingerprint64),
  StringToHashBucketStrong: hashBucket(keyed),
  StringToNumber: stringToNumber,
  AsString: asString,
  DecodeBase64: decodeBase64,
  EncodeBase64: encodeBase64,
  DecodeRaw: decodeRaw,
};
