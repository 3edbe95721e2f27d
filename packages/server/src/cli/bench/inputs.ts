/** Inputs made up from what an endpoint tells of its model: random, the same for the same seed, of so many rows. */
import { type DType, FloeError, invalid, sizeOf, type Tensor } from '@floe/graph/base';
import { filled, random } from '../made-up.ts';
import type { NamedTensor } from '../v2-binary.ts';
import type { Described, InputSpec, Payload } from './endpoint.ts';

/** Dimensions by input, as `--shape` gives them. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

/** Requests of a class differ, as callers do; fewer do where they are so large that all of them have more elements than that. */
const MOST_VARIANTS = 8;
const MOST_OF_VARIANTS = 1 << 22;
const MOST_ELEMENTS = 1 << 26;
const WORD_LENGTH = 8;
const REFUSED: ReadonlySet<DType> = new Set(['resource', 'variant', 'complex64', 'complex128', 'bfloat16']);

/** Throws INVALID_ARGUMENT where the inputs have no rows or no such shape, UNIMPLEMENTED where nothing can be made up for one. */
export function payloads(described: Described, rows: number, shapes: Shapes, seed: number): readonly Payload[] {
  const { inputs } = described;
  for (const name of shapes.keys()) {
    if (!inputs.some((input) => input.name === name)) throw invalid(`--shape ${name}: there is no such input`);
  }
  if (rows > 1 && !inputs.some(({ shape }) => shape === null || shape[0] === -1))
    throw invalid(`requests of ${rows} rows: no input has an open first dimension`, { field: 'rows' });
  const next = random(seed);
  const one = (): readonly NamedTensor[] => inputs.map((input) => made(input, rows, shapes.get(input.name), next));
  const first = one();
  const elements = first.reduce((sum, { shape }) => sum + sizeOf(shape), 1);
  const count = Math.max(1, Math.min(MOST_VARIANTS, Math.floor(MOST_OF_VARIANTS / elements)));
  return Array.from({ length: count }, (_, i) => described.payload(i === 0 ? first : one()));
}

function made(input: InputSpec, rows: number, given: readonly number[] | undefined, next: () => number): NamedTensor {
  const { name, dtype } = input;
  const shape = dimensions(input, rows, given);
  const refuse = (why: string): FloeError => new FloeError('UNIMPLEMENTED', `input ${name} ${why}`, { tensor: name });
  if (REFUSED.has(dtype)) throw refuse(`is of ${dtype}, for which no values are made up: --body takes a file`);
  const size = sizeOf(shape);
  if (size > MOST_ELEMENTS) throw refuse(`has ${size} elements`);
  return { name, dtype, shape, data: dtype === 'string' ? words(size, next) : filled(dtype, size, next) };
}

function dimensions({ name, shape }: InputSpec, rows: number, given?: readonly number[]): readonly number[] {
  const base = given ?? shape;
  if (base === null)
    throw invalid(`input ${name} has an unknown rank: --shape ${name}:1,... says one`, { tensor: name });
  // Open Inference V2 tells an unknown rank as that of a scalar.
  if (
    shape !== null &&
    shape.length > 0 &&
    (shape.length !== base.length || shape.some((dim, i) => dim >= 0 && dim !== base[i]))
  )
    throw invalid(`--shape ${name}:${base.join(',')} does not fit [${shape.join(', ')}]`, { tensor: name });
  return base.map((dim, i) => (i === 0 && (shape === null || shape[0] === -1) ? rows : Math.max(1, dim)));
}

function words(size: number, next: () => number): Tensor['data'] {
  const letter = (): number => 97 + Math.floor(26 * next());
  return Array.from({ length: size }, () => Uint8Array.from({ length: WORD_LENGTH }, letter));
}
