/**
 * `tf.train.Example` read where it lies: strings are views of the message, packed floats are too where
 * they are aligned.
 *
 *   const features = readExample(bytes);
 *   features.get('age'); // { kind: 'int64', values: BigInt64Array [42n] }
 *
 * Source of the format: `tensorflow/core/example/{example,feature}.proto`. As TensorFlow reads maps, the last of two entries counts.
 */
import { FloeError } from '../errors.ts';
import { BYTES, FIXED32, VARINT, WireReader } from '../proto/wire.ts';
import { numericView } from '../tensor.ts';

export type FeatureValues =
  | { readonly kind: 'string'; readonly values: readonly Uint8Array[] }
  | { readonly kind: 'float32'; readonly values: Float32Array }
  | { readonly kind: 'int64'; readonly values: BigInt64Array };

/** The dtype of a feature's values, as tensors have it. */
export type FeatureKind = FeatureValues['kind'];

/** By name; a feature that is there without values of any kind is undefined. */
export type Features = ReadonlyMap<string, FeatureValues | undefined>;

const TEXT = new TextDecoder('utf-8', { ignoreBOM: true });
/** Bytes of a message that its error repeats. */
const SHOWN = 100;

/** `wanted` says which features are decoded; default: all. Throws INVALID_ARGUMENT where the bytes are no Example. */
export function readExample(bytes: Uint8Array, wanted: (name: string) => boolean = () => true): Features {
  const features = new Map<string, FeatureValues | undefined>();
  malformed(bytes, (reader) => {
    fields(reader, (field) => {
      if (field !== 1) return false;
      readFeatures(reader, wanted, features);
      return true;
    });
  });
  return features;
}

function malformed(bytes: Uint8Array, read: (reader: WireReader) => void): void {
  try {
    read(new WireReader(bytes, 'example'));
  } catch (thrown) {
    if (!(thrown instanceof FloeError) || thrown.code !== 'DATA_LOSS') throw thrown;
    const shown = TEXT.decode(bytes.subarray(0, SHOWN));
    const message = `Could not parse example input, value: '${shown}'`;
    throw new FloeError('INVALID_ARGUMENT', message, { reason: thrown.message }, thrown);
  }
}

/** Passes over the fields of a message that `visit`, told of those that are length-delimited, does not read. */
function fields(reader: WireReader, visit: (field: number) => boolean): void {
  while (!reader.done) {
    const tag = reader.uint32();
    if (tag >>> 3 === 0) throw reader.fail('field number 0');
    if ((tag & 7) !== BYTES || !visit(tag >>> 3)) reader.skip(tag & 7);
  }
}

function inside(reader: WireReader, read: () => void): void {
  const outer = reader.enter();
  read();
  reader.leave(outer);
}

/** Entries of a map; the key comes before the value. */
function readFeatures(
  reader: WireReader,
  wanted: (name: string) => boolean,
  features: Map<string, FeatureValues | undefined>,
): void {
  inside(reader, () =>
    fields(reader, (field) => {
      if (field !== 1) return false;
      inside(reader, () => readEntry(reader, wanted, features));
      return true;
    }),
  );
}

function readEntry(
  reader: WireReader,
  wanted: (name: string) => boolean,
  features: Map<string, FeatureValues | undefined>,
): void {
  let name = '';
  fields(reader, (field) => {
    if (field === 1) name = reader.string();
    else if (field === 2 && wanted(name)) features.set(name, readFeature(reader));
    else return false;
    return true;
  });
}

/** A oneof: of two kinds the last one counts, and two lists of one kind are one. */
function readFeature(reader: WireReader): FeatureValues | undefined {
  let feature: FeatureValues | undefined;
  inside(reader, () =>
    fields(reader, (field) => {
      if (field < 1 || field > 3) return false;
      const next = LISTS[field - 1]?.(reader) as FeatureValues;
      feature = feature?.kind === next.kind ? merged(feature, next) : next;
      return true;
    }),
  );
  return feature;
}

const LISTS: readonly ((reader: WireReader) => FeatureValues)[] = [readStrings, readFloats, readIntegers];

function merged(a: FeatureValues, b: FeatureValues): FeatureValues {
  if (a.kind === 'string') return { kind: 'string', values: [...a.values, ...(b.values as readonly Uint8Array[])] };
  if (a.kind === 'float32') {
    const values = new Float32Array(a.values.length + b.values.length);
    values.set(a.values);
    values.set(b.values as Float32Array, a.values.length);
    return { kind: 'float32', values };
  }
  return { kind: 'int64', values: BigInt64Array.from([...a.values, ...(b.values as BigInt64Array)]) };
}

function readStrings(reader: WireReader): FeatureValues {
  const values: Uint8Array[] = [];
  inside(reader, () =>
    fields(reader, (field) => {
      if (field !== 1) return false;
      values.push(reader.chunk());
      return true;
    }),
  );
  return { kind: 'string', values };
}

/** Packed, as every writer makes them, or one by one. */
function readFloats(reader: WireReader): FeatureValues {
  let values: Float32Array | undefined;
  const loose: number[] = [];
  inside(reader, () => {
    while (!reader.done) {
      const tag = reader.uint32();
      if (tag === ((1 << 3) | BYTES)) {
        const packed = floatsIn(reader);
        if (values === undefined && loose.length === 0) values = packed;
        else for (const value of packed) loose.push(value);
      } else if (tag === ((1 << 3) | FIXED32)) loose.push(reader.float());
      else reader.skip(tag & 7);
    }
  });
  if (loose.length === 0) return { kind: 'float32', values: values ?? new Float32Array(0) };
  return { kind: 'float32', values: Float32Array.from([...(values ?? []), ...loose]) };
}

function floatsIn(reader: WireReader): Float32Array {
  const bytes = reader.chunk();
  if (bytes.byteLength % 4 !== 0) throw reader.fail(`packed floats of ${bytes.byteLength} bytes`);
  return numericView('float32', bytes) as Float32Array;
}

function readIntegers(reader: WireReader): FeatureValues {
  const values: bigint[] = [];
  inside(reader, () => {
    while (!reader.done) {
      const tag = reader.uint32();
      if (tag === ((1 << 3) | BYTES)) {
        inside(reader, () => {
          while (!reader.done) values.push(reader.varint());
        });
      } else if (tag === ((1 << 3) | VARINT)) values.push(reader.varint());
      else reader.skip(tag & 7);
    }
  });
  return { kind: 'int64', values: BigInt64Array.from(values) };
}
