/**
 * TensorFlow Serving's predict request: `{"instances": [...]}` (row form) or `{"inputs": ...}` (column form).
 *
 * The body is read once, straight into tensors. Only if that fails is it read again, by `explain`, to find the words that TensorFlow
 * Serving has for what is wrong. Format: https://www.tensorflow.org/tfx/serving/api_rest, `util/json_tensor.cc`.
 */
import { asFloeError, FloeError, invalid, type Signature, type Tensor, type TensorSpec } from '@floe/graph/base';
import type { InferCall, InputValue, ServableInfo } from '../../core/inference.ts';
import { ImageObjects } from '../image/objects.ts';
import { base64Object } from '../json/base64.ts';
import { DenseBuilder } from '../json/dense.ts';
import { JsonScanner } from '../json/scanner.ts';
import { checkShape, expectedElements, imageSpecOf, keyOf, signatureOf, takesReferences } from '../signature.ts';
import { explain, membersOf } from './explain.ts';
import { isValue } from './explain-tensor.ts';

export type TfsForm = 'row' | 'column';

export interface TfsPredictRequest {
  readonly body: Uint8Array;
  /** The form the request was found to have, noted by `decode` for `encode`: the answer takes the same. */
  form?: TfsForm;
}

/** Larger bodies are told what is wrong in our words: the walk passes each level of lists again, which must not take long. */
const EXPLAINED = 1 << 20;
const SIGNATURE_NAME = Buffer.from('"signature_name"');

interface Target {
  readonly servable: ServableInfo;
  readonly name: string;
  readonly signature: Signature;
  /** Whether `{"url": "..."}` stands for an image. */
  readonly references: boolean;
}

export function decodePredict(request: TfsPredictRequest, servable: ServableInfo): InferCall {
  const name = signatureName(request.body);
  const signature = signatureOf(servable, name === '' ? servable.defaultSignature : name);
  try {
    if (signature === undefined) throw invalid(`no signature "${name}"`, { field: 'signature_name' });
    const key = name === '' ? servable.defaultSignature : name;
    return read(request, { servable, name: key, signature, references: takesReferences(servable, key) });
  } catch (thrown) {
    throw explained(request.body, servable, asFloeError(thrown));
  }
}

/** The signature asked for; empty where the body names none. Looks at members only where the word occurs at all. */
function signatureName(body: Uint8Array): string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!bytes.includes(SIGNATURE_NAME)) return '';
  try {
    const offset = membersOf(body).get('signature_name');
    return offset === undefined ? '' : new JsonScanner(body, offset).string();
  } catch {
    return ''; // not even JSON: reading it says so in the right words
  }
}

function explained(body: Uint8Array, servable: ServableInfo, error: FloeError): FloeError {
  if (body.length > EXPLAINED || (error.code !== 'INVALID_ARGUMENT' && error.code !== 'UNIMPLEMENTED')) return error;
  const reason = explain(body, servable);
  if (reason === undefined) return error;
  return new FloeError(reason.code, reason.message, error.details, error);
}

function read(request: TfsPredictRequest, target: Target): InferCall {
  const scanner = new JsonScanner(request.body);
  let inputs: ReadonlyMap<string, InputValue> | undefined;
  scanner.object((member) => {
    if (member !== 'instances' && member !== 'inputs') {
      scanner.skip();
      return;
    }
    if (inputs !== undefined) throw invalid('only one of "instances" and "inputs" is allowed', { field: member });
    request.form = member === 'instances' ? 'row' : 'column';
    inputs = member === 'instances' ? readRows(scanner, target) : readColumns(scanner, target);
  });
  if (inputs === undefined) throw invalid('Missing "inputs" or "instances" key');
  return { signature: target.name, inputs };
}

/** `inputs`: the value of the only input, or an object of values by name. */
function readColumns(scanner: JsonScanner, target: Target): Map<string, InputValue> {
  const { inputs } = target.signature;
  const columns = new Map<string, InputValue>();
  const single = onlyInput(inputs);
  if (scanner.kind() !== 'object' || isValue(scanner, target.references)) {
    if (single === undefined) throw invalid('"inputs" has to be an object of inputs by name', { field: 'inputs' });
    columns.set(single, wholeInput(scanner, target, single, 'inputs'));
    return columns;
  }
  scanner.object((name) => {
    const key = keyOf(inputs, name);
    if (key === undefined) throw unknownInput('inputs', name);
    if (columns.has(key)) throw invalid(`input "${name}" is given twice`, { field: `inputs.${name}`, tensor: key });
    columns.set(key, wholeInput(scanner, target, key, `inputs.${name}`));
  });
  for (const key in inputs) {
    if (!columns.has(key))
      throw invalid(`Missing named input: ${key} in 'inputs' object.`, { field: 'inputs', tensor: key });
  }
  return columns;
}

/** `instances`: a list of values of the only input, or of objects by name. */
function readRows(scanner: JsonScanner, target: Target): Map<string, InputValue> {
  const before = scanner.pos;
  if (!scanner.take(0x5b)) throw invalid('"instances" has to be a list', { field: 'instances' });
  if (scanner.peek() === 0x5d) throw invalid('"instances" is empty', { field: 'instances' });
  if (scanner.kind() === 'object' && !isValue(scanner, target.references)) {
    scanner.pos = before;
    return readNamedRows(scanner, target);
  }
  scanner.pos = before;
  const single = onlyInput(target.signature.inputs);
  if (single === undefined) throw invalid('"instances" has to be a list of objects', { field: 'instances' });
  return new Map([[single, wholeInput(scanner, target, single, 'instances')]]);
}

function readNamedRows(scanner: JsonScanner, target: Target): Map<string, InputValue> {
  const { inputs } = target.signature;
  const wanted = Object.keys(inputs).length;
  const columns = new Map<string, Column>();
  let rows = 0;
  scanner.array((row) => {
    let members = 0;
    scanner.object((name) => {
      const key = keyOf(inputs, name);
      if (key === undefined) throw unknownInput(`instances[${row}]`, name);
      const column = columns.get(key) ?? columnFor(scanner, target, key);
      columns.set(key, column);
      if (column.rows !== row) throw invalid(`input "${name}" is given twice`, { field: `instances[${row}].${name}` });
      column.builder.append(row);
      column.rows += 1;
      members += 1;
    });
    if (members !== wanted) throw invalid(`instances[${row}] lacks an input`, { field: `instances[${row}]` });
    rows = row + 1;
  });
  const named = new Map<string, InputValue>();
  for (const [key, { builder, images }] of columns) {
    named.set(key, finish(target, key, builder.rows(rows), images));
  }
  return named;
}

interface Column {
  readonly builder: DenseBuilder;
  /** Where the column is of images. */
  readonly images: ImageObjects | undefined;
  rows: number;
}

function columnFor(scanner: JsonScanner, target: Target, key: string, path = `instances.${key}`): Column {
  const images = holdsImages(scanner, target, key) ? new ImageObjects() : undefined;
  const spec = target.signature.inputs[key] as TensorSpec;
  const options = { path, object: images?.read ?? base64Object, ...capacity(spec) };
  const builder = new DenseBuilder(scanner, images === undefined ? spec.dtype : 'string', options);
  return { builder, images, rows: 0 };
}

/** Takes the next value as the whole of an input. */
function wholeInput(scanner: JsonScanner, target: Target, key: string, path: string): InputValue {
  const { builder, images } = columnFor(scanner, target, key, path);
  return finish(target, key, builder.whole(), images);
}

function capacity(spec: TensorSpec): { expected?: number } {
  const expected = expectedElements(spec);
  return expected === undefined ? {} : { expected };
}

function finish(target: Target, key: string, tensor: Tensor, images: ImageObjects | undefined): InputValue {
  if (images !== undefined) return images.imagesOf(key, tensor);
  checkShape(key, target.signature.inputs[key] as TensorSpec, tensor.shape);
  return tensor;
}

/** Whether the value to come is made of strings and its input has preprocessing. */
function holdsImages(scanner: JsonScanner, target: Target, key: string): boolean {
  if (imageSpecOf(target.servable, target.name, key) === undefined) return false;
  const { pos } = scanner;
  while (scanner.take(0x5b));
  const kind = scanner.kind();
  scanner.pos = pos;
  return kind === 'string' || kind === 'object';
}

function onlyInput(inputs: Readonly<Record<string, TensorSpec>>): string | undefined {
  const keys = Object.keys(inputs);
  return keys.length === 1 ? keys[0] : undefined;
}

function unknownInput(place: string, name: string): FloeError {
  return invalid(`JSON object: does not have named input: ${name}`, { field: `${place}.${name}`, tensor: name });
}
