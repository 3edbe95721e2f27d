/** Vocabularies: tables that a model looks words or numbers up in. */
import { invalid } from '../../errors.ts';
import type { Tensor } from '../../tensor.ts';
import type { HostNode, HostOp, HostTable, HostValue, Table } from '../host-op.ts';
import { withElements } from './elements.ts';

/** Strings as keys of a Map: one character a byte. */
function keyOf({ data }: Tensor, at: number): string | number | bigint {
  const element = data[at] as Uint8Array | number | bigint;
  if (!(element instanceof Uint8Array)) return typeof element === 'bigint' && fits(element) ? Number(element) : element;
  return Buffer.from(element.buffer, element.byteOffset, element.byteLength).toString('latin1');
}

/** Small numbers are one key, whatever their type. */
function fits(value: bigint): boolean {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;
}

/** Throws INVALID_ARGUMENT where one key has two values. */
export function tableOf(name: string, keys: Tensor, values: Tensor): Table {
  const places = new Map<string | number | bigint, number>();
  if (keys.data.length !== values.data.length)
    throw invalid(`table ${name} has ${keys.data.length} keys and ${values.data.length} values`, { node: name });
  for (let at = 0; at < keys.data.length; at++) {
    const key = keyOf(keys, at);
    const before = places.get(key);
    if (before !== undefined && keyOf(values, before) !== keyOf(values, at))
      throw invalid(`table ${name} has two values for key ${JSON.stringify(String(key))}`, { node: name });
    places.set(key, at);
  }
  return { size: places.size, values: owned(values), find: (wanted, at) => places.get(keyOf(wanted, at)) };
}

/** Answers must not hold on to the file that the table was read from. */
function owned(values: Tensor): Tensor {
  if (values.dtype !== 'string') return values;
  return { ...values, data: (values.data as readonly Uint8Array[]).map((bytes) => new Uint8Array(bytes)) };
}

function tableAt(node: HostNode, inputs: readonly HostValue[]): Table {
  const table = inputs[0];
  if (table === undefined || !('find' in table)) throw node.fail('has no table as input 0');
  return table;
}

const lookUp: HostOp = (node, inputs) => {
  const table = tableAt(node, inputs);
  const [keys, fallback] = [node.tensor(inputs, 1), node.tensor(inputs, 2)];
  if (table.values.dtype !== fallback.dtype)
    throw node.fail(`has a default of ${fallback.dtype}, not ${table.values.dtype}`);
  const element = (at: number): unknown => {
    const found = table.find(keys, at);
    return found === undefined ? fallback.data[0] : table.values.data[found];
  };
  return [withElements(fallback, keys.shape, element)];
};

const size: HostOp = (node, inputs) => [
  { dtype: 'int64', shape: [], data: BigInt64Array.of(BigInt(tableAt(node, inputs).size)) },
];

export const lookups: HostTable = {
  LookupTableFind: lookUp,
  LookupTableFindV2: lookUp,
  LookupTableSize: size,
  LookupTableSizeV2: size,
};

/** Nodes that are a table; what is in it is said by whoever fills it. */
export const TABLES: ReadonlySet<string> = new Set(['HashTable', 'HashTableV2', 'AnonymousHashTable']);
/** What fills a table in a frozen graph: its handle, keys and values. */
export const IMPORTS: ReadonlySet<string> = new Set([
  'LookupTableImport',
  'LookupTableImportV2',
  'InitializeTable',
  'InitializeTableV2',
]);
