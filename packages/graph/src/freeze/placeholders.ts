/** Placeholders with a value fixed for good (`--set keep_prob=1`), and those that nothing feeds. */
import { constNode } from '../constants.ts';
import { DTYPES, type DType } from '../dtype.ts';
import { FloeError, invalid } from '../errors.ts';
import { Attrs, endpoint, type Graph, graphOf } from '../graph.ts';
import { nearest } from '../nearest.ts';
import { arrayFor, type Tensor } from '../tensor.ts';

/** A number, truth value or text, or nested lists of them; text is read as JSON where the placeholder is not of strings. */
export type Setting = string | number | bigint | boolean | readonly Setting[];

const OPS = new Set(['Placeholder', 'PlaceholderV2', 'PlaceholderWithDefault']);

/** Throws INVALID_ARGUMENT (no such placeholder, or a value of the wrong kind). */
export function setPlaceholders(graph: Graph, settings: Readonly<Record<string, Setting>>): Graph {
  const values = new Map<string, Tensor>();
  for (const [name, setting] of Object.entries(settings)) {
    const node = graph.byName.get(endpoint(name).node);
    if (node === undefined || !OPS.has(node.op)) throw notPlaceholder(graph, name, node?.op);
    values.set(node.name, tensorOf(setting, new Attrs(node).dtype('dtype'), name));
  }
  if (values.size === 0) return graph;
  const nodes = graph.nodes.map((node) => {
    const value = values.get(node.name);
    return value === undefined ? node : constNode(node.name, value);
  });
  return graphOf(nodes, graph.functions, graph.versions);
}

function notPlaceholder(graph: Graph, name: string, op: string | undefined): FloeError {
  if (op !== undefined)
    return invalid(`${name} is no placeholder but ${op}, so it cannot be set`, { node: name, op, field: 'set' });
  const near = nearest(
    name,
    graph.nodes.filter((node) => OPS.has(node.op)).map((node) => node.name),
  );
  const hint = near.length === 0 ? '' : `; near: ${near.join(', ')}`;
  return new FloeError('INVALID_ARGUMENT', `there is no placeholder ${name}${hint}`, { node: name, field: 'set' });
}

function tensorOf(setting: Setting, dtype: DType, name: string): Tensor {
  const value = typeof setting === 'string' && dtype !== 'string' ? parsed(setting, dtype, name) : setting;
  const shape = shapeOf(value);
  const flat = flatten(value, shape, name);
  if (dtype === 'string') return { dtype, shape, data: flat.map((item) => new TextEncoder().encode(String(item))) };
  const data = new (arrayFor(dtype))(flat.length);
  for (const [i, item] of flat.entries()) (data as { [at: number]: number | bigint })[i] = element(item, dtype, name);
  return { dtype, shape, data };
}

function parsed(text: string, dtype: DType, name: string): Setting {
  // Whole numbers keep all their digits.
  if ((dtype === 'int64' || dtype === 'uint64') && /^-?\d+$/.test(text.trim())) return BigInt(text);
  try {
    return JSON.parse(text.trim().replace(/^(True|False)$/, (word) => word.toLowerCase())) as Setting;
  } catch {
    throw invalid(`${name}: ${JSON.stringify(text)} is no value of ${dtype}`, { field: 'set', tensor: name });
  }
}

function shapeOf(value: Setting): readonly number[] {
  const shape: number[] = [];
  for (let at: Setting | undefined = value; Array.isArray(at); at = at[0]) shape.push(at.length);
  return shape;
}

function flatten(value: Setting, shape: readonly number[], name: string): readonly Setting[] {
  let level: readonly Setting[] = [value];
  for (const size of shape) {
    if (!level.every((item) => Array.isArray(item) && item.length === size)) {
      throw invalid(`${name}: the lists have different lengths`, { field: 'set', tensor: name });
    }
    level = (level as readonly (readonly Setting[])[]).flat();
  }
  if (level.some((item) => Array.isArray(item)))
    throw invalid(`${name}: the lists have different depths`, { field: 'set', tensor: name });
  return level;
}

function element(item: Setting, dtype: DType, name: string): number | bigint {
  const wrong = (): FloeError =>
    invalid(`${name}: ${String(item)} is no value of ${dtype}`, { field: 'set', tensor: name });
  if (dtype === 'bool') {
    if (item === true || item === false || item === 0 || item === 1) return Number(item);
    throw wrong();
  }
  if (typeof item !== 'number' && typeof item !== 'bigint') throw wrong();
  const isFloat = dtype === 'float32' || dtype === 'float64';
  if (isFloat) return Number(item);
  if (dtype === 'float16' || dtype === 'bfloat16') return halfBits(Number(item), dtype);
  if (!Number.isInteger(Number(item))) throw wrong();
  const { size } = DTYPES[dtype];
  const wide = BigInt(item);
  const fits = dtype.startsWith('u') ? BigInt.asUintN(8 * size, wide) : BigInt.asIntN(8 * size, wide);
  if (fits !== wide) throw wrong();
  return size === 8 ? wide : Number(item);
}

/** The upper half of a float32 is a bfloat16; a float16 has its own array. Both are rounded to the nearest, ties to even. */
function halfBits(value: number, dtype: 'float16' | 'bfloat16'): number {
  if (dtype === 'float16') {
    const view = new DataView(new ArrayBuffer(2));
    view.setFloat16(0, value);
    return view.getUint16(0);
  }
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0] as number;
  return Number.isNaN(value) ? 0x7fc0 : ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}
