/** What the rules for complex ops see of a node, and how they make the real ones in its place. */
import type { Analysis } from '../../analysis/index.ts';
import { constNode } from '../../constants.ts';
import { DTYPES, type DType } from '../../dtype.ts';
import { Attrs, attrOf, type Graph, type Node, tensorName } from '../../graph.ts';
import { dataInputs } from '../../inline/walk.ts';
import type { AttrValue } from '../../proto/tensorflow.ts';
import { Names } from '../pass.ts';

/** A complex tensor as two inputs of nodes; without an imaginary part it is 0. */
export interface Parts {
  readonly re: string;
  readonly im?: string;
}

/** Complex outputs in order, or the input of nodes that stands for the only, real one. */
export interface Result {
  readonly complex?: readonly Parts[];
  readonly real?: string;
}

/** Undefined where the node cannot be taken apart. */
export type Rule = (c: ComplexNode) => Result | undefined;

export type RealDType = 'float32' | 'float64';

/** All nodes that are made, and what stands for each complex tensor. */
export class Builder {
  readonly analysis: Analysis;
  readonly made: Node[] = [];
  readonly parts = new Map<string, Parts>();
  private readonly names: Names;

  constructor(graph: Graph, analysis: Analysis) {
    this.analysis = analysis;
    this.names = new Names(graph);
  }

  add(base: string, op: string, input: readonly string[], attr: ReadonlyMap<string, AttrValue>): string {
    const name = this.names.fresh(base);
    this.made.push({ name, op, input, device: '', attr });
    return name;
  }

  constant(base: string, dtype: RealDType | 'int32', shape: readonly number[], values: ArrayLike<number>): string {
    const array = dtype === 'int32' ? Int32Array : dtype === 'float32' ? Float32Array : Float64Array;
    const node = constNode(this.names.fresh(base), { dtype, shape, data: array.from(values) });
    this.made.push(node);
    return node.name;
  }
}

/** One node whose outputs or inputs are complex. */
export class ComplexNode {
  readonly node: Node;
  readonly attrs: Attrs;
  readonly inputs: readonly string[];
  /** Dtype of the parts. */
  readonly dtype: RealDType;
  readonly builder: Builder;

  constructor(node: Node, builder: Builder) {
    this.node = node;
    this.attrs = new Attrs(node);
    this.builder = builder;
    this.inputs = dataInputs(node);
    const wide = [`${node.name}:0`, ...this.inputs.map(tensorName)].some(
      (tensor) => this.typeOf(tensor) === 'complex128',
    );
    this.dtype = wide ? 'float64' : 'float32';
  }

  /** The parts of input `i`, which may be real; undefined where it could not be taken apart. */
  parts(i: number): Parts | undefined {
    const input = this.inputs[i] ?? '';
    return this.isComplex(i) ? this.builder.parts.get(tensorName(input)) : { re: input };
  }

  isComplex(i: number): boolean {
    return this.typeOf(tensorName(this.inputs[i] ?? '')).startsWith('complex');
  }

  shape(i: number): readonly number[] | null {
    return this.builder.analysis.type(tensorName(this.inputs[i] ?? '')).shape;
  }

  /** Numbers of a constant input. */
  numbers(i: number): readonly number[] | undefined {
    const constant = this.builder.analysis.constant(tensorName(this.inputs[i] ?? ''));
    return constant === undefined ? undefined : Array.from(constant.data as ArrayLike<number | bigint>, Number);
  }

  /** An op on values of the parts' dtype. */
  do(op: string, inputs: readonly string[], attrs: Readonly<Record<string, AttrValue>> = {}): string {
    const attr = new Map([['T', attrOf({ type: DTYPES[this.dtype].tf })], ...Object.entries(attrs)]);
    return this.builder.add(`${this.node.name}/${op}`, op, inputs, attr);
  }

  constant(shape: readonly number[], values: ArrayLike<number>, dtype: RealDType | 'int32' = this.dtype): string {
    return this.builder.constant(`${this.node.name}/constant`, dtype, shape, values);
  }

  /** The same node on other inputs, of real numbers. */
  copy(inputs: readonly string[]): string {
    const attr = [...this.node.attr].map(([key, value]): [string, AttrValue] => {
      const isComplex = value.type === DTYPES.complex64.tf || value.type === DTYPES.complex128.tf;
      return [key, isComplex ? attrOf({ type: DTYPES[this.dtype].tf }) : value];
    });
    return this.builder.add(`${this.node.name}/part`, this.node.op, inputs, new Map(attr));
  }

  /** The imaginary part, made of zeros where there is none. */
  im({ re, im }: Parts): string {
    return im ?? this.do('ZerosLike', [re]);
  }

  cast(value: string, from: DType, to: DType): string {
    if (from === to) return value;
    const attr = { SrcT: attrOf({ type: DTYPES[from].tf }), DstT: attrOf({ type: DTYPES[to].tf }) };
    return this.builder.add(`${this.node.name}/Cast`, 'Cast', [value], new Map(Object.entries(attr)));
  }

  typeOf(tensor: string): DType {
    return this.builder.analysis.type(tensor).dtype;
  }
}
