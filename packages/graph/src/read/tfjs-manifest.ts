/**
 * The `weightsManifest` of a TensorFlow.js model: groups of weights, each group laid end to end over the files that it names.
 * Source: `WeightsManifestConfig` in `tfjs-core/src/io/types.ts`.
 */
import { DTYPES, type DType } from '../dtype.ts';
import { corrupt, type FloeError } from '../errors.ts';
import { sizeOf } from '../tensor.ts';

/** How numbers are stored in fewer bits: as whole numbers `q` that stand for `q * scale + min`, or as half floats. */
export type Quantization =
  | { readonly dtype: 'uint8' | 'uint16'; readonly scale: number; readonly min: number }
  | { readonly dtype: 'float16' };

export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** The converter also writes uint8 and uint16, which TensorFlow.js itself does not load. */
  readonly dtype: 'float32' | 'int32' | 'uint8' | 'uint16' | 'bool' | 'string' | 'complex64';
  readonly quantization: Quantization | undefined;
  /** Bytes of one stored element; undefined for strings, which say their own length. */
  readonly width: number | undefined;
}

export interface WeightGroup {
  /** Files, relative to the model. */
  readonly paths: readonly string[];
  readonly weights: readonly WeightSpec[];
}

/** One tensor of this many bytes would not fit the one binary: protobuf ends at 2 GiB. */
const MAX_TENSOR = 2 ** 31 - 1;
const WIDTHS: Readonly<Record<WeightSpec['dtype'], number | undefined>> = {
  float32: 4,
  int32: 4,
  uint8: 1,
  uint16: 2,
  bool: 1,
  string: undefined,
  complex64: 8,
};

/** Throws DATA_LOSS naming the weight or the field. */
export function parseManifest(json: unknown, file: string): readonly WeightGroup[] {
  const reader = new ManifestReader(file);
  return reader.list(json, 'weightsManifest').map((group, i) => reader.group(group, `weightsManifest[${i}]`));
}

class ManifestReader {
  private readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  list(json: unknown, field: string): readonly unknown[] {
    if (!Array.isArray(json)) throw this.fail(field, 'is no list');
    return json;
  }

  group(json: unknown, field: string): WeightGroup {
    const group = this.record(json, field);
    const paths = this.list(group['paths'], `${field}.paths`);
    if (!paths.every(isString)) throw this.fail(`${field}.paths`, 'holds what is no text');
    const weights = this.list(group['weights'], `${field}.weights`);
    return { paths, weights: weights.map((weight, i) => this.weight(weight, `${field}.weights[${i}]`)) };
  }

  private weight(json: unknown, field: string): WeightSpec {
    const { name, shape, dtype, quantization: stored } = this.record(json, field);
    if (!isString(name)) throw this.fail(`${field}.name`, 'is no text');
    if (!isShape(shape)) throw this.fail(`${field}.shape`, `of weight ${name} is no shape`, name);
    if (!isWeightDType(dtype)) throw this.fail(`${field}.dtype`, `of weight ${name} is unknown`, name);
    const quantization =
      stored === undefined || stored === null ? undefined : this.quantization(stored, dtype, name, field);
    const width = quantization === undefined ? WIDTHS[dtype] : DTYPES[quantization.dtype].size;
    // Also what it takes in memory: one byte of a file may stand for four of a tensor.
    const bytes = sizeOf(shape) * Math.max(width ?? 1, DTYPES[tensorDType(dtype)].size);
    // Also where it is no number: infinity times nothing.
    if (!(bytes <= MAX_TENSOR)) {
      throw this.fail(`${field}.shape`, `of weight ${name} is too large: [${shape.join(', ')}]`, name);
    }
    return { name, shape, dtype, quantization, width };
  }

  /** TensorFlow.js restores float32 from all three, int32 from whole numbers. */
  private quantization(json: unknown, dtype: string, name: string, field: string): Quantization {
    const at = `${field}.quantization`;
    const { dtype: stored, scale, min } = this.record(json, at);
    if (stored === 'float16' && dtype === 'float32') return { dtype: stored };
    if ((stored === 'uint8' || stored === 'uint16') && (dtype === 'float32' || dtype === 'int32')) {
      if (typeof scale === 'number' && typeof min === 'number') return { dtype: stored, scale, min };
      throw this.fail(at, `of weight ${name} has no scale and min`, name);
    }
    throw this.fail(
      at,
      `of weight ${name} stores ${dtype} as ${String(stored)}, which TensorFlow.js does not do`,
      name,
    );
  }

  private record(json: unknown, field: string): Readonly<Record<string, unknown>> {
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown>;
    throw this.fail(field, 'is no object');
  }

  private fail(field: string, reason: string, tensor?: string): FloeError {
    const detail = { file: this.file, field, ...(tensor === undefined ? {} : { tensor }) };
    return corrupt(`${this.file}: ${field} ${reason}`, detail);
  }
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isShape(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((dim) => Number.isSafeInteger(dim) && dim >= 0);
}

function isWeightDType(value: unknown): value is WeightSpec['dtype'] {
  return isString(value) && Object.hasOwn(WIDTHS, value);
}

function tensorDType(dtype: WeightSpec['dtype']): DType {
  return dtype === 'complex64' ? 'float64' : dtype;
}
