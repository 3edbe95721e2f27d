/** One node as its inference, partial evaluation and evaluation see it: its attributes and the facts about its inputs. */
import type { DType } from '../dtype.ts';
import { type FloeError, invalid } from '../errors.ts';
import { Attrs, type Node } from '../graph.ts';
import { type Dims, formatDims, sameDim, sameShape, UNKNOWN, unknownDims } from './dims.ts';
import { dimOf, type Element, type Facts, type Typed } from './facts.ts';

/** The dtype of an output that nothing tells; it clashes with no other. */
export const UNTOLD: DType = 'variant';

export class OpContext {
  readonly node: Node;
  readonly attrs: Attrs;
  /** Facts of the data inputs, in order. */
  readonly inputs: readonly Facts[];

  constructor(node: Node, inputs: readonly Facts[]) {
    this.node = node;
    this.attrs = new Attrs(node);
    this.inputs = inputs;
  }

  /** Throws INVALID_ARGUMENT where the node has no such input. */
  input(i: number): Facts {
    const facts = this.inputs[i];
    if (facts === undefined) throw this.fail(`has no input ${i}`);
    return facts;
  }

  dims(i: number): Dims {
    return this.input(i).dims;
  }

  /** The dtype that attribute `attr` states; without it, that of input `i`. */
  dtype(attr = 'T', i = 0): DType {
    return this.attrs.dtype(attr, this.inputs[i]?.dtype);
  }

  /** The dimensions of input `i`, which must be of this rank. */
  ranked(i: number, rank: number): readonly number[] {
    const dims = this.dims(i);
    if (dims === null) return unknownDims(rank);
    if (dims.length !== rank) throw this.fail(`needs input ${i} to be of rank ${rank}, not ${formatDims(dims)}`);
    return dims;
  }

  /** Elements of input `i` as far as they are known; undefined where not even their number is. */
  elements(i: number): readonly Element[] | undefined {
    return this.input(i).elements;
  }

  /** All elements of input `i`, or undefined where one is not known. */
  ints(i: number): readonly number[] | undefined {
    const elements = this.elements(i);
    return elements?.every((element) => typeof element === 'number') ? (elements as readonly number[]) : undefined;
  }

  /** A scalar integer input, where it is known. */
  int(i: number): number | undefined {
    const dims = this.dims(i);
    if (dims !== null && (dims.length > 1 || (dims.length === 1 && (dims[0] ?? UNKNOWN) >= 0 && dims[0] !== 1)))
      throw this.fail(`needs input ${i} to be one integer, not ${formatDims(dims)}`);
    const values = this.ints(i);
    return values?.[0];
  }

  /** A scalar input that counts something, as a dimension. */
  count(i: number): number {
    const count = this.int(i) ?? UNKNOWN;
    if (count < 0 && this.int(i) !== undefined) throw this.fail(`needs a count as input ${i}, not ${count}`);
    return count;
  }

  /** Input `i` read as a shape. */
  shapeArgument(i: number): Dims {
    if ((this.dims(i)?.length ?? 0) > 1)
      throw this.fail(`needs input ${i} to be a vector, not ${formatDims(this.dims(i))}`);
    const elements = this.elements(i);
    const dims = elements?.map(dimOf) ?? null;
    if (elements?.some((element) => typeof element === 'number' && element < 0)) {
      throw this.fail(`has a negative size in ${formatDims(dims)}`);
    }
    return dims;
  }

  /** An axis counted from 0; negative ones count from the end. */
  axis(axis: number, rank: number): number {
    if (axis < -rank || axis >= rank) throw this.fail(`has axis ${axis}, which a tensor of rank ${rank} does not have`);
    return axis < 0 ? axis + rank : axis;
  }

  /** Two dimensions that have to be equal. */
  same(a: number | undefined, b: number | undefined, what: string): number {
    const dim = sameDim(a ?? UNKNOWN, b ?? UNKNOWN);
    if (dim === undefined) throw this.fail(`has ${what} of ${a} and of ${b}`);
    return dim;
  }

  /** Two shapes that have to be equal. */
  sameShape(a: Dims, b: Dims): Dims {
    const dims = sameShape(a, b);
    if (dims === undefined) throw this.fail(`needs equal shapes, not ${formatDims(a)} and ${formatDims(b)}`);
    return dims;
  }

  /** Tensors that are put together have to be of one dtype. */
  sameDtypes(parts: readonly Facts[]): void {
    const told = parts.filter(({ dtype }) => dtype !== UNTOLD);
    const other = told.find(({ dtype }) => dtype !== told[0]?.dtype);
    if (other !== undefined) throw this.fail(`has inputs of ${told[0]?.dtype} and ${other.dtype}`);
  }

  /** INVALID_ARGUMENT naming node and op; `what` continues the sentence. */
  fail(what: string): FloeError {
    const { name, op } = this.node;
    return invalid(`node ${name} (${op}) ${what}`, { node: name, op });
  }
}

/** Types of a node's outputs, in order. */
export type Infer = (op: OpContext) => readonly Typed[];
export type InferTable = Readonly<Record<string, Infer>>;

/** The same rule under several op names. */
export function each(names: string, infer: Infer): InferTable {
  return Object.fromEntries(names.split(' ').map((name) => [name, infer]));
}
