/** Labelled examples in memory: rows of every input, a label each, which are held out, and which came from users. */
import { createHash } from 'node:crypto';
import { arrayFor, bytesOf, FloeError, sizeOf, type Tensor } from '@floe/graph/base';

/** Classes are indices; anything else is a number to come near to. */
export type Labels = Int32Array | Float64Array;

export interface Examples {
  /** By signature key; the first dimension is the example. */
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly labels: Labels;
  /** 1 for examples that are measured by and never trained on. */
  readonly holdout: Uint8Array;
  /** 1 for those that came from users, 0 for those of the set that the model was first trained on. */
  readonly feedback: Uint8Array;
}

const MOST_CLASSES = 1_000_000;

export function isClasses(labels: Labels): labels is Int32Array {
  return labels instanceof Int32Array;
}

/** Throws INVALID_ARGUMENT naming the first thing that contradicts itself. */
export function checkExamples({ inputs, labels, holdout, feedback }: Examples): void {
  if (inputs.size === 0) throw new FloeError('INVALID_ARGUMENT', 'the examples have no input');
  const n = labels.length;
  for (const [name, { shape }] of inputs) {
    if (shape[0] !== n) throw wrong(`input ${name} has ${shape[0] ?? 'no'} rows, there are ${n} labels`, name);
  }
  for (const [name, flags] of Object.entries({ holdout, feedback })) {
    if (flags.length !== n) throw wrong(`${name} has ${flags.length} rows, there are ${n} labels`, name);
    if (flags.some((flag) => flag > 1)) throw wrong(`${name} holds something else than 0 and 1`, name);
  }
  const bad = labels.findIndex((label) =>
    isClasses(labels) ? label < 0 || label >= MOST_CLASSES : !Number.isFinite(label),
  );
  if (bad >= 0) throw wrong(`the label of example ${bad} is ${labels[bad]}`, `label[${bad}]`);
}

function wrong(message: string, field: string): FloeError {
  return new FloeError('INVALID_ARGUMENT', message, { field });
}

/** Numbers of the examples that are held out, or of the others, in order. */
export function rowsWhere(flags: Uint8Array, flag: 0 | 1): Int32Array {
  return Int32Array.from([...flags.keys()].filter((row) => flags[row] === flag));
}

/** Some rows of a tensor, copied. */
export function takeRows(tensor: Tensor, rows: ArrayLike<number>): Tensor {
  const width = sizeOf(tensor.shape.slice(1));
  const data = new (arrayFor(tensor.dtype))(rows.length * width);
  const from = tensor.data as Float32Array;
  for (let at = 0; at < rows.length; at++) {
    const start = (rows[at] as number) * width;
    (data as Float32Array).set(from.subarray(start, start + width), at * width);
  }
  return { dtype: tensor.dtype, shape: [rows.length, ...tensor.shape.slice(1)], data };
}

/** SHA-256 of what the examples are, whatever file they were in: inputs, labels, and nothing else. */
export function digestExamples({ inputs, labels }: Examples, rows: Int32Array): string {
  const hash = createHash('sha256').update(JSON.stringify([kindOf(labels), rows.length]));
  for (const name of [...inputs.keys()].sort()) {
    const tensor = inputs.get(name) as Tensor;
    hash.update(JSON.stringify([name, tensor.dtype, tensor.shape.slice(1)]));
    for (const row of rows) hash.update(rowBytes(tensor, row));
  }
  return hash.update(bytesOf(asTensor(Float64Array.from(rows, (row) => labels[row] as number)))).digest('hex');
}

/** What one example is, without its label: equal inputs have equal features. */
export function digestInputs({ inputs }: Examples, row: number): string {
  const hash = createHash('sha256');
  for (const name of [...inputs.keys()].sort()) {
    const tensor = inputs.get(name) as Tensor;
    hash.update(JSON.stringify([name, tensor.dtype, tensor.shape.slice(1)])).update(rowBytes(tensor, row));
  }
  return hash.digest('hex');
}

export function kindOf(labels: Labels): 'classes' | 'numbers' {
  return isClasses(labels) ? 'classes' : 'numbers';
}

/** A vector of them. */
export function asTensor(data: Int32Array | Float64Array | Uint8Array): Tensor {
  const dtype = data instanceof Int32Array ? 'int32' : data instanceof Float64Array ? 'float64' : 'uint8';
  return { dtype, shape: [data.length], data };
}

function rowBytes(tensor: Tensor, row: number): Uint8Array {
  const bytes = bytesOf(tensor);
  const width = bytes.byteLength / Math.max(1, tensor.shape[0] ?? 1);
  return bytes.subarray(row * width, (row + 1) * width);
}
