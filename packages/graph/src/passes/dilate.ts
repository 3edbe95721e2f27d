/**
 * A convolution between SpaceToBatchND and BatchToSpaceND is how TensorFlow spells one that is dilated by the blocks: those then become
 * blocks of one, which only pad and crop. What is padded behind and cropped again is not computed at all.
 *
 *   BatchToSpaceND(Conv(SpaceToBatchND(x, b, p)), b, c) = crop(Conv(pad(x, p), dilated by b), c)
 *
 * With one spatial dimension there is an ExpandDims before the convolution and a Squeeze behind it. Source of the forms:
 * `with_space_to_batch` in TensorFlow's `nn_ops.py`.
 */
import { type Analysis, analyse } from '../analysis/index.ts';
import { constNode } from '../constants.ts';
import { Attrs, attrOf, attrOfList, endpoint, type Graph, type Node, tensorName } from '../graph.ts';
import type { Tensor } from '../tensor.ts';
import { type Element, ElementSources } from './element-source.ts';
import { hasControlFlow, Names, nodesOf, type Pass, withNodes } from './pass.ts';

const CONVOLUTIONS = new Set(['Conv2D', 'DepthwiseConv2dNative', 'Conv3D']);

export const dilate: Pass = (graph, keep, feeds) => {
  if (hasControlFlow(graph) || !graph.nodes.some(({ op }) => op === 'BatchToSpaceND')) return graph;
  const finder = new Finder(graph, analyse(graph, feeds), new Set([...nodesOf(keep), ...nodesOf(feeds.keys())]));
  const changed = new Map(graph.nodes.flatMap((node) => finder.dilated(node)).map((node) => [node.name, node]));
  const added = [...changed.values()].filter(({ name }) => !graph.byName.has(name));
  if (changed.size === 0) return graph;
  return withNodes(graph, [...added, ...graph.nodes.map((node) => changed.get(node.name) ?? node)]);
};

/** The nodes of one dilated convolution. */
interface Chain {
  readonly there: Node;
  readonly conv: Node;
  readonly back: Node;
  readonly block: readonly number[];
}

class Finder {
  private readonly graph: Graph;
  private readonly analysis: Analysis;
  private readonly fixed: ReadonlySet<string>;
  private readonly names: Names;
  private readonly sources: ElementSources;
  private readonly uses = new Map<string, number>();

  /** `fixed`: nodes whose values are asked for or given. */
  constructor(graph: Graph, analysis: Analysis, fixed: ReadonlySet<string>) {
    this.graph = graph;
    this.analysis = analysis;
    this.fixed = fixed;
    this.names = new Names(graph);
    this.sources = new ElementSources(graph, analysis);
    for (const { input } of graph.nodes)
      for (const name of input) {
        const { node } = endpoint(name);
        this.uses.set(node, (this.uses.get(node) ?? 0) + 1);
      }
  }

  /** The nodes that change where this one is the end of a dilated convolution. */
  dilated(back: Node): readonly Node[] {
    const chain = back.op === 'BatchToSpaceND' ? this.chainTo(back) : undefined;
    if (chain === undefined) return [];
    const { block, there, conv } = chain;
    const ones = constNode(
      this.names.fresh(`${back.name}/ones`),
      int32(
        [block.length],
        block.map(() => 1),
      ),
    );
    const [pads, crops] = this.amounts(chain);
    return [
      ...[ones, pads, crops].filter((node) => node !== undefined),
      withBlocks(there, ones, 'Tpaddings', pads),
      withDilations(conv, block),
      withBlocks(back, ones, 'Tcrops', crops),
    ];
  }

  private chainTo(back: Node): Chain | undefined {
    const squeeze = this.before(back);
    const conv = squeeze?.op === 'Squeeze' ? this.before(squeeze) : squeeze;
    if (conv === undefined || !CONVOLUTIONS.has(conv.op)) return undefined;
    const expand = this.before(conv);
    const there = expand?.op === 'ExpandDims' ? this.before(expand) : expand;
    if (there?.op !== 'SpaceToBatchND' || (squeeze === conv) !== (expand === there)) return undefined;
    const block = this.numbers(back.input[1]);
    if (block === undefined || !equal(block, this.numbers(there.input[1])) || !isPlain(conv)) return undefined;
    const single = squeeze !== conv;
    const fits = single
      ? block.length === 1 && this.addsRows(expand as Node, squeeze as Node)
      : block.length === spatialOf(conv);
    return fits ? { there, conv, back, block } : undefined;
  }

  /** The node of the first input, where nothing else uses it. */
  private before(node: Node): Node | undefined {
    const name = endpoint(node.input[0] ?? '').node;
    const isOwn = this.uses.get(name) === 1 && !this.fixed.has(name);
    return isOwn ? this.graph.byName.get(name) : undefined;
  }

  /** [n, w, c] -> [n, 1, w, c] and back. */
  private addsRows(expand: Node, squeeze: Node): boolean {
    const [axis] = this.numbers(expand.input[1]) ?? [];
    const dims = new Attrs(squeeze).ints('squeeze_dims', []);
    return (axis === 1 || axis === -3) && dims.length === 1 && (dims[0] === 1 || dims[0] === -3);
  }

  /** Smaller paddings and crops where what they have in common is known: undefined leaves them as they are. */
  private amounts({ there, back, block }: Chain): readonly [Node | undefined, Node | undefined] {
    const both = [...Array(2 * block.length).keys()].map((at) => {
      return this.remaining(
        { tensor: tensorName(there.input[2] ?? ''), at },
        { tensor: tensorName(back.input[2] ?? ''), at },
      );
    });
    if (both.includes(undefined)) return [undefined, undefined];
    const table = (name: string, side: 'pad' | 'crop'): Node =>
      constNode(
        this.names.fresh(name),
        int32(
          [block.length, 2],
          both.map((amounts) => amounts?.[side] ?? 0),
        ),
      );
    return [table(`${there.name}/pads`, 'pad'), table(`${back.name}/crops`, 'crop')];
  }

  /** What is left of a padding and the crop on the same side; sizes that only a run knows may still differ by a number. */
  private remaining(pad: Element, crop: Element): { pad: number; crop: number } | undefined {
    const [added, cut] = [this.sources.number(pad), this.sources.number(crop)];
    if (added !== undefined && cut !== undefined)
      return { pad: Math.max(added - cut, 0), crop: Math.max(cut - added, 0) };
    const distance = this.sources.distance(pad, crop);
    return distance === undefined || distance < 0 ? undefined : { pad: distance, crop: 0 };
  }

  private numbers(input = ''): readonly number[] | undefined {
    const constant = this.analysis.constant(tensorName(input));
    return constant === undefined ? undefined : Array.from(constant.data as ArrayLike<number | bigint>, Number);
  }
}

const INT32 = 3;

function int32(shape: readonly number[], values: readonly number[]): Tensor {
  return { dtype: 'int32', shape, data: Int32Array.from(values) };
}

function spatialOf({ op }: Node): number {
  return op === 'Conv3D' ? 3 : 2;
}

/** Neither strides nor dilations nor padding of its own, and channels last, as the blocks are. */
function isPlain(conv: Node): boolean {
  const attrs = new Attrs(conv);
  const ones = (name: string): boolean => attrs.ints(name, []).every((value) => value === 1);
  const last = attrs.string('data_format', 'NHWC').endsWith('C');
  return last && ones('strides') && ones('dilations') && attrs.string('padding') === 'VALID';
}

/** The node with other constants for its blocks and, where there are any, its amounts. */
function withBlocks(node: Node, block: Node, typeOfAmounts: string, amounts: Node | undefined): Node {
  const [value = '', , before = ''] = node.input;
  const attr = new Map(node.attr).set('Tblock_shape', attrOf({ type: INT32 }));
  if (amounts !== undefined) attr.set(typeOfAmounts, attrOf({ type: INT32 }));
  return { ...node, input: [value, block.name, amounts?.name ?? before], attr };
}

function withDilations(conv: Node, block: readonly number[]): Node {
  const before = new Array<number>(spatialOf(conv) - block.length).fill(1);
  const dilations = [1, ...before, ...block, 1].map(BigInt);
  return { ...conv, attr: new Map(conv.attr).set('dilations', attrOfList({ i: dilations })) };
}

function equal(a: readonly number[], b: readonly number[] | undefined): boolean {
  return b !== undefined && a.length === b.length && a.every((value, i) => value === b[i]);
}
