/**
 * Says what is wrong with a predict request in TensorFlow Serving's own words.
 *
 * Runs only after reading has failed, and walks the body as `FillPredictRequestFromJson` of its `util/json_tensor.cc` walks its DOM,
 * check by check in the same order; it builds no values, so its memory does not grow with the body.
 */
import { FloeError, invalid, type TensorSpec } from '@floe/graph/base';
import type { ServableInfo } from '../../core/inference.ts';
import { JsonScanner } from '../json/scanner.ts';
import { keyOf, signatureOf, takesReferences } from '../signature.ts';
import { debugString } from './debug-string.ts';
import { checkDocument, format, nameAt } from './document.ts';
import { type Inputs, isValue, type Seen, walkRow, walkTensor } from './explain-tensor.ts';

const MEMBERS = new Set(['signature_name', 'instances', 'inputs']);

/** Offsets of the values of the members that matter, the first where a name comes twice. Verifies the whole grammar. */
export function membersOf(body: Uint8Array): Map<string, number> {
  const scanner = new JsonScanner(body);
  const members = new Map<string, number>();
  scanner.object((name, offset) => {
    if (MEMBERS.has(name) && !members.has(name)) members.set(name, offset);
    scanner.skip();
  });
  return members;
}

/** The error that TensorFlow Serving gives; undefined where it would find nothing wrong. */
export function explain(body: Uint8Array, servable: ServableInfo): FloeError | undefined {
  try {
    checkDocument(body);
    const members = membersOf(body);
    const inputs = inputsOf(body, servable, members.get('signature_name'));
    const instances = members.get('instances');
    const columns = members.get('inputs');
    if (instances !== undefined && columns !== undefined) {
      throw format(body, "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist ");
    }
    if (instances !== undefined) checkRows(body, instances, inputs);
    else if (columns !== undefined) checkColumns(body, columns, inputs);
    else throw invalid("Missing 'inputs' or 'instances' key");
    return undefined;
  } catch (thrown) {
    if (thrown instanceof FloeError) return thrown;
    throw thrown;
  }
}

function inputsOf(body: Uint8Array, servable: ServableInfo, offset: number | undefined): Inputs {
  const name = nameAt(body, offset);
  const key = name === '' ? servable.defaultSignature : name;
  const signature = signatureOf(servable, key);
  if (signature === undefined) throw invalid(`Serving signature name: "${key}" not found in signature def`);
  if (Object.keys(signature.inputs).length === 0) {
    throw invalid(`Failed to get input map for signature: ${name === '' ? 'DEFAULT' : name}`);
  }
  const images = new Set(Object.keys(servable.preprocessing[key] ?? {}));
  return { specs: signature.inputs, images, references: takesReferences(servable, key) };
}

function checkRows(body: Uint8Array, offset: number, inputs: Inputs): void {
  const scanner = new JsonScanner(body, offset);
  if (scanner.kind() !== 'array') throw format(body, "Expecting 'instances' to be an list/array");
  scanner.take(0x5b);
  if (scanner.peek() === 0x5d) throw format(body, "No values in 'instances' array");
  const keys = Object.keys(inputs.specs);
  if (scanner.kind() !== 'object' && keys.length > 1) {
    throw invalid(
      'instances is a plain list, but expecting list of objects as multiple input tensors required as per tensorinfo_map',
    );
  }
  const named = isNamed(scanner, inputs);
  const seen = new Map<string, Seen>();
  scanner.pos = offset;
  scanner.array((row) => {
    if (isNamed(scanner, inputs) !== named) {
      const found = named ? 'Expecting object but got list' : 'Expecting value/list but got object';
      throw invalid(`${found} at item ${row} of input list`);
    }
    if (named) checkNamedRow(body, scanner, row, inputs, seen);
    else inRow(row, '', () => walkRow(scanner, keys[0] ?? '', inputs, seen));
  });
}

/** Whether the next value is an object of inputs by name, not one that stands for a value. */
function isNamed(scanner: JsonScanner, { references }: Inputs): boolean {
  return scanner.kind() === 'object' && !isValue(scanner, references);
}

function checkNamedRow(
  body: Uint8Array,
  scanner: JsonScanner,
  row: number,
  inputs: Inputs,
  seen: Map<string, Seen>,
): void {
  scanner.peek();
  const start = scanner.pos;
  const names = new Set<string>();
  scanner.object((name) => {
    const key = keyOf(inputs.specs, name) ?? name;
    names.add(key);
    inRow(row, ` key: ${name}`, () => walkRow(scanner, key, inputs, seen));
  });
  const wanted = Object.keys(inputs.specs);
  if (wanted.every((key) => names.has(key))) return;
  const sorted = wanted.toSorted().join(',');
  throw invalid(
    `Failed to process element: ${row} of 'instances' list. JSON object: ${debugString(body, start)} keys must be equal to: ${sorted}`,
  );
}

/** Puts the element's place before the message of what goes wrong in it. */
function inRow(row: number, key: string, check: () => void): void {
  try {
    check();
  } catch (thrown) {
    if (!(thrown instanceof FloeError)) throw thrown;
    const what = `${thrown.code}: ${thrown.message}`;
    throw invalid(`Failed to process element: ${row}${key} of 'instances' list. Error: ${what}`);
  }
}

function checkColumns(body: Uint8Array, offset: number, inputs: Inputs): void {
  const scanner = new JsonScanner(body, offset);
  const keys = Object.keys(inputs.specs);
  if (!isNamed(scanner, inputs)) {
    if (keys.length > 1) {
      throw invalid(
        'inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map',
      );
    }
    walkTensor(scanner, keys[0] ?? '', inputs);
    return;
  }
  const columns = columnsOf(scanner, inputs.specs);
  for (const key of keys) {
    const column = columns.get(key);
    if (column === undefined) throw invalid(`Missing named input: ${key} in 'inputs' object.`);
    walkTensor(new JsonScanner(body, column), key, inputs);
  }
}

function columnsOf(scanner: JsonScanner, specs: Readonly<Record<string, TensorSpec>>): Map<string, number> {
  const columns = new Map<string, number>();
  scanner.object((name, at) => {
    const key = keyOf(specs, name);
    if (key !== undefined && !columns.has(key)) columns.set(key, at);
    scanner.skip();
  });
  return columns;
}
