/** The two messages of ModelInfer as protobuf has them: fields by number, tensors raw. Source of the numbers: `grpc_predict_v2.proto`. */
import { FloeClientError } from './errors.ts';
import { DECODER, ENCODER, fromWire, isDType, type Tensor, wireBytes } from './tensor.ts';
import { type InferAnswer, type InferParameters, joined, type Tensors } from './v2.ts';

export interface InferQuestion extends InferParameters {
  readonly model: string;
  readonly version: string;
  readonly inputs: Tensors;
}

type Parameter = string | number | boolean;

export function encodeQuestion(question: InferQuestion): Uint8Array {
  const { model, version, inputs, outputs = [], parameters = {} } = question;
  return joined([
    ...text(1, model),
    ...text(2, version),
    ...Object.entries(parameters).flatMap(([name, value]) => field(4, joined([...text(1, name), ...parameter(value)]))),
    ...Object.entries(inputs).flatMap(([name, tensor]) => field(5, about(name, tensor))),
    ...outputs.flatMap((name) => field(6, joined(text(1, name)))),
    ...Object.values(inputs).flatMap((tensor) => field(7, joined(wireBytes(tensor)))),
  ]);
}

function about(name: string, { dtype, shape }: Tensor): Uint8Array {
  return joined([...text(1, name), ...text(2, dtype), ...field(3, Uint8Array.from(shape.flatMap(varint)))]);
}

function parameter(value: Parameter): Uint8Array[] {
  if (typeof value === 'string') return field(2, joined(field(3, ENCODER.encode(value))));
  if (typeof value === 'boolean') return field(2, Uint8Array.of(1 << 3, value ? 1 : 0));
  if (Number.isSafeInteger(value) && value >= 0) return field(2, Uint8Array.from([2 << 3, ...varint(value)]));
  const double = new Uint8Array(9);
  double[0] = (4 << 3) | 1;
  new DataView(double.buffer).setFloat64(1, value, true);
  return field(2, double);
}

/** One field. */
export function text(number: number, value: string): Uint8Array[] {
  return value === '' ? [] : field(number, ENCODER.encode(value));
}

function field(number: number, bytes: Uint8Array): Uint8Array[] {
  return [Uint8Array.from([(number << 3) | 2, ...varint(bytes.length)]), bytes];
}

/** Of what is not negative. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

/** Tensors are views of `bytes`. Throws INTERNAL where the answer contradicts itself. */
export function decodeAnswer(bytes: Uint8Array): InferAnswer {
  const answer = { model: '', version: '', id: '' };
  const described: Uint8Array[] = [];
  const raw: Uint8Array[] = [];
  for (const [number, value] of fields(bytes)) {
    if (typeof value === 'number') continue;
    if (number === 1) answer.model = DECODER.decode(value);
    else if (number === 2) answer.version = DECODER.decode(value);
    else if (number === 3) answer.id = DECODER.decode(value);
    else if (number === 5) described.push(value);
    else if (number === 6) raw.push(value);
  }
  const outputs = Object.fromEntries(described.map((one, at) => output(one, raw[at])));
  return { ...answer, id: answer.id || undefined, outputs };
}

function output(bytes: Uint8Array, raw: Uint8Array | undefined): [string, Tensor] {
  let [name, datatype] = ['', ''];
  const shape: number[] = [];
  for (const [number, value] of fields(bytes)) {
    if (number === 3) shape.push(...(typeof value === 'number' ? [value] : varints(value)));
    else if (typeof value === 'number') continue;
    else if (number === 1) name = DECODER.decode(value);
    else if (number === 2) datatype = DECODER.decode(value);
  }
  if (!isDType(datatype)) throw damaged(`output ${name} is of an unknown dtype, ${datatype}`);
  if (raw === undefined) throw damaged(`output ${name} has no raw contents`);
  return [name, fromWire(name, datatype, shape, raw)];
}

function varints(bytes: Uint8Array): number[] {
  const values: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [value, end] = readVarint(bytes, at);
    values.push(value);
    at = end;
  }
  return values;
}

/** Numbers of fields and what they hold; fixed numbers, which no field that matters here has, as 0. */
function* fields(bytes: Uint8Array): Generator<[number, number | Uint8Array]> {
  for (let at = 0; at < bytes.length; ) {
    const [tag, start] = readVarint(bytes, at);
    const [number, type] = [Math.floor(tag / 8), tag % 8];
    if (type !== 0 && type !== 1 && type !== 2 && type !== 5) throw damaged(`wire type ${type} at byte ${at}`);
    const [value, from] = type === 0 || type === 2 ? readVarint(bytes, start) : [type === 1 ? 8 : 4, start];
    at = type === 0 ? from : from + value;
    if (at > bytes.length) throw damaged(`it ends within field ${number}`);
    yield [number, type === 0 ? value : type === 2 ? bytes.subarray(from, at) : 0];
  }
}

function readVarint(bytes: Uint8Array, start: number): [number, number] {
  let value = 0;
  for (let at = start; at < bytes.length && at < start + 10; at++) {
    const byte = bytes[at] as number;
    value += (byte & 127) * 2 ** (7 * (at - start));
    if (byte < 128) return [value, at + 1];
  }
  throw damaged(`there is no whole number at byte ${start}`);
}

function damaged(why: string): FloeClientError {
  return new FloeClientError('INTERNAL', `the answer is damaged: ${why}`);
}
