/**
 * The JSON part of an Open Inference Protocol V2 infer request, in one pass: numbers go straight into tensors wherever `datatype`
 * stands before `data`, as every known client writes it.
 *
 * Source: https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol and Triton's
 * `docs/protocol/extension_binary_data.md`, `extension_classification.md`.
 */
import { type DType, dtypeFromV2, FloeError, invalid, type Tensor } from '@floe/graph/base';
import type { Wishes } from '../../core/inference.ts';
import { DenseBuilder } from '../json/dense.ts';
import type { JsonScanner } from '../json/scanner.ts';

/** More would be no tensor of any model. */
const MAX_RANK = 64;
/** Inputs or outputs of one request. */
const MAX_TENSORS = 4096;

export interface V2Input {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** From `data`; undefined where the bytes follow the header. */
  readonly tensor: Tensor | undefined;
  readonly binarySize: number | undefined;
  /** What its strings are, where they are not what they seem: `url` or `base64`. Other types are the business of others. */
  readonly contentType: string | undefined;
}

export interface V2Output {
  readonly name: string;
  /** undefined: as the request's `binary_data_output` says. */
  readonly binary: boolean | undefined;
  /** Classes wanted as `value:index:label`; 0 where the tensor itself is. */
  readonly classes: number;
}

export interface V2Header {
  readonly id: string | undefined;
  readonly inputs: readonly V2Input[];
  readonly outputs: readonly V2Output[] | undefined;
  readonly binaryOutputs: boolean;
  readonly wishes: Wishes | undefined;
}

export function readHeader(scanner: JsonScanner): V2Header {
  let id: string | undefined;
  let inputs: V2Input[] | undefined;
  let outputs: V2Output[] | undefined;
  let binaryOutputs = false;
  let wishes: Wishes | undefined;
  scanner.object((member) => {
    if (member === 'id') id = stringAt(scanner, 'id');
    else if (member === 'inputs') inputs = listAt(scanner, 'inputs', (field) => readInput(scanner, field));
    else if (member === 'outputs') outputs = listAt(scanner, 'outputs', (field) => readOutput(scanner, field));
    else if (member === 'parameters') {
      const parameters = readParameters(scanner, 'parameters');
      binaryOutputs = parameters.binary_data_output === true;
      wishes = wishesOf(parameters);
    } else scanner.skip();
  });
  if (scanner.peek() !== undefined) throw invalid(`unexpected bytes after the JSON at offset: ${scanner.pos}`);
  if (inputs === undefined) throw unable('inputs', 'inputs');
  return { id, inputs, outputs, binaryOutputs, wishes };
}

function readInput(scanner: JsonScanner, field: string): V2Input {
  let name: string | undefined;
  let dtype: DType | undefined;
  let shape: number[] | undefined;
  let tensor: Tensor | undefined;
  let dataAt: number | undefined;
  let parameters: Parameters = {};
  scanner.object((member) => {
    if (member === 'name') name = stringAt(scanner, `${field}.name`);
    else if (member === 'datatype') dtype = dtypeAt(scanner, `${field}.datatype`, name);
    else if (member === 'shape') shape = shapeAt(scanner, `${field}.shape`);
    else if (member === 'parameters') parameters = readParameters(scanner, `${field}.parameters`);
    else if (member === 'data' && dataAt === undefined) {
      dataAt = scanner.pos;
      if (dtype === undefined) scanner.skip();
      else tensor = readData(scanner, dtype, `${field}.data`, shape);
    } else scanner.skip();
  });
  if (name === undefined) throw unable('name', `${field}.name`);
  if (dtype === undefined) throw unable('datatype', `${field}.datatype`);
  if (shape === undefined) throw unable('shape', `${field}.shape`);
  const binarySize = sizeParameter(parameters, field);
  checkOneSource(dataAt !== undefined, binarySize !== undefined, field);
  if (dataAt !== undefined && tensor === undefined) {
    const end = scanner.pos;
    scanner.pos = dataAt;
    tensor = readData(scanner, dtype, `${field}.data`, shape);
    scanner.pos = end;
  }
  const contentType = parameters.content_type === undefined ? undefined : String(parameters.content_type);
  return { name, dtype, shape, tensor, binarySize, contentType };
}

function readData(scanner: JsonScanner, dtype: DType, path: string, shape: readonly number[] | undefined): Tensor {
  if (scanner.kind() !== 'array') throw unable('data', path);
  if (dtype === 'float16' || dtype === 'bfloat16') {
    const name = dtype === 'float16' ? 'FP16' : 'BF16';
    throw invalid(`receiving ${name} data via JSON is not supported. Please use the binary data format`, {
      field: path,
    });
  }
  const expected = shape?.reduce((product, dim) => product * dim, 1);
  return new DenseBuilder(scanner, dtype, expected === undefined ? { path } : { path, expected }).whole();
}

/** An input's values come from exactly one place. */
function checkOneSource(data: boolean, binary: boolean, field: string): void {
  if (data !== binary) return;
  const found = data ? " set 'data' 'binary_data_size'" : ' no field is set';
  throw invalid(
    `Input must set only one of the following fields: 'data', 'binary_data_size' in 'parameters', 'shared_memory_region' in 'parameters'. But${found}`,
    { field },
  );
}

function readOutput(scanner: JsonScanner, field: string): V2Output {
  let name: string | undefined;
  let parameters: Parameters = {};
  scanner.object((member) => {
    if (member === 'name') name = stringAt(scanner, `${field}.name`);
    else if (member === 'parameters') parameters = readParameters(scanner, `${field}.parameters`);
    else scanner.skip();
  });
  if (name === undefined) throw unable('name', `${field}.name`);
  refuseSharedMemory(parameters, field);
  const { binary_data: binary, classification: classes = 0 } = parameters;
  if (binary !== undefined && typeof binary !== 'boolean') throw unable('binary_data', field);
  if (typeof classes !== 'number' || !Number.isInteger(classes) || classes < 0) {
    throw invalid("Unable to set 'classification'", { field: `${field}.parameters.classification` });
  }
  return { name, binary, classes };
}

interface Parameters {
  binary_data_size?: string | number | boolean;
  binary_data?: string | number | boolean;
  binary_data_output?: string | number | boolean;
  classification?: string | number | boolean;
  content_type?: string | number | boolean;
  priority?: string | number | boolean;
  timeout?: string | number | boolean;
  shared_memory_region?: string | number | boolean;
}

const PARAMETERS: ReadonlySet<string> = new Set<keyof Parameters>([
  'binary_data_size',
  'binary_data',
  'binary_data_output',
  'classification',
  'content_type',
  'priority',
  'timeout',
  'shared_memory_region',
]);

/** The parameters we know; others are passed over, as the protocol asks. */
function readParameters(scanner: JsonScanner, field: string): Parameters {
  if (scanner.kind() !== 'object') throw unable('parameters', field);
  const parameters: Parameters = {};
  scanner.object((member) => {
    const kind = scanner.kind();
    if (!PARAMETERS.has(member) || kind === 'null' || kind === 'array' || kind === 'object') scanner.skip();
    else parameters[member as keyof Parameters] = scalar(scanner, kind);
  });
  return parameters;
}

function scalar(scanner: JsonScanner, kind: 'string' | 'number' | 'true' | 'false'): string | number | boolean {
  if (kind === 'string') return scanner.string();
  return kind === 'number' ? scanner.number(false) : scanner.boolean();
}

/** Usual, between the most urgent, 1, and the least, 5. */
const USUAL_PRIORITY = 3;
const LEAST_PRIORITY = 5;

/**
 * Triton's scheduling parameters: `priority`, of which 1 is the most urgent and 0 the usual one, and `timeout` in microseconds, 0 for none.
 * A step of priority doubles the weight.
 */
export function wishesOf({ priority, timeout }: Pick<Parameters, 'priority' | 'timeout'>): Wishes | undefined {
  const level = wholeNumber(priority, 'priority');
  const micros = wholeNumber(timeout, 'timeout');
  if (level === 0 && micros === 0) return undefined;
  const steps = level === 0 ? 0 : USUAL_PRIORITY - Math.min(level, LEAST_PRIORITY);
  return { priority: 2 ** steps, ...(micros === 0 ? {} : { timeoutMs: micros / 1000 }) };
}

/** Clients write such parameters as text, too. */
function wholeNumber(value: string | number | boolean | undefined, name: string): number {
  if (value === undefined) return 0;
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) return number;
  throw unable(name, `parameters.${name}`);
}

function sizeParameter(parameters: Parameters, field: string): number | undefined {
  refuseSharedMemory(parameters, field);
  const size = parameters.binary_data_size;
  if (size === undefined) return undefined;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) throw unable('binary_data_size', field);
  return size;
}

function refuseSharedMemory(parameters: Parameters, field: string): void {
  if (parameters.shared_memory_region === undefined) return;
  throw new FloeError('UNIMPLEMENTED', 'shared memory is not supported', { field });
}

function listAt<T>(scanner: JsonScanner, field: string, read: (field: string) => T): T[] {
  if (scanner.kind() !== 'array') throw unable(field, field);
  const list: T[] = [];
  scanner.array((index) => {
    if (index === MAX_TENSORS) throw invalid(`more than ${MAX_TENSORS} ${field}`, { field });
    if (scanner.kind() !== 'object') throw unable(field, `${field}[${index}]`);
    list.push(read(`${field}[${index}]`));
  });
  return list;
}

function shapeAt(scanner: JsonScanner, field: string): number[] {
  if (scanner.kind() !== 'array') throw unable('shape', field);
  const shape: number[] = [];
  scanner.array(() => {
    const dim = scanner.kind() === 'number' ? scanner.number(false) : -1;
    if (!scanner.integer || !Number.isSafeInteger(dim) || dim < 0 || shape.length === MAX_RANK) {
      throw unable('shape', field);
    }
    shape.push(dim);
  });
  return shape;
}

function dtypeAt(scanner: JsonScanner, field: string, input: string | undefined): DType {
  const name = stringAt(scanner, field);
  const dtype = dtypeFromV2(name);
  if (dtype === undefined)
    throw invalid(`invalid datatype for input ${input ?? ''}`.trimEnd(), { field, reason: name });
  return dtype;
}

function stringAt(scanner: JsonScanner, field: string): string {
  if (scanner.kind() !== 'string') throw unable(field.slice(field.lastIndexOf('.') + 1), field);
  return scanner.string();
}

function unable(what: string, field: string): FloeError {
  return invalid(`Unable to parse '${what}'`, { field });
}
