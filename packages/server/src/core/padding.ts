/**
 * What makes requests of different lengths fit for one run: which axes of a signature's tensors are as long as what a request brings, and what
 * shorter ones may be filled up with. No compiler proves that filling changes no answer: whoever knows the model says so in `floe.json`.
 */
import {
  arrayFor,
  type DType,
  type FloeError,
  invalid,
  type NumericData,
  type Signature,
  type TensorSpec,
  tensorName,
} from '@floe/graph/base';

const WITHOUT_NUMBERS: ReadonlySet<DType> = new Set(['string', 'resource', 'variant', 'complex64', 'complex128']);

export interface PaddedInput {
  /** From 1: dimension 0 is the batch. */
  readonly axes: readonly number[];
  readonly value: number;
}

/** Of one signature, by its keys. */
export interface DeclaredPadding {
  readonly inputs: Readonly<Record<string, PaddedInput>>;
  /** Axes that are as long as the inputs' are. */
  readonly outputs: Readonly<Record<string, readonly number[]>>;
}

/** The same by tensors of the graph. */
export interface Padding {
  readonly inputs: ReadonlyMap<string, PaddedInput>;
  readonly outputs: ReadonlyMap<string, readonly number[]>;
}

/** Throws INVALID_ARGUMENT naming the first input or output for which it cannot be so. */
export function paddingOf(key: string, signature: Signature, declared: DeclaredPadding): Padding {
  const inputs = Object.entries(declared.inputs).map(([name, input]) => {
    const field = `padding.${key}.inputs.${name}`;
    const spec = specOf(signature.inputs, name, field);
    for (const axis of input.axes) checkAxis(spec, axis, field);
    checkValue(spec, input.value, field);
    return [tensorName(spec.name), input] as const;
  });
  for (const [name, axes] of Object.entries(declared.outputs)) {
    const field = `padding.${key}.outputs.${name}`;
    for (const axis of axes) checkAxis(specOf(signature.outputs, name, field), axis, field);
  }
  return { inputs: new Map(inputs), outputs: outputsOf(key, signature, declared) };
}

/** Of all outputs: an answer that is longer than its request would go unnoticed. */
function outputsOf(key: string, { outputs }: Signature, declared: DeclaredPadding): Padding['outputs'] {
  return new Map(
    Object.entries(outputs).map(([name, spec]) => {
      const axes = declared.outputs[name];
      if (axes === undefined && !(spec.shape?.slice(1).every((dim) => dim >= 0) ?? false))
        throw wrong(
          `padding.${key}.outputs`,
          `has to say which axes of output ${name} grow with the inputs, [] if none`,
        );
      return [tensorName(spec.name), axes ?? []] as const;
    }),
  );
}

function specOf(specs: Signature['inputs'], name: string, field: string): TensorSpec {
  const spec = specs[name];
  if (spec === undefined) throw wrong(field, `is no tensor of the signature; it has ${Object.keys(specs).join(', ')}`);
  if (WITHOUT_NUMBERS.has(spec.dtype)) throw wrong(field, `is of dtype ${spec.dtype}, which cannot be filled up`);
  return spec;
}

function checkAxis({ shape }: TensorSpec, axis: number, field: string): void {
  if (shape !== null && shape[axis] !== -1)
    throw wrong(field, `names axis ${axis}, which is not of any length in the shape [${shape}]`);
}

function checkValue({ dtype }: TensorSpec, value: number, field: string): void {
  if (!canHold(dtype, value)) throw wrong(field, `has the value ${value}, which no ${dtype} is`);
}

function canHold(dtype: DType, value: number): boolean {
  if (dtype === 'float32' || dtype === 'float64') return true;
  // Halves are kept as their bits.
  if (dtype === 'float16' || dtype === 'bfloat16') return value === 0;
  if (dtype === 'bool') return value === 0 || value === 1;
  return Number.isInteger(value) && Number(filled(dtype, 1, value)[0]) === value;
}

/** So many elements of one value. */
export function filled(dtype: DType, count: number, value: number): NumericData {
  const data = new (arrayFor(dtype))(count);
  if (value === 0) return data;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return data.fill(BigInt(value));
  return data.fill(value);
}

function wrong(field: string, problem: string): FloeError {
  return invalid(`${field} ${problem}`, { field });
}
