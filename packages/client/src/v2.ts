/** The Open Inference Protocol V2's infer call with raw tensors behind its JSON. Source: the protocol's binary tensor data extension. */
import { FloeClientError } from './errors.ts';
import { DECODER, type DType, ENCODER, fromJson, fromWire, isDType, type Tensor, wireBytes } from './tensor.ts';

export type Tensors = Readonly<Record<string, Tensor>>;

export interface InferBody {
  readonly body: Uint8Array<ArrayBuffer>;
  /** Bytes of JSON before the tensors. */
  readonly headerLength: number;
}

export interface InferParameters {
  readonly id?: string;
  readonly outputs?: readonly string[];
  readonly parameters?: Readonly<Record<string, string | number | boolean>>;
}

/** One array, for `fetch` reads a Blob piece by piece, which is a tenth of a small call in Node.js. */
export function encodeInfer(
  inputs: Tensors,
  { id, outputs, parameters }: InferParameters,
  room: (size: number) => Uint8Array<ArrayBuffer> = fresh,
): InferBody {
  const raw: Uint8Array[] = [];
  const described = Object.entries(inputs).map(([name, tensor]) => {
    let size = 0;
    for (const piece of wireBytes(tensor)) {
      raw.push(piece);
      size += piece.length;
    }
    return { name, datatype: tensor.dtype, shape: tensor.shape, parameters: { binary_data_size: size } };
  });
  // What is undefined is left out.
  const header = JSON.stringify({
    id,
    parameters: outputs === undefined ? { ...parameters, binary_data_output: true } : { ...parameters },
    inputs: described,
    outputs: outputs?.map((name) => ({ name, parameters: { binary_data: true } })),
  });
  const json = ENCODER.encode(header);
  return { body: joined([json, ...raw], room), headerLength: json.length };
}

const fresh = (size: number): Uint8Array<ArrayBuffer> => new Uint8Array(size);

export function joined(parts: readonly Uint8Array[], room = fresh): Uint8Array<ArrayBuffer> {
  const whole = room(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

interface WireOutput {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data?: readonly unknown[];
  readonly parameters?: { readonly binary_data_size?: number };
}

interface WireAnswer {
  readonly model_name?: string;
  readonly model_version?: string;
  readonly id?: string;
  readonly outputs?: readonly WireOutput[];
}

/** Throws INTERNAL. */
export function parseJson<T>(bytes: Uint8Array): T {
  try {
    return JSON.parse(DECODER.decode(bytes)) as T;
  } catch (cause) {
    throw new FloeClientError('INTERNAL', 'the answer is not JSON', { cause });
  }
}

export interface InferAnswer {
  readonly model: string;
  readonly version: string;
  readonly id: string | undefined;
  readonly outputs: Tensors;
}

/** Tensors are views of `body`. Throws INTERNAL where the answer contradicts itself. */
export function decodeInfer(body: Uint8Array, headerLength: string | null): InferAnswer {
  const end = headerLength === null ? body.length : Number(headerLength);
  const header = parseJson<WireAnswer>(body.subarray(0, end));
  const outputs: Record<string, Tensor> = {};
  let at = end;
  for (const { name, datatype, shape, data, parameters } of header.outputs ?? []) {
    if (!isDType(datatype)) throw new FloeClientError('INTERNAL', `output ${name} is of an unknown dtype, ${datatype}`);
    const size = parameters?.binary_data_size;
    const bytes = body.subarray(at, at + (size ?? 0));
    at += size ?? 0;
    outputs[name] =
      size === undefined
        ? fromJson(name, datatype as DType, shape, data ?? [])
        : fromWire(name, datatype, shape, bytes);
  }
  return { model: header.model_name ?? '', version: header.model_version ?? '', id: header.id, outputs };
}
