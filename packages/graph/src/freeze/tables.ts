/**
 * Vocabularies. A SavedModel fills its tables when it is loaded, by ops that no answer depends on and from files beside the graph; a frozen
 * graph has for each table that its answers need one `LookupTableImportV2` of two constants, which TensorFlow can run as well.
 */
import { analyse } from '../analysis/index.ts';
import { constNode } from '../constants.ts';
import { DTYPES, type DType } from '../dtype.ts';
import { FloeError, invalid } from '../errors.ts';
import { Attrs, attrOf, endpoint, type Graph, graphOf, type Node, tensorName } from '../graph.ts';
import { inlineCalls } from '../inline/index.ts';
import { ancestors, takeName } from '../inline/walk.ts';
import type { FunctionDef } from '../proto/tensorflow.ts';
import type { Source } from '../source.ts';
import { arrayFor, type Tensor } from '../tensor.ts';

const TABLES = new Set(['HashTable', 'HashTableV2', 'AnonymousHashTable']);
const FROM_TENSORS = new Set(['LookupTableImport', 'LookupTableImportV2', 'InitializeTable', 'InitializeTableV2']);
const FROM_FILE = new Set(['InitializeTableFromTextFile', 'InitializeTableFromTextFileV2']);

interface Contents {
  readonly keys: Tensor;
  readonly values: Tensor;
}

/** The graph with its tables filled. Throws NOT_FOUND (an asset), UNIMPLEMENTED (a table that nothing fills with constants), DATA_LOSS. */
export async function withTables(
  graph: Graph,
  source: Pick<Source, 'graph' | 'assetTensors' | 'readAssets'>,
): Promise<Graph> {
  const tables = graph.nodes.filter(({ op }) => TABLES.has(op));
  if (tables.length === 0) return graph;
  const filling = new Fillings(source.graph);
  const assets = await source.readAssets();
  const taken = new Set(graph.byName.keys());
  const nodes = tables.flatMap((table) => {
    const { keys, values } = filling.contents(table, (tensor, text) => {
      const name = source.assetTensors?.get(tensor) ?? text?.replace(/^.*\//, '') ?? '';
      const bytes = assets.get(name);
      if (bytes === undefined) throw noAsset(table, name);
      return bytes;
    });
    return fill(table, keys, values, taken);
  });
  return graphOf([...graph.nodes, ...nodes], graph.functions, graph.versions);
}

function noAsset({ name, op }: Node, file: string): FloeError {
  const message = `table ${name} is filled from ${JSON.stringify(file)}, which the model came without`;
  return new FloeError('NOT_FOUND', message, { node: name, op, file });
}

function fill(table: Node, keys: Tensor, values: Tensor, taken: Set<string>): readonly Node[] {
  const from = constNode(takeName(taken, `${table.name}/keys`), keys);
  const to = constNode(takeName(taken, `${table.name}/values`), values);
  const attr = new Map([
    ['Tin', attrOf({ type: DTYPES[keys.dtype].tf })],
    ['Tout', attrOf({ type: DTYPES[values.dtype].tf })],
  ]);
  const op = table.op === 'HashTable' ? 'LookupTableImport' : 'LookupTableImportV2';
  return [
    from,
    to,
    { name: takeName(taken, `${table.name}/fill`), op, input: [table.name, from.name, to.name], device: '', attr },
  ];
}

type ReadAsset = (tensor: string, text: string | undefined) => Uint8Array;

/** The ops of a model, wherever they are, that fill tables. */
class Fillings {
  private readonly graph: Graph;
  private readonly byTable = new Map<string, Node>();

  constructor(graph: Graph) {
    this.graph = inlineCalls(onlyFilling(graph));
    for (const node of this.graph.nodes) {
      if (!isFilling(node)) continue;
      const table = this.valueOf(node.input[0] ?? '');
      if (table !== undefined) this.byTable.set(table.name, node);
    }
  }

  contents(table: Node, readAsset: ReadAsset): Contents {
    const node = this.byTable.get(table.name);
    if (node === undefined) throw unfilled(table, 'nothing in the model fills it');
    if (FROM_TENSORS.has(node.op))
      return { keys: this.constant(table, node.input[1]), values: this.constant(table, node.input[2]) };
    const name = this.valueOf(node.input[1] ?? '');
    const text = name?.op === 'Const' ? this.constant(table, name.name).data[0] : undefined;
    const path = text instanceof Uint8Array ? new TextDecoder().decode(text) : undefined;
    return fromLines(linesOf(readAsset(tensorName(name?.name ?? ''), path)), table, new Attrs(node));
  }

  private constant(table: Node, input: string | undefined): Tensor {
    const tensor = tensorName(input ?? '');
    const needed = ancestors(this.graph, [endpoint(tensor).node]);
    const part = graphOf(this.graph.nodes.filter(({ name }) => needed.has(name)));
    const value = analyse(part, new Map()).constant(tensor);
    if (value === undefined) throw unfilled(table, `${tensor} is no constant`);
    return value;
  }

  /** The node whose value this is; TensorFlow 2 keeps the path of an asset in a variable. */
  private valueOf(input: string): Node | undefined {
    let node = this.graph.byName.get(endpoint(input).node);
    for (let steps = this.graph.nodes.length; steps > 0; steps--) {
      if (node?.op === 'Identity') node = this.graph.byName.get(endpoint(node.input[0] ?? '').node);
      else if (node?.op === 'ReadVariableOp') node = this.assigned(endpoint(node.input[0] ?? '').node);
      else break;
    }
    return node;
  }

  private assigned(variable: string): Node | undefined {
    const assign = this.graph.nodes.find(
      ({ op, input: [handle = ''] }) => op === 'AssignVariableOp' && endpoint(handle).node === variable,
    );
    return this.graph.byName.get(endpoint(assign?.input[1] ?? '').node);
  }
}

function unfilled({ name, op }: Node, reason: string): FloeError {
  return new FloeError('UNIMPLEMENTED', `table ${name} (${op}) cannot be frozen: ${reason}`, {
    node: name,
    op,
    reason,
  });
}

function isFilling({ op }: Node): boolean {
  return FROM_TENSORS.has(op) || FROM_FILE.has(op);
}

/** Nodes that fill tables, or call functions that do, and what is before them. */
function onlyFilling(graph: Graph): Graph {
  const roots = graph.nodes.filter((node) => isFilling(node) || callsFilling(node, graph.functions, new Set()));
  const needed = ancestors(
    graph,
    roots.map(({ name }) => name),
  );
  const nodes = graph.nodes.filter(({ name }) => needed.has(name));
  return graphOf(nodes, graph.functions, graph.versions);
}

function callsFilling(node: Node, functions: ReadonlyMap<string, FunctionDef>, seen: Set<string>): boolean {
  const name = node.attr.get('f')?.func?.name ?? node.op;
  const body = functions.get(name);
  if (body === undefined || seen.has(name)) return false;
  seen.add(name);
  return body.node_def.some((inner) => isFilling(inner) || callsFilling(inner, functions, seen));
}

/** Lines without their ends; TensorFlow leaves out every carriage return. */
function linesOf(bytes: Uint8Array): readonly Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < bytes.byteLength; ) {
    const found = bytes.indexOf(0x0a, start);
    const end = found < 0 ? bytes.byteLength : found;
    const line = bytes.subarray(start, end);
    lines.push(line.includes(0x0d) ? line.filter((byte) => byte !== 0x0d) : line.slice());
    start = end + 1;
  }
  return lines;
}

const WHOLE_LINE = -2;
const LINE_NUMBER = -1;

function fromLines(all: readonly Uint8Array[], table: Node, attrs: Attrs): Contents {
  const size = attrs.int('vocab_size', -1);
  if (size > all.length)
    throw invalid(`table ${table.name} takes ${size} lines of a file that has ${all.length}`, { node: table.name });
  const lines = size < 0 ? all : all.slice(0, size);
  const offset = attrs.int('offset', 0);
  const delimiter = attrs.string('delimiter', '\t').charCodeAt(0);
  const own = new Attrs(table);
  const column = (index: number, dtype: DType): Tensor =>
    typed(
      lines.map((line, number) => partOf(line, number + offset, index, delimiter, table)),
      dtype,
      table,
    );
  return {
    keys: column(attrs.int('key_index'), own.dtype('key_dtype')),
    values: column(attrs.int('value_index'), own.dtype('value_dtype')),
  };
}

function partOf(line: Uint8Array, number: number, index: number, delimiter: number, table: Node): Uint8Array | number {
  if (index === LINE_NUMBER) return number;
  if (index === WHOLE_LINE) return line;
  let start = 0;
  for (let column = 0; ; column++) {
    const found = line.indexOf(delimiter, start);
    if (column === index) return line.subarray(start, found < 0 ? line.byteLength : found);
    if (found < 0) break;
    start = found + 1;
  }
  throw invalid(`table ${table.name}: line ${number} has no column ${index}`, { node: table.name });
}

function typed(parts: readonly (Uint8Array | number)[], dtype: DType, table: Node): Tensor {
  const shape = [parts.length];
  const encoder = new TextEncoder();
  if (dtype === 'string') {
    return {
      dtype,
      shape,
      data: parts.map((part) => (typeof part === 'number' ? encoder.encode(String(part)) : part)),
    };
  }
  const decoder = new TextDecoder();
  const data = new (arrayFor(dtype))(parts.length) as { [at: number]: number | bigint };
  for (const [i, part] of parts.entries()) {
    const text = typeof part === 'number' ? String(part) : decoder.decode(part).trim();
    if (!/^[+-]?\d+$/.test(text) && (dtype.startsWith('int') || text === '' || Number.isNaN(Number(text))))
      throw invalid(`table ${table.name}: ${JSON.stringify(text)} is no ${dtype}`, { node: table.name });
    data[i] = dtype === 'int64' ? BigInt(text) : Number(text);
  }
  return { dtype, shape, data: data as unknown as Tensor['data'] };
}
