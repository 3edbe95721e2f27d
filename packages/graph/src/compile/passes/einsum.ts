/**
 * Einsum of two inputs as a matrix product, which the engine fuses with the transpositions and factors around it: Keras's attention
 * writes all its products as equations. An encoder of that kind ran 1.16 times as fast; and the engine's Einsum (ONNX Runtime 1.30)
 * ends the process, by a division by zero, where it transposes a batch of none.
 *
 *     abc,cde->abde    a dense layer with several heads: its weights become a matrix
 *     abcd,cde->abe    the one behind them
 *     btnh,bsnh->bnts  rows by rows: transposed so that what both have comes first
 */

import { reshaped } from '../../late-tensor.ts';
import { addConstant, freshName, type OnnxGraph, type OnnxNode, rankOf, type Value } from '../../onnx-graph.ts';
import type { Tensor } from '../../tensor.ts';
import { int64, transposed } from '../constant.ts';
import { type Equation, equationOf } from './equation.ts';

/** First operator set whose Shape gives a part of a shape. */
const SINCE = 15;

export function multiplyEquations(graph: OnnxGraph): void {
  graph.nodes = graph.nodes.flatMap((node) => {
    if (node.op !== 'Einsum') return [node];
    const equation = equationOf(
      node,
      node.inputs.map((input) => rankOf(graph, input)),
    );
    if (equation === undefined || graph.opset < SINCE) return [node];
    return new Product(graph, node, equation).nodes();
  });
}

/** A value and the label of each of its dimensions. */
interface Labelled {
  readonly value: Value;
  readonly labels: string;
}

class Product {
  private readonly graph: OnnxGraph;
  private readonly node: OnnxNode;
  private readonly equation: Equation;
  private readonly made: OnnxNode[] = [];

  constructor(graph: OnnxGraph, node: OnnxNode, equation: Equation) {
    this.graph = graph;
    this.node = node;
    this.equation = equation;
  }

  nodes(): readonly OnnxNode[] {
    const { left, right, output, droppedLeft, droppedRight } = this.equation;
    const [a = '', b = ''] = this.node.inputs;
    const weights = this.graph.constants.get(b);
    const x = this.summedUp({ value: a, labels: left }, droppedLeft);
    const result =
      (weights && droppedRight === '' ? this.byWeights(x, weights) : undefined) ??
      this.ofRows(x, this.summedUp({ value: b, labels: right }, droppedRight));
    this.turned(result, output);
    const last = this.made.at(-1);
    if (last !== undefined) last.outputs = this.node.outputs;
    return this.made;
  }

  /** With a constant that no batch has on the right: a matrix of what is summed by the columns. */
  private byWeights(x: Labelled, weights: Tensor): Labelled | undefined {
    const { right, batch, summed, rows, columns } = this.equation;
    const sizes = (labels: string): number[] => [...labels].map((label) => weights.shape[right.indexOf(label)] ?? 1);
    if (batch !== '' || summed === '' || columns === '' || sizes(right).includes(0)) return undefined;
    const [height, width] = [product(sizes(summed)), product(sizes(columns))];
    const perm = [...(summed + columns)].map((label) => right.indexOf(label));
    const inOrder = perm.every((axis, i) => axis === i) ? weights : transposed(weights, perm);
    const matrix = this.constant('weights', reshaped(inOrder, [height, width]));
    const kept = [...rows].map(() => 0);
    const { value } = this.turned(x, rows + summed);
    const flat = summed.length === 1 ? value : this.reshape(value, this.ints('rows', [...kept, height]));
    const result = this.emit('MatMul', [flat, matrix]);
    const apart =
      columns.length === 1 ? result : this.reshape(result, this.ints('columns', [...kept, ...sizes(columns)]));
    return { value: apart, labels: rows + columns };
  }

  /** Rows, columns and what is summed as one dimension each, behind the batch. */
  private ofRows(x: Labelled, y: Labelled): Labelled {
    const { batch, summed, rows, columns } = this.equation;
    const a = this.turned(x, batch + rows + summed).value;
    const b = this.turned(y, batch + summed + columns).value;
    const labels = batch + rows + columns;
    const single = rows.length === 1 && summed.length === 1 && columns.length === 1;
    if (single) return { value: this.emit('MatMul', [a, b]), labels };
    const [front, middle, end] = [batch.length, batch.length + rows.length, batch.length + rows.length + summed.length];
    const flatA = this.joined(
      a,
      [[0, front]],
      [
        [front, middle],
        [middle, end],
      ],
    );
    const split = front + summed.length;
    const flatB = this.joined(
      b,
      [[0, front]],
      [
        [front, split],
        [split, split + columns.length],
      ],
    );
    const result = this.emit('MatMul', [flatA, flatB]);
    const sizes = [this.part(a, 0, middle), this.part(b, split, split + columns.length)];
    const shape = this.sizes('Concat', sizes, { axis: 0 }, labels.length);
    return { value: this.reshape(result, shape, 1), labels };
  }

  /** The value with some dimensions as they are and runs of others as one each. */
  private joined(
    value: Value,
    kept: readonly (readonly [number, number])[],
    runs: readonly (readonly [number, number])[],
  ): Value {
    const sizes = [
      ...kept.map(([from, to]) => this.part(value, from, to)),
      ...runs.map(([from, to]) => this.sizes('ReduceProd', [this.part(value, from, to)], { keepdims: 1 }, 1)),
    ];
    const rank = kept.reduce((count, [from, to]) => count + to - from, runs.length);
    return this.reshape(value, this.sizes('Concat', sizes, { axis: 0 }, rank), 1);
  }

  private part(value: Value, start: number, end: number): Value {
    return this.sizes('Shape', [value], { start, end }, end - start);
  }

  /** An op that gives `count` sizes. */
  private sizes(op: string, inputs: readonly Value[], attrs: OnnxNode['attrs'], count: number): Value {
    const value = this.emit(op, inputs, attrs);
    this.graph.types.set(value, { dtype: 'int64', shape: [count] });
    return value;
  }

  /** Sums over dimensions that nothing else has. */
  private summedUp({ value, labels }: Labelled, dropped: string): Labelled {
    if (dropped === '') return { value, labels };
    const axes = [...dropped].map((label) => labels.indexOf(label));
    const sum = this.emit('ReduceSum', [value, this.ints('axes', axes)], { keepdims: 0 });
    return { value: sum, labels: [...labels].filter((label) => !dropped.includes(label)).join('') };
  }

  private turned({ value, labels }: Labelled, to: string): Labelled {
    if (labels === to) return { value, labels };
    return {
      value: this.emit('Transpose', [value], { perm: [...to].map((label) => labels.indexOf(label)) }),
      labels: to,
    };
  }

  /** With `allowzero` a 0 in the target is a dimension of none; without, one that stays. */
  private reshape(value: Value, target: Value, allowzero = 0): Value {
    return this.emit('Reshape', [value, target], allowzero === 0 ? {} : { allowzero });
  }

  private ints(label: string, values: readonly number[]): Value {
    return this.constant(label, int64(...values));
  }

  private constant(label: string, tensor: Tensor): Value {
    return addConstant(this.graph, `${this.node.name}/${label}`, tensor);
  }

  private emit(op: string, inputs: readonly Value[], attrs: OnnxNode['attrs'] = {}): Value {
    const { types } = this.graph;
    const output = freshName(this.graph, `${this.node.name}/${op}`);
    types.set(output, { dtype: types.get(this.node.outputs[0] ?? '')?.dtype ?? 'float32', shape: null });
    this.made.push({ op, name: this.node.name, inputs: [...inputs], outputs: [output], attrs });
    return output;
  }
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((all, size) => all * size, 1);
}
