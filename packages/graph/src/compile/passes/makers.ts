/** What a pass that looks for a pattern asks of a graph: which op made a value, and of what. */
import { type OnnxGraph, type OnnxNode, rankOf, type Value } from '../../onnx-graph.ts';
import type { Tensor } from '../../tensor.ts';
import { toNumbers } from '../constant.ts';

export class Makers {
  readonly graph: OnnxGraph;
  private readonly nodes = new Map<Value, OnnxNode>();

  constructor(graph: OnnxGraph) {
    this.graph = graph;
    for (const node of graph.nodes) for (const output of node.outputs) this.nodes.set(output, node);
  }

  /** The node that makes the value. */
  maker(value: Value | undefined): OnnxNode | undefined {
    return value === undefined ? undefined : this.nodes.get(value);
  }

  /** The node that makes the value, if it is of this op. */
  node(op: string, value: Value | undefined): OnnxNode | undefined {
    const node = this.maker(value);
    return node?.op === op ? node : undefined;
  }

  /** The first input of the op that makes the value. */
  of(op: string, value: Value | undefined): Value | undefined {
    return this.node(op, value)?.inputs[0];
  }

  /** The two inputs of the op that makes the value, in both orders for a sum and a product; none where another op makes it. */
  sides(op: 'Add' | 'Sub' | 'Mul' | 'Div', value: Value | undefined): readonly (readonly [Value, Value])[] {
    const [left, right] = this.node(op, value)?.inputs ?? [];
    if (left === undefined || right === undefined) return [];
    const swapped = op === 'Add' || op === 'Mul' ? [[right, left] as const] : [];
    return [[left, right] as const, ...swapped];
  }

  /** Of two sides of which one is a `number`: the other, and the number. */
  withNumber(
    op: 'Add' | 'Sub' | 'Mul' | 'Div',
    value: Value | undefined,
    rank = 0,
  ): readonly [Value, number] | undefined {
    for (const [other, constant] of this.sides(op, value)) {
      const number = this.number(constant, rank);
      if (number !== undefined) return [other, number];
    }
    return undefined;
  }

  /** The element of a float constant of one, which has no more dimensions than `rank`, so that it gives none to what it meets. */
  number(value: Value | undefined, rank = 0): number | undefined {
    const constant = this.floats(value);
    if (constant === undefined || constant.shape.length > rank || constant.shape.some((dim) => dim !== 1))
      return undefined;
    return Number(constant.data[0]);
  }

  floats(value: Value | undefined): Tensor | undefined {
    const constant = value === undefined ? undefined : this.graph.constants.get(value);
    return constant?.dtype === 'float32' ? constant : undefined;
  }

  /** The elements of a constant. */
  numbers(value: Value): readonly number[] | undefined {
    const constant = this.graph.constants.get(value);
    return constant && toNumbers(constant);
  }

  rank(value: Value): number | undefined {
    return rankOf(this.graph, value);
  }

  isFloat(value: Value | undefined): boolean {
    return value !== undefined && this.graph.types.get(value)?.dtype === 'float32';
  }
}

/** Equal as far as float32 tells. */
export function isNear(number: number | undefined, wanted: number): boolean {
  return number !== undefined && Math.abs(number - wanted) <= 2e-7 * Math.abs(wanted);
}
