/** Where single elements of shape-like tensors come from: through packing, joining, slicing and reshaping, back to what was computed. */
import type { Analysis } from '../analysis/index.ts';
import { endpoint, type Graph, type Node, tensorName } from '../graph.ts';
import { dataInputs } from '../inline/walk.ts';
import { sizeOf } from '../tensor.ts';

/** An element of a tensor, counted flat. */
export interface Element {
  readonly tensor: string;
  readonly at: number;
}

const MOST_STEPS = 64;
const PASSES_ON = new Set(['Identity', 'Reshape', 'ExpandDims', 'Squeeze']);

export class ElementSources {
  private readonly graph: Graph;
  private readonly analysis: Analysis;

  constructor(graph: Graph, analysis: Analysis) {
    this.graph = graph;
    this.analysis = analysis;
  }

  /** The element that this one is a copy of; itself where it was computed. */
  of(element: Element): Element {
    let current = element;
    for (let step = 0; step < MOST_STEPS; step++) {
      const next = this.before(current);
      if (next === undefined) return current;
      current = next;
    }
    return current;
  }

  /** The number that an element always is. */
  number(element: Element): number | undefined {
    const { tensor, at } = this.of(element);
    const constant = this.analysis.constant(tensor);
    return constant === undefined ? this.analysis.partial(tensor)?.[at] : Number(constant.data[at]);
  }

  /** What is added to element `other` to make this one: a number, where the sum was written as such. */
  distance(element: Element, other: Element): number | undefined {
    const [a, b] = [this.of(element), this.of(other)];
    if (same(a, b)) return 0;
    const node = this.node(a);
    if (node === undefined || (node.op !== 'AddV2' && node.op !== 'Add')) return undefined;
    const sides = node.input.map((input) => this.of({ tensor: tensorName(input), at: a.at }));
    if (!node.input.every((input) => this.sameShape(tensorName(input), a.tensor))) return undefined;
    const [left, right] = sides as [Element, Element];
    if (same(left, b)) return this.number(right);
    return same(right, b) ? this.number(left) : undefined;
  }

  /** True where this element is dimension `axis` of a tensor, asked for in a run. */
  isDimension(element: Element, tensor: string, axis: number): boolean {
    const { tensor: source, at } = this.of(element);
    const node = this.node({ tensor: source, at });
    return node?.op === 'Shape' && at === axis && tensorName(node.input[0] ?? '') === tensor;
  }

  private before({ tensor, at }: Element): Element | undefined {
    const node = this.node({ tensor, at });
    if (node === undefined) return undefined;
    const inputs = dataInputs(node).map(tensorName);
    if (PASSES_ON.has(node.op)) return { tensor: inputs[0] ?? '', at };
    if (node.op === 'Pack' && Number(node.attr.get('axis')?.i ?? 0n) === 0) return this.part(inputs, at);
    if (node.op === 'ConcatV2' && this.isAxisZero(inputs.at(-1))) return this.part(inputs.slice(0, -1), at);
    if (node.op === 'GatherV2') return this.picked(at, inputs);
    return node.op === 'StridedSlice' ? this.sliced(node, at, inputs) : undefined;
  }

  private node({ tensor }: Element): Node | undefined {
    const { node, index } = endpoint(tensor);
    return index === 0 ? this.graph.byName.get(node) : undefined;
  }

  /** Element `at` of tensors one behind the other. */
  private part(tensors: readonly string[], at: number): Element | undefined {
    let before = 0;
    for (const tensor of tensors) {
      const shape = this.analysis.type(tensor).shape;
      if (shape === null || shape.includes(-1)) return undefined;
      if (at < before + sizeOf(shape)) return { tensor, at: at - before };
      before += sizeOf(shape);
    }
    return undefined;
  }

  private isAxisZero(axis = ''): boolean {
    return this.analysis.constant(axis)?.data[0] === 0;
  }

  /** Elements of a vector by constant places. */
  private picked(at: number, [tensor = '', places = '', axis = '']: readonly string[]): Element | undefined {
    const chosen = this.analysis.constant(places)?.data[at];
    const { shape } = this.analysis.type(tensor);
    if (chosen === undefined || shape?.length !== 1 || !this.isAxisZero(axis)) return undefined;
    return { tensor, at: Number(chosen) };
  }

  /** Rows next to each other, or one of them. */
  private sliced(
    node: Node,
    at: number,
    [tensor = '', begin = '', , strides = '']: readonly string[],
  ): Element | undefined {
    const { shape } = this.analysis.type(tensor);
    const [starts, steps] = [begin, strides].map((input) => this.analysis.constant(input));
    if (shape === null || shape.includes(-1) || starts?.data.length !== 1 || Number(steps?.data[0]) !== 1)
      return undefined;
    const mask = (name: string): number => Number(node.attr.get(name)?.i ?? 0n);
    if (mask('ellipsis_mask') !== 0 || mask('new_axis_mask') !== 0) return undefined;
    const start = mask('begin_mask') === 1 ? 0 : Number(starts.data[0]);
    const row = start < 0 ? start + (shape[0] ?? 0) : start;
    return { tensor, at: row * sizeOf(shape.slice(1)) + at };
  }

  private sameShape(a: string, b: string): boolean {
    const [one, other] = [this.analysis.type(a).shape, this.analysis.type(b).shape];
    return one !== null && !one.includes(-1) && one.join() === other?.join();
  }
}

function same(a: Element, b: Element): boolean {
  return a.tensor === b.tensor && a.at === b.at;
}
