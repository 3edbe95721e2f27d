/**
 * Writes a compiled graph as an ONNX model whose large weights lie in a file beside it, each where it can be mapped.
 * Source: `onnx/onnx.proto` and ONNX's "External Data" document (keys location, offset, length; offsets on page boundaries).
 */

import { DTYPES } from '../dtype.ts';
import { FloeError } from '../errors.ts';
import { Scratch } from '../late-tensor.ts';
import { graphsIn, type OnnxAttr, type OnnxGraph, type OnnxNode } from '../onnx-graph.ts';
import {
  ATTRIBUTE,
  type OnnxAttribute,
  type OnnxDimension,
  type OnnxGraphProto,
  OnnxModel,
  type OnnxNodeProto,
  type OnnxOperatorSet,
  type OnnxTensor,
  type OnnxValueInfo,
} from '../proto/onnx.ts';
import { bytesOf, sizeOf, type Tensor, type TensorSpec } from '../tensor.ts';

export const WEIGHTS_FILE = 'weights.bin';

/** Constants below this many bytes stay inside the model. */
const INLINE_LIMIT = 1024;
const PAGE = 4096;
/** Windows and ONNX Runtime map large tensors at multiples of this. */
const GRANULE = 65536;
const LARGE = 1 << 20;

/** First IR version that goes with an operator set (ONNX's "Versioning" document). */
const IR_VERSIONS: readonly (readonly [opset: number, ir: bigint])[] = [
  [23, 11n],
  [21, 10n],
  [19, 9n],
  [15, 8n],
  [13, 7n],
];

export interface OnnxFiles {
  readonly model: Uint8Array;
  /** The pieces of `weights.bin`, in order, padding included; each is valid until the next is taken. */
  readonly weights: Iterable<Uint8Array>;
  readonly weightsBytes: number;
}

const utf8 = new TextEncoder();

/** `dims` names a dynamic dimension of an input or output. */
export function writeOnnx(graph: OnnxGraph, dims: DimensionNames): OnnxFiles {
  const weights = new Weights();
  const held = holders(graph);
  const initializers: Initializers = (each) =>
    (held.get(each) ?? []).map(([name, tensor]) => weights.place(name, tensor));
  const model = OnnxModel.encode({
    ir_version: IR_VERSIONS.find(([opset]) => graph.opset >= opset)?.[1] ?? 7n,
    producer_name: 'floe',
    opset_import: operatorSets(graph),
    graph: graphProto('floe', graph, dims, initializers),
  });
  return { model, weights: weights.pieces, weightsBytes: weights.end };
}

/** ONNX's own, and those of others as far as the graph uses them. */
function operatorSets(graph: OnnxGraph): OnnxOperatorSet[] {
  const others = new Set([...graphsIn(graph)].flatMap(({ nodes }) => nodes.flatMap(({ domain }) => domain ?? [])));
  return [{ domain: '', version: BigInt(graph.opset) }, ...[...others].map((domain) => ({ domain, version: 1n }))];
}

type DimensionNames = (spec: TensorSpec, axis: number) => string | undefined;
type Initializers = (graph: OnnxGraph) => readonly OnnxTensor[];
type Named = readonly [name: string, tensor: Tensor];

/** True for a constant that is written into the model itself, not beside it. */
export function isInline({ dtype, shape }: Tensor): boolean {
  return sizeOf(shape) * DTYPES[dtype].size < INLINE_LIMIT;
}

/** A constant inside the model is held by the subgraph that uses it, where it is the only one to do so; others by the outermost graph. */
function holders(graph: OnnxGraph): ReadonlyMap<OnnxGraph, readonly Named[]> {
  const users = new Map<string, OnnxGraph>();
  for (const each of graphsIn(graph)) {
    for (const input of each.nodes.flatMap(({ inputs }) => inputs)) {
      users.set(input, (users.get(input) ?? each) === each ? each : graph);
    }
  }
  const held = new Map<OnnxGraph, Named[]>();
  for (const [name, tensor] of graph.constants) {
    const holder = isInline(tensor) ? (users.get(name) ?? graph) : graph;
    const list = held.get(holder);
    if (list === undefined) held.set(holder, [[name, tensor]]);
    else list.push([name, tensor]);
  }
  return held;
}

/** A graph or subgraph. */
function graphProto(name: string, graph: OnnxGraph, dims: DimensionNames, initializers: Initializers): OnnxGraphProto {
  return {
    name,
    node: nodeProtos(graph.nodes, initializers),
    initializer: initializers(graph),
    input: graph.inputs.map((spec) => valueInfo(spec, dims)),
    output: graph.outputs.map((spec) => valueInfo(spec, dims)),
  };
}

/** Large weights are made one at a time, when their pieces are written. */
class Weights {
  private readonly placed: { readonly offset: number; readonly tensor: Tensor }[] = [];
  end = 0;

  readonly pieces: Iterable<Uint8Array> = { [Symbol.iterator]: () => this.piecesInOrder() };

  place(name: string, tensor: Tensor): OnnxTensor {
    const common = {
      name,
      dims: tensor.shape.map(BigInt),
      data_type: DTYPES[tensor.dtype].onnx,
      string_data: [],
      external_data: [],
    };
    if (tensor.dtype === 'string') {
      return { ...common, string_data: tensor.data as readonly Uint8Array[], raw_data: undefined, data_location: 0 };
    }
    if (isInline(tensor)) return { ...common, raw_data: bytesOf(tensor), data_location: 0 };
    const bytes = sizeOf(tensor.shape) * DTYPES[tensor.dtype].size;
    const entries = [
      { key: 'location', value: WEIGHTS_FILE },
      { key: 'offset', value: String(this.append(tensor, bytes)) },
      { key: 'length', value: String(bytes) },
    ];
    return { ...common, raw_data: undefined, external_data: entries, data_location: 1 };
  }

  private append(tensor: Tensor, bytes: number): number {
    const unit = bytes >= LARGE ? GRANULE : PAGE;
    const offset = Math.ceil(this.end / unit) * unit;
    this.placed.push({ offset, tensor });
    this.end = offset + bytes;
    return offset;
  }

  private *piecesInOrder(): Generator<Uint8Array> {
    const scratch = new Scratch();
    let end = 0;
    for (const { offset, tensor } of this.placed) {
      if (offset > end) yield new Uint8Array(offset - end);
      const bytes = bytesOf({ ...tensor, data: scratch.data(tensor) });
      yield bytes;
      end = offset + bytes.byteLength;
    }
  }
}

/** Several ONNX nodes may come from one TensorFlow node; the engine wants each name once. */
function nodeProtos(nodes: readonly OnnxNode[], initializers: Initializers): readonly OnnxNodeProto[] {
  const taken = new Set<string>();
  const numbers = new Map<string, number>();
  return nodes.map((node) => {
    const base = taken.has(node.name) ? `${node.name}/${node.op}` : node.name;
    let name = base;
    for (let n = numbers.get(base) ?? 2; taken.has(name); n++) {
      name = `${base}_${n}`;
      numbers.set(base, n + 1);
    }
    taken.add(name);
    const attributes = Object.entries(node.attrs).map(([key, value]) => attribute(key, value));
    const bodies = Object.entries(node.bodies ?? {}).map(([key, body]) =>
      bodyAttribute(
        key,
        graphProto(`${name}/${key}`, body, () => undefined, initializers),
      ),
    );
    const { inputs: input, outputs: output, op: op_type, domain = '' } = node;
    return { input, output, name, op_type, attribute: [...attributes, ...bodies], domain };
  });
}

const NONE = { f: undefined, i: undefined, s: undefined, g: undefined, ints: [] };

/** Dimensions inside a body have no names: those of a loop may change from one turn to the next. */
function bodyAttribute(name: string, body: OnnxGraphProto): OnnxAttribute {
  return { ...NONE, name, g: body, type: ATTRIBUTE.graph };
}

function attribute(name: string, value: OnnxAttr): OnnxAttribute {
  const none = { ...NONE, name };
  if (typeof value === 'number') return { ...none, i: BigInt(value), type: ATTRIBUTE.int };
  if (typeof value === 'string') return { ...none, s: utf8.encode(value), type: ATTRIBUTE.string };
  if ('f' in value) return { ...none, f: value.f, type: ATTRIBUTE.float };
  return { ...none, ints: value.map(BigInt), type: ATTRIBUTE.ints };
}

function valueInfo(spec: TensorSpec, dims: DimensionNames): OnnxValueInfo {
  const { name, dtype, shape } = spec;
  const elem = DTYPES[dtype].onnx;
  if (elem === 0) throw new FloeError('UNIMPLEMENTED', `${name}: ONNX has no dtype ${dtype}`, { tensor: name });
  const dim = shape?.map((size, axis): OnnxDimension => {
    return size < 0
      ? { dim_value: undefined, dim_param: dims(spec, axis) }
      : { dim_value: BigInt(size), dim_param: undefined };
  });
  return { name, type: { tensor_type: { elem_type: elem, shape: dim === undefined ? undefined : { dim } } } };
}
