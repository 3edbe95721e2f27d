/**
 * What the trunk of a model makes of examples, computed once each: features are kept in a file by the digest of what went in. A trunk is named
 * by its graph and the tensor that is taken from it.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asFloeError, FloeError, type Signature, sizeOf, type Tensor } from '@floe/graph/base';
import type { ModelSession } from '../../index.ts';
import { npzBytes, parseNpz } from '../../store/npz.ts';
import { writeWhole } from '../../store/whole-file.ts';
import { digestInputs, type Examples } from '../examples.ts';
import { runRows } from '../run-rows.ts';

const DIGEST_BYTES = 32;

export interface TrunkOf {
  readonly session: ModelSession;
  readonly signature: Signature;
  /** SHA-256 of `frozen.pb`. */
  readonly graph: string;
  /** Tensor that the head takes, and elements of each example in it. */
  readonly features: string;
  readonly width: number;
}

export interface FeatureHooks {
  readonly signal: AbortSignal;
  progress(share: number): void;
  log(text: string): void;
}

/** Features of `rows`, one behind the other. `folder` keeps them. Throws FAILED_PRECONDITION where they are not of that width. */
export async function featuresOf(
  trunk: TrunkOf,
  examples: Examples,
  rows: Int32Array,
  folder: string,
  hooks: FeatureHooks,
): Promise<Float32Array> {
  const { width } = trunk;
  const file = join(folder, `${createHash('sha256').update(`${trunk.graph} ${trunk.features}`).digest('hex')}.npz`);
  const kept = await readKept(file, width, hooks);
  const digests = Array.from(rows, (row) => digestInputs(examples, row));
  const data = new Float32Array(rows.length * width);
  const missing: number[] = [];
  for (const [at, digest] of digests.entries()) {
    const known = kept.get(digest);
    if (known === undefined) missing.push(at);
    else data.set(known, at * width);
  }
  hooks.log(`features of ${rows.length} examples, ${rows.length - missing.length} known already`);
  await compute(trunk, examples, rows, missing, data, hooks);
  if (missing.length > 0) await keep(file, digests, data, width);
  return data;
}

async function compute(
  { session, signature, features, width }: TrunkOf,
  examples: Examples,
  rows: Int32Array,
  missing: readonly number[],
  data: Float32Array,
  { signal, progress }: FeatureHooks,
): Promise<void> {
  const wanted = Int32Array.from(missing, (at) => rows[at] as number);
  let done = 0;
  for await (const { rows: some, outputs } of runRows(session, signature, examples, wanted, [features], signal)) {
    const found = checked(outputs[0] as Tensor, width, features);
    for (let one = 0; one < some.length; one++, done++)
      data.set(found.subarray(one * width, (one + 1) * width), (missing[done] as number) * width);
    progress(done / wanted.length);
  }
}

function checked({ dtype, shape, data }: Tensor, width: number, name: string): Float32Array {
  if (dtype === 'float32' && shape.length >= 2 && sizeOf(shape.slice(1)) === width) return data as Float32Array;
  throw new FloeError(
    'FAILED_PRECONDITION',
    `${name} is ${dtype} [${shape.join(', ')}], not ${width} features of each example`,
    { tensor: name },
  );
}

/** What is damaged or of another width is computed again. */
async function readKept(
  file: string,
  width: number,
  { log }: FeatureHooks,
): Promise<ReadonlyMap<string, Float32Array>> {
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined) return new Map();
  try {
    const arrays = parseNpz(bytes, file);
    const [digests, data] = [arrays.get('digests')?.data, arrays.get('features')?.data];
    if (!(digests instanceof Uint8Array && data instanceof Float32Array)) return new Map();
    const n = digests.length / DIGEST_BYTES;
    if (data.length !== n * width) return new Map();
    const text = Buffer.from(digests.buffer, digests.byteOffset, digests.byteLength).toString('hex');
    return new Map(
      Array.from({ length: n }, (_, at) => [
        text.slice(at * 2 * DIGEST_BYTES, (at + 1) * 2 * DIGEST_BYTES),
        data.subarray(at * width, (at + 1) * width),
      ]),
    );
  } catch (error) {
    log(`kept features are damaged, and computed again: ${asFloeError(error).message}`);
    return new Map();
  }
}

/** Only those of the examples at hand, so that the file does not grow without end. */
async function keep(file: string, digests: readonly string[], data: Float32Array, width: number): Promise<void> {
  const bytes = npzBytes(
    new Map<string, Tensor>([
      [
        'digests',
        { dtype: 'uint8', shape: [digests.length, DIGEST_BYTES], data: Buffer.from(digests.join(''), 'hex') },
      ],
      ['features', { dtype: 'float32', shape: [digests.length, width], data }],
    ]),
  );
  await writeWhole(file, bytes);
}
