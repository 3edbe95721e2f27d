/** HTTP requests as bytes, made once and sent many times: inference in the V2 protocol's JSON and binary forms. */
import type { Model, Spec } from './models.ts';

const DATATYPES: Readonly<Record<string, string>> = { float32: 'FP32' };

/** One row for each input, values in -1..1 as data. */
export function v2Json(model: Model): Uint8Array {
  const inputs = Object.entries(model.inputs).map(([name, spec]) => ({
    ...tensor(name, spec),
    data: [...values(spec)].map((value) => Number(value.toFixed(4))),
  }));
  return post(inferPath(model), 'application/json', Buffer.from(JSON.stringify({ inputs })));
}

/** The same with tensors behind the JSON, and asking for an answer of that form. */
export function v2Binary(model: Model): Uint8Array {
  const tensors = Object.entries(model.inputs).map(([name, spec]) => ({ ...tensor(name, spec), data: values(spec) }));
  const inputs = tensors.map(({ data, ...about }) => ({
    ...about,
    parameters: { binary_data_size: data.byteLength },
  }));
  const header = Buffer.from(JSON.stringify({ inputs, parameters: { binary_data_output: true } }));
  const raw = tensors.map(({ data }) => Buffer.from(data.buffer));
  const extra = `inference-header-content-length: ${header.length}\r\n`;
  return post(inferPath(model), 'application/octet-stream', Buffer.concat([header, ...raw]), extra);
}

/** The rows of the only input as JSON's `x`, as servers take it whose protocol follows from the code that they run. */
export function rowsJson(model: Model, path: string): Uint8Array {
  const [, ...rowShape] = oneRow(onlyInput(model));
  if (rowShape.length !== 1) throw new Error('rows of more than one dimension are sent as raw floats');
  return post(path, 'application/json', Buffer.from(JSON.stringify({ x: [[...values(onlyInput(model))]] })));
}

/** The bytes of the only input and nothing else. */
export function rawFloats(model: Model, path: string): Uint8Array {
  return post(path, 'application/octet-stream', Buffer.from(values(onlyInput(model)).buffer));
}

function onlyInput(model: Model): Spec {
  const [input, ...others] = Object.values(model.inputs);
  if (input === undefined || others.length > 0) throw new Error(`${model.name} has ${others.length + 1} inputs`);
  return input;
}

/** The body of a request. */
export function bodyOf(request: Uint8Array): Uint8Array {
  const bytes = Buffer.from(request);
  return bytes.subarray(bytes.indexOf('\r\n\r\n') + 4);
}

/** What a header of a request says. */
export function headerOf(request: Uint8Array, name: string): string {
  const bytes = Buffer.from(request);
  const head = bytes.toString('latin1', 0, bytes.indexOf('\r\n\r\n') + 2);
  return new RegExp(`\r\n${name}: (.*?)\r\n`).exec(head)?.[1] ?? '';
}

/** A copy of a request with one more header. */
export function withHeader(request: Uint8Array, name: string, value: string): Uint8Array {
  const bytes = Buffer.from(request);
  const firstLine = bytes.indexOf('\r\n') + 2;
  return Buffer.concat([bytes.subarray(0, firstLine), Buffer.from(`${name}: ${value}\r\n`), bytes.subarray(firstLine)]);
}

export function inferPath(model: Pick<Model, 'name'>): string {
  return `/v2/models/${model.name}/infer`;
}

function post(path: string, type: string, body: Uint8Array, extra = ''): Uint8Array {
  const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: ${type}\r\n${extra}content-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

function tensor(name: string, spec: Spec): { name: string; shape: readonly number[]; datatype: string } {
  const datatype = DATATYPES[spec.dtype];
  if (datatype === undefined) throw new Error(`no request is made for inputs of dtype ${spec.dtype}`);
  return { name, shape: oneRow(spec), datatype };
}

export function oneRow(spec: Spec): readonly number[] {
  return spec.shape.map((dim) => Math.max(1, dim));
}

export function values(spec: Spec): Float32Array<ArrayBuffer> {
  const size = oneRow(spec).reduce((product, dim) => product * dim, 1);
  return Float32Array.from({ length: size }, (_, index) => Math.sin(index * 0.7));
}
