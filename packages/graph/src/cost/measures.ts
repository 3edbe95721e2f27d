/** What is told of a graph's size and work, and the tally that collects it node by node. */
import { DTYPES, type DType } from '../dtype.ts';
import { sizeOf } from '../tensor.ts';

/** Counts by op, most first. */
export type ByOp = Readonly<Record<string, number>>;

export interface Measures {
  /** Nodes, those of loop bodies and branches included, constants of a TensorFlow graph too. */
  readonly nodes: number;
  readonly ops: ByOp;
  /** Elements of the constants that can be weights: floating or 8-bit ones that are no scalars. */
  readonly parameters: number;
  /** Bytes of all constants. */
  readonly weightBytes: number;
  /** Floating-point operations for one row of the batch: see `formulas.ts`. Of a loop one turn, of branches the dearest. */
  readonly flops: number;
  readonly flopsByOp: ByOp;
  /** Most bytes of values, constants apart, that are needed at a time for one row, if each is let go after its last use. */
  readonly activationBytes: number;
  /** Nodes whose work no formula knows; their FLOPs are counted as 0. */
  readonly uncounted: ByOp;
  /** Nodes with FLOPs, a dimension of which (other than the batch) is unknown and counted as 1. */
  readonly assumed: number;
}

/** A shape in numbers: `exact` is false where an unknown dimension was taken for 1. */
export interface Sized {
  readonly shape: readonly number[];
  readonly exact: boolean;
}

/** Unknown dimensions as 1; of an unknown rank no more than one element is known. */
export function sized(shape: readonly number[] | null): Sized {
  if (shape === null) return { shape: [], exact: false };
  return { shape: shape.map((dim) => (dim < 0 ? 1 : dim)), exact: shape.every((dim) => dim >= 0) };
}

export class Tally {
  private readonly ops = new Map<string, number>();
  private readonly flopsByOp = new Map<string, number>();
  private readonly uncounted = new Map<string, number>();
  private parameters = 0;
  private weightBytes = 0;
  private assumed = 0;

  get flops(): number {
    return sum(this.flopsByOp);
  }

  node(op: string): void {
    add(this.ops, op, 1);
  }

  /** `flops` is undefined where no formula knows the op. */
  work(op: string, flops: number | undefined, exact: boolean): void {
    if (flops === undefined) add(this.uncounted, op, 1);
    if (flops === undefined || flops === 0) return;
    add(this.flopsByOp, op, flops);
    if (!exact) this.assumed++;
  }

  constant(dtype: DType, shape: readonly number[], bytes = sizeOf(shape) * DTYPES[dtype].size): void {
    this.weightBytes += bytes;
    if (shape.length > 0 && isWeight(dtype)) this.parameters += sizeOf(shape);
  }

  /** Adds all of a subgraph; `runs` is false where another branch is counted as the one that runs. */
  absorb(inner: Tally, runs: boolean): void {
    for (const [op, count] of inner.ops) add(this.ops, op, count);
    this.parameters += inner.parameters;
    this.weightBytes += inner.weightBytes;
    if (!runs) return;
    for (const [op, flops] of inner.flopsByOp) add(this.flopsByOp, op, flops);
    for (const [op, count] of inner.uncounted) add(this.uncounted, op, count);
    this.assumed += inner.assumed;
  }

  /** Adds subgraphs of which one runs: the dearest. */
  absorbDearest(inner: readonly Tally[]): void {
    const dearest = inner.reduce((best, one) => (one.flops > best.flops ? one : best), inner[0] ?? this);
    for (const one of inner) this.absorb(one, one === dearest);
  }

  measures(activationBytes: number): Measures {
    return {
      nodes: sum(this.ops),
      ops: sorted(this.ops),
      parameters: this.parameters,
      weightBytes: this.weightBytes,
      flops: this.flops,
      flopsByOp: sorted(this.flopsByOp),
      activationBytes,
      uncounted: sorted(this.uncounted),
      assumed: this.assumed,
    };
  }
}

function isWeight(dtype: DType): boolean {
  return /float|^u?int8$/.test(dtype);
}

function add(counts: Map<string, number>, op: string, count: number): void {
  counts.set(op, (counts.get(op) ?? 0) + count);
}

function sum(counts: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const count of counts.values()) total += count;
  return total;
}

function sorted(counts: ReadonlyMap<string, number>): ByOp {
  return Object.fromEntries([...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)));
}
