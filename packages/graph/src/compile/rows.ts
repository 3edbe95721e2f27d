/**
 * What the proof of row independence knows of a value. `rows`: dimension 0 is the batch, `per` entries for each of its rows, one
 * behind the other, and they depend on that row alone. `turned`: the same with the batch in a later dimension, one entry for each row.
 * `size`: depends on how many rows there are but on none of them (a shape).
 * `fixed`: depends on neither; of a shape that was put together, it may be known which elements are numbers. `Denied` says what the proof fails at.
 */

import { type OnnxGraph, type OnnxNode, rankOf, type Value } from '../onnx-graph.ts';
import { toNumbers } from './constant.ts';

/** An element of a shape: a number, one that is fixed but not known, `batch` times the size of the batch, or undefined. */
export type SizeElement = number | 'fixed' | { readonly batch: number } | undefined;

export type RowState =
  | { readonly kind: 'fixed'; readonly elements?: readonly SizeElement[] }
  | { readonly kind: 'size'; readonly elements: readonly SizeElement[] | undefined }
  | { readonly kind: 'rows'; readonly per: number; readonly rank: number }
  | { readonly kind: 'turned'; readonly axis: number; readonly rank: number };

export type Rows = Extract<RowState, { kind: 'rows' }>;

export type Turned = Extract<RowState, { kind: 'turned' }>;

export const FIXED: RowState = { kind: 'fixed' };

/** The batch in dimension `axis`, one entry for each row. */
export function batchAt(axis: number, rank: number): RowState {
  return axis === 0 ? { kind: 'rows', per: 1, rank } : { kind: 'turned', axis, rank };
}

export function sameState(a: RowState, b: RowState): boolean {
  return JSON.stringify(lasting(a)) === JSON.stringify(lasting(b));
}

/** What holds of a loop's variable in every turn. */
export function lasting(state: RowState): RowState {
  return state.kind === 'fixed' ? FIXED : state;
}

/** Ops that compute each element from those in its place. */
export const ELEMENTWISE =
  'Abs Acos Acosh Add And Asin Asinh Atan Atanh BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Cast Ceil Clip Cos Cosh Div Elu Equal Erf Exp Floor Gelu Greater ' +
  'GreaterOrEqual HardSigmoid Identity IsInf IsNaN LeakyRelu Less LessOrEqual Log Max Min Mod Mul Neg Not Or Pow ' +
  'Reciprocal Relu Round Selu Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Sub Tan Tanh Where Xor';

export class Denied extends Error {}

/** One node as its rule sees it. */
export class RowContext {
  readonly graph: OnnxGraph;
  readonly node: OnnxNode;
  private readonly states: ReadonlyMap<Value, RowState>;

  constructor(graph: OnnxGraph, node: OnnxNode, states: ReadonlyMap<Value, RowState>) {
    this.graph = graph;
    this.node = node;
    this.states = states;
  }

  /** States of the inputs that are there. */
  get inputs(): readonly RowState[] {
    return this.node.inputs.filter((value) => value !== '').map((value) => this.states.get(value) ?? FIXED);
  }

  state(i: number): RowState {
    return this.states.get(this.node.inputs[i] ?? '') ?? FIXED;
  }

  /** Input `i` as rows; fixed where it is fixed. Sizes are denied. */
  rows(i: number): Rows | undefined {
    const state = this.state(i);
    if (state.kind === 'size') throw this.deny('it computes with the size of the batch');
    if (state.kind === 'turned') throw this.deny('the batch is not its first dimension');
    return state.kind === 'rows' ? state : undefined;
  }

  /** Denies unless all inputs from `i` on are fixed. */
  fixedFrom(i: number): void {
    for (let at = i; at < this.node.inputs.length; at++) {
      if (this.state(at).kind !== 'fixed') throw this.deny(`its input ${at} depends on the batch`);
    }
  }

  /** Numbers of a constant input. */
  numbers(i: number): readonly number[] | undefined {
    const constant = this.graph.constants.get(this.node.inputs[i] ?? '');
    return constant === undefined ? undefined : toNumbers(constant);
  }

  rank(i: number): number | undefined {
    const state = this.state(i);
    return state.kind === 'rows' || state.kind === 'turned'
      ? state.rank
      : rankOf(this.graph, this.node.inputs[i] ?? '');
  }

  shape(i: number): readonly number[] | null {
    const value = this.node.inputs[i] ?? '';
    return this.graph.constants.get(value)?.shape ?? this.graph.types.get(value)?.shape ?? null;
  }

  int(name: string, fallback: number): number {
    const value = this.node.attrs[name];
    return typeof value === 'number' ? value : fallback;
  }

  /** An axis counted from 0, which must not be the batch. */
  axis(axis: number, rank: number): number {
    const at = axis < 0 ? axis + rank : axis;
    if (at === 0) throw this.deny('it works along the batch');
    return at;
  }

  /** True where a fixed operand broadcasts over the rows: it has no dimension 0 of its own. */
  broadcasts(i: number, rank: number): boolean {
    const own = this.rank(i);
    if (own === undefined || own > rank) return false;
    return own < rank || this.shape(i)?.[0] === 1;
  }

  deny(reason: string): Denied {
    return new Denied(`node ${this.node.name} (${this.node.op}): ${reason}`);
  }
}
