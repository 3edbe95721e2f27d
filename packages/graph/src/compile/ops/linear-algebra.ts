/**
 * Small matrices in the last two dimensions: inverses, solutions, determinants, Cholesky's factor. Unrolled by the rows, in doubles, of
 * which there may be few: that is what transformers of space, Kalman filters and Gaussian processes need.
 */
import type { DType } from '../../dtype.ts';
import type { Value } from '../../onnx-graph.ts';
import type { Lower, Lowering } from '../lowering.ts';
import { Calculator } from './calculate.ts';
import { cast, ints, range, run, transpose } from './common.ts';
import { END } from './slicing.ts';

const MOST_ROWS = 24;

/** Matrices [..., n, m] as what they become, and what is done to them. */
class Matrices {
  readonly d: Calculator;
  readonly n: number;
  private readonly l: Lowering;
  private readonly rank: number;

  constructor(l: Lowering) {
    this.l = l;
    this.d = new Calculator(l, 'float64');
    this.rank = l.rank(0);
    const [rows = -1, columns = -1] = l.shape(0)?.slice(-2) ?? [];
    if (rows !== columns || rows < 0) throw l.refuse('the number of rows is unknown');
    if (rows > MOST_ROWS) throw l.refuse(`matrices of more than ${MOST_ROWS} rows`);
    this.n = rows;
  }

  /** Input `i` in doubles, with its last two dimensions swapped where it is asked for. */
  input(i: number, swap = false): Value {
    const value = this.d.from(this.l.input(i), this.l.dtype(i));
    const [rank, shape] = [this.l.rank(i), this.l.shape(i)];
    this.l.graph.types.set(value, { dtype: 'float64', shape });
    return swap ? transpose(this.l, value, [...range(rank - 2), rank - 1, rank - 2]) : value;
  }

  /** The identity beside each matrix. */
  beside(value: Value, other: Value): Value {
    const sizes = this.l.shape(0)?.slice(0, -1) ?? [];
    const shape = [...sizes, -1];
    return this.l.emit('Concat', [value, other], { axis: this.rank - 1 }, { dtype: 'float64', shape });
  }

  identity(like: Value): Value {
    const table = Float64Array.from({ length: this.n ** 2 }, (_, i) => (i % (this.n + 1) === 0 ? 1 : 0));
    const one = this.l.fresh('identity', { dtype: 'float64', shape: [this.n, this.n], data: table });
    return this.d.do('Add', this.d.do('Mul', like, 0), one);
  }

  /** Column `k` [..., n, 1], or row `k` [..., 1, m]. */
  part(value: Value, axis: -1 | -2, from: number, to = from + 1): Value {
    const at = ints(this.l, [this.rank + axis]);
    const rows = this.l.graph.types.get(value)?.shape;
    const shape = rows?.with(axis, to === END ? -1 : to - from) ?? null;
    return this.l.emit('Slice', [value, ints(this.l, [from]), ints(this.l, [to]), at], {}, { dtype: 'float64', shape });
  }

  /** A mask [n, 1] of rows. */
  rows(test: (row: number) => boolean): Value {
    const data = Uint8Array.from({ length: this.n }, (_, i) => (test(i) ? 1 : 0));
    return this.l.fresh('rows', { dtype: 'bool', shape: [this.n, 1], data });
  }

  reduce(op: string, value: Value, axis: -1 | -2): Value {
    const shape = this.l.graph.types.get(value)?.shape?.with(axis, 1) ?? null;
    const axes = ints(this.l, [this.rank + axis]);
    const byInput = op === 'ReduceSum' || this.l.opset >= 18;
    const attrs = byInput ? { keepdims: 1 } : { keepdims: 1, axes: [this.rank + axis] };
    return run(this.l, op, [value], 'float64', { attrs, extra: byInput ? [axes] : [], shape });
  }

  /** Which row at or below `k` has the greatest element in column `k`: true there, [..., n, 1]. */
  pivot(value: Value, k: number): Value {
    const { l, d } = this;
    const size = d.pick(
      this.rows((row) => row >= k),
      d.do('Abs', this.part(value, -1, k)),
      -1,
    );
    const shape = l.graph.types.get(size)?.shape?.with(-2, 1) ?? null;
    const at = l.emit('ArgMax', [size], { axis: this.rank - 2, keepdims: 1 }, { dtype: 'int64', shape });
    const number = l.fresh('numbers', {
      dtype: 'int64',
      shape: [this.n, 1],
      data: BigInt64Array.from(range(this.n), BigInt),
    });
    return new Calculator(l, 'int64').is('Equal', number, at);
  }
}

/** What the elimination of all columns leaves: the right part of the matrices, and the determinant of the left one. */
function eliminated(m: Matrices, matrices: Value): { readonly right: Value; readonly determinant: Value } {
  const { d } = m;
  let value = matrices;
  let determinant: Value | undefined;
  for (let k = 0; k < m.n; k++) {
    const chosen = m.pivot(value, k);
    const row = m.reduce('ReduceSum', d.pick(chosen, value, 0), -2);
    const swapped = d.pick(
      m.rows((at) => at === k),
      row,
      d.pick(chosen, m.part(value, -2, k), value),
    );
    const head = m.part(row, -1, k);
    const here = m.reduce('ReduceSum', d.pick(chosen, asRow(m, k), 0), -2);
    const signed = d.do('Mul', head, d.do('Sub', d.do('Mul', here, 2), 1));
    determinant = determinant === undefined ? signed : d.do('Mul', determinant, signed);
    const scaled = d.do('Div', row, head);
    const rest = d.do('Sub', swapped, d.do('Mul', m.part(swapped, -1, k), scaled));
    value = d.pick(
      m.rows((at) => at === k),
      scaled,
      rest,
    );
  }
  return { right: m.part(value, -1, m.n, END), determinant: determinant ?? value };
}

/** 1 in row `k`, 0 elsewhere. */
function asRow(m: Matrices, k: number): Value {
  return m.d.from(
    m.rows((row) => row === k),
    'bool',
  );
}

function narrowed(l: Lowering, value: Value, dtype: DType): Value {
  return cast(l, value, 'float64', dtype);
}

function inverse(l: Lowering): Value {
  const m = new Matrices(l);
  const a = m.input(0, l.attrs.bool('adjoint', false));
  return narrowed(l, eliminated(m, m.beside(a, m.identity(a))).right, l.dtype());
}

function solve(l: Lowering): Value {
  const m = new Matrices(l);
  const a = m.input(0, l.attrs.bool('adjoint', false));
  return narrowed(l, eliminated(m, m.beside(a, m.input(1))).right, l.dtype());
}

/** Only one triangle counts. */
function solveTriangular(l: Lowering): Value {
  const m = new Matrices(l);
  if (l.rank(1) !== l.rank(0)) throw l.refuse('matrices that are broadcast');
  const lower = l.attrs.bool('lower', true);
  const table = Uint8Array.from({ length: m.n ** 2 }, (_, i) => {
    const [row, column] = [Math.floor(i / m.n), i % m.n];
    return (lower ? column <= row : column >= row) ? 1 : 0;
  });
  const triangle = l.fresh('triangle', { dtype: 'bool', shape: [m.n, m.n], data: table });
  const rank = l.rank(0);
  const kept = m.d.pick(triangle, m.input(0), 0);
  const a = l.attrs.bool('adjoint', false) ? transpose(l, kept, [...range(rank - 2), rank - 1, rank - 2]) : kept;
  return narrowed(l, eliminated(m, m.beside(a, m.input(1))).right, l.dtype());
}

function determinantOf(l: Lowering): Value {
  const m = new Matrices(l);
  if (m.n === 0) throw l.refuse('matrices without elements');
  const { determinant } = eliminated(m, m.input(0));
  const rank = l.rank(0);
  return l.emit(
    'Squeeze',
    [determinant, ints(l, [rank - 2, rank - 1])],
    {},
    { dtype: 'float64', shape: l.outType().shape },
  );
}

function logDeterminant(l: Lowering): readonly Value[] {
  const d = new Calculator(l, 'float64');
  const value = determinantOf(l);
  return [d.do('Sign', value), d.do('Log', d.do('Abs', value))].map((part) => narrowed(l, part, l.dtype()));
}

/** Column by column; what a column explains is taken away from the rest. */
function cholesky(l: Lowering): Value {
  const m = new Matrices(l);
  const { d } = m;
  const rank = l.rank(0);
  let rest = m.input(0);
  const columns: Value[] = [];
  for (let k = 0; k < m.n; k++) {
    const column = m.part(rest, -1, k);
    const root = d.do('Sqrt', m.part(column, -2, k));
    const below = d.pick(
      m.rows((row) => row >= k),
      d.do('Div', column, root),
      0,
    );
    columns.push(below);
    const turned = transpose(l, below, [...range(rank - 2), rank - 1, rank - 2]);
    rest = d.do('Sub', rest, d.do('Mul', below, turned));
  }
  const factor = l.emit('Concat', columns, { axis: rank - 1 }, { dtype: 'float64', shape: l.outType().shape });
  return narrowed(l, factor, l.dtype());
}

export const LINEAR_ALGEBRA = {
  MatrixInverse: inverse,
  MatrixSolve: solve,
  MatrixTriangularSolve: solveTriangular,
  MatrixDeterminant: (l) => narrowed(l, determinantOf(l), l.dtype()),
  LogMatrixDeterminant: logDeterminant,
  Cholesky: cholesky,
} satisfies Record<string, Lower>;
