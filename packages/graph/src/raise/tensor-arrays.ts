/**
 * Tensor arrays as tensor lists. An array is a handle and a flow: a number that is passed on so that reads come after writes. The
 * list takes the flow's way, and handles are no longer used.
 */
import { constValue } from '../constants.ts';
import { attrOf, endpoint, type Graph, graphOf, type Node } from '../graph.ts';
import { isControl } from '../inline/walk.ts';
import type { Tensor } from '../tensor.ts';
import { ints, origin } from './nodes.ts';

const ARRAY = /^TensorArrayV?[23]?$/;
const FAMILY = /^TensorArray(Read|Write|Gather|Scatter|Size|Concat|Split|Close|Pack|Unpack)?(V2|V3)?$/;

export function raiseTensorArrays(graph: Graph): Graph {
  if (!graph.nodes.some(({ op }) => ARRAY.test(op))) return graph;
  const arrays = new Arrays(graph);
  return graphOf(
    graph.nodes.flatMap((each) => arrays.raised(each)),
    graph.functions,
    graph.versions,
  );
}

class Arrays {
  private readonly graph: Graph;

  constructor(graph: Graph) {
    this.graph = graph;
  }

  raised(each: Node): readonly Node[] {
    const kind = FAMILY.exec(each.op);
    const input = each.input.map((name) => this.flow(name));
    if (kind === null) return [input.every((name, i) => name === each.input[i]) ? each : { ...each, input }];
    const moved = { ...each, input: input.filter((name) => !isControl(name)) };
    return this.list(kind[1] ?? '', moved, input.filter(isControl));
  }

  /** The flow, output 1 of an array, is the list. */
  private flow(name: string): string {
    if (isControl(name)) return name;
    const { node: source, index } = endpoint(name);
    return index === 1 && ARRAY.test(this.graph.byName.get(source)?.op ?? '') ? source : name;
  }

  private list(kind: string, each: Node, controls: readonly string[]): readonly Node[] {
    const [handle = '', a = '', b = '', c = ''] = each.input;
    const { name } = each;
    const made = (op: string, input: readonly string[], attr: Node['attr'] = new Map()): Node => ({
      ...each,
      op,
      input: [...input, ...controls],
      attr,
    });
    const typed = (key: string, more: readonly (readonly [string, ReturnType<typeof attrOf>])[] = []): Node['attr'] =>
      new Map([['element_dtype', each.attr.get(key) ?? attrOf({ type: 0 })], ...more]);
    const any = ints(`${name}/any_shape`, -1);
    switch (kind) {
      case '':
        return [this.elementShape(each), made('TensorListReserve', [`${name}/element_shape`, handle], typed('dtype'))];
      case 'Read':
        return [any, made('TensorListGetItem', [b, a, any.name], typed('dtype'))];
      case 'Write':
        return [
          made('TensorListSetItem', [c, a, b], typed('T', [['resize_if_index_out_of_bounds', this.grows(handle)]])),
        ];
      case 'Gather':
        return this.isWhole(handle, a)
          ? [any, made('TensorListStack', [b, any.name], typed('dtype'))]
          : [any, made('TensorListGather', [b, a, any.name], typed('dtype'))];
      case 'Scatter':
        return this.isUnstacked(handle, a, b)
          ? [any, made('TensorListFromTensor', [b, any.name], typed('T'))]
          : [made('TensorListScatterIntoExistingList', [c, b, a], typed('T'))];
      case 'Size':
        return [made('TensorListLength', [a])];
      case 'Concat':
        return [made('TensorListConcat', [a], typed('dtype'))];
      case 'Split':
        return [any, made('TensorListSplit', [a, any.name, b], typed('T'))];
      case 'Close':
        return [made('NoOp', [])];
      default:
        return [each];
    }
  }

  /** -1 for a shape of which nothing is known. */
  private elementShape({ name, attr }: Node): Node {
    const shape = (attr.get('element_shape') ?? attr.get('element_shape_except0'))?.shape;
    const known = shape === undefined || shape.unknown_rank ? -1 : shape.dim.map(({ size }) => size);
    return ints(`${name}/element_shape`, known);
  }

  private arrayOf(handle: string): Node | undefined {
    const { node: found } = origin(this.graph.byName, handle);
    return found !== undefined && ARRAY.test(found.op) ? found : undefined;
  }

  private grows(handle: string) {
    return this.arrayOf(handle)?.attr.get('dynamic_size') ?? attrOf({ b: false });
  }

  /** True for the indices 0 to the array's size. */
  private isWhole(handle: string, indices: string): boolean {
    const array = this.arrayOf(handle);
    const limit = this.rangeFromZero(indices);
    if (array === undefined || limit === undefined) return false;
    const { node: end } = origin(this.graph.byName, limit);
    if (end !== undefined && /^TensorArraySize/.test(end.op)) return this.arrayOf(end.input[0] ?? '') === array;
    return same(origin(this.graph.byName, limit), origin(this.graph.byName, array.input[0] ?? ''));
  }

  /** True for the indices of all rows of a tensor, of an array that has as many. */
  private isUnstacked(handle: string, indices: string, rows: string): boolean {
    const array = this.arrayOf(handle);
    const limit = this.rangeFromZero(indices);
    if (array === undefined || limit === undefined || !this.isCount(limit, rows)) return false;
    const size = array.input[0] ?? '';
    return same(origin(this.graph.byName, limit), origin(this.graph.byName, size)) || this.isCount(size, rows);
  }

  /** True for how many rows a tensor has. */
  private isCount(count: string, rows: string): boolean {
    const { node: slice } = origin(this.graph.byName, count);
    if (slice?.op !== 'StridedSlice' || this.first(slice) !== 0) return false;
    const { node: shape } = origin(this.graph.byName, slice.input[0] ?? '');
    if (shape?.op !== 'Shape') return false;
    return same(origin(this.graph.byName, shape.input[0] ?? ''), origin(this.graph.byName, rows));
  }

  /** The one element that a slice takes. */
  private first(slice: Node): number | undefined {
    const shrinks = slice.attr.get('shrink_axis_mask')?.i === 1n;
    return shrinks ? this.integer(slice.input[1] ?? '') : undefined;
  }

  private rangeFromZero(indices: string): string | undefined {
    const { node: range } = origin(this.graph.byName, indices);
    if (range?.op !== 'Range') return undefined;
    const [start = '', limit = '', delta = ''] = range.input;
    return this.integer(start) === 0 && this.integer(delta) === 1 ? limit : undefined;
  }

  private integer(tensor: string): number | undefined {
    const { node: constant } = origin(this.graph.byName, tensor);
    return constant?.op === 'Const' ? onlyInteger(constValue(constant)) : undefined;
  }
}

function same(a: { node: Node | undefined; index: number }, b: { node: Node | undefined; index: number }): boolean {
  return a.node !== undefined && a.node === b.node && a.index === b.index;
}

function onlyInteger({ data, dtype }: Tensor): number | undefined {
  return data.length === 1 && (dtype === 'int32' || dtype === 'int64') ? Number(data[0]) : undefined;
}
