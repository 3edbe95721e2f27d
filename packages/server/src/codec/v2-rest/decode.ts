/** An Open Inference Protocol V2 infer request to a call: header, then raw tensors, then names and shapes against the signature. */
import { DTYPES, invalid, type Signature, sizeOf, type Tensor } from '@floe/graph/base';
import type { EncodedImage, InferCall, InputValue, ServableInfo, Wishes } from '../../core/inference.ts';
import { imagesOf, urlOf } from '../image/objects.ts';
import { decodeBase64 } from '../json/base64.ts';
import { JsonScanner } from '../json/scanner.ts';
import { checkShape, imageSpecOf, keyOf, signatureOf } from '../signature.ts';
import { readBinary } from './binary.ts';
import { readHeader, type V2Header, type V2Input } from './header.ts';
import { rawRequest } from './raw.ts';

export interface V2InferRequest {
  readonly body: Uint8Array;
  /** Value of `Inference-Header-Content-Length`: where the JSON ends and raw tensors begin. */
  readonly headerLength?: string;
  /** What `decode` found, noted for `encode`: the id, and which outputs are wanted in which form. */
  header?: V2Header;
}

export function decodeInfer(request: V2InferRequest, servable: ServableInfo): InferCall {
  const end = headerEnd(request);
  const header =
    end === 0 && request.headerLength !== undefined
      ? rawRequest(request.body, servable)
      : readHeader(new JsonScanner(request.body.subarray(0, end)));
  request.header = header;
  const signature = signatureOf(servable, servable.defaultSignature);
  const inputs = new Map<string, InputValue>();
  let at = end;
  for (const input of header.inputs) {
    const size = input.binarySize ?? 0;
    if (size > request.body.length - at) throw tooShort(input, size - (request.body.length - at), servable);
    const tensor = tensorOf(input, request.body.subarray(at, at + size));
    at += size;
    addInput(inputs, input, tensor, servable, signature);
  }
  if (at !== request.body.length) throw invalid(`unexpected additional input data for model '${servable.model}'`);
  const outputs = header.outputs?.map(({ name }) => (signature && keyOf(signature.outputs, name)) ?? name);
  return callOf(inputs, outputs, servable, header.wishes);
}

/** The call of inputs and wanted outputs, by key or by graph name. Throws INVALID_ARGUMENT where inputs of the signature are missing. */
export function callOf(
  inputs: ReadonlyMap<string, InputValue>,
  outputs: readonly string[] | undefined,
  servable: ServableInfo,
  wishes: Wishes | undefined,
): InferCall {
  const signature = signatureOf(servable, servable.defaultSignature);
  if (signature !== undefined) checkComplete(inputs, outputs, servable, signature);
  return {
    inputs,
    ...(outputs === undefined || outputs.length === 0 ? {} : { outputs }),
    ...(wishes === undefined ? {} : { wishes }),
  };
}

function headerEnd({ body, headerLength }: V2InferRequest): number {
  if (headerLength === undefined) return body.length;
  if (!/^\d{1,15}$/.test(headerLength)) {
    throw invalid(`Unable to parse Inference-Header-Content-Length, got: ${headerLength}`);
  }
  const end = Number(headerLength);
  if (end > body.length) {
    throw invalid(`inference header size should be in range (0, ${body.length}), got: ${headerLength}`);
  }
  return end;
}

function tooShort(input: V2Input, missing: number, servable: ServableInfo): Error {
  const message = `unexpected size for input '${input.name}', expecting ${missing} additional bytes for model '${servable.model}'`;
  return invalid(message, { tensor: input.name });
}

function tensorOf(input: V2Input, bytes: Uint8Array): Tensor {
  const { name, dtype, shape, tensor } = input;
  if (tensor === undefined) return readBinary(name, dtype, shape, bytes);
  const fits = tensor.shape.length === 1 ? tensor.data.length === sizeOf(shape) : sameShape(tensor.shape, shape);
  if (!fits) {
    const message = `Unable to parse 'data': Shape does not match true shape of 'data' field`;
    throw invalid(message, { tensor: name, reason: `[${tensor.shape}] is not [${shape}]` });
  }
  return { dtype, shape, data: tensor.data };
}

function sameShape(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((dim, i) => dim === right[i]);
}

/** Signature inputs are checked here; other names are graph tensors, which the servable knows. */
export function addInput(
  inputs: Map<string, InputValue>,
  input: Pick<V2Input, 'name' | 'contentType'>,
  tensor: Tensor,
  servable: ServableInfo,
  signature: Signature | undefined,
): void {
  const known = signature && keyOf(signature.inputs, input.name);
  const key = known ?? input.name;
  if (inputs.has(key)) throw invalid(`input '${input.name}' is given twice`, { tensor: input.name });
  const spec = known === undefined ? undefined : signature?.inputs[known];
  if (spec === undefined) {
    inputs.set(key, tensor);
    return;
  }
  const takesImages = imageSpecOf(servable, servable.defaultSignature, key) !== undefined;
  if (tensor.dtype === 'string' && spec.dtype !== 'string' && takesImages) {
    inputs.set(
      key,
      imagesOf(key, tensor, (bytes) => imageOf(bytes, input)),
    );
    return;
  }
  if (tensor.dtype !== spec.dtype) {
    const [given, wanted] = [DTYPES[tensor.dtype].v2, DTYPES[spec.dtype].v2];
    const message = `inference input '${input.name}' data-type is '${given}', but model '${servable.model}' expects '${wanted}'`;
    throw invalid(message, { tensor: key, reason: 'dtype' });
  }
  checkShape(key, spec, tensor.shape);
  inputs.set(key, tensor);
}

/** A string of an input that takes images: JPEG, PNG or WebP bytes, or what its `content_type` says. */
function imageOf(bytes: Uint8Array, { name, contentType }: Pick<V2Input, 'name' | 'contentType'>): EncodedImage {
  switch (contentType) {
    case undefined:
      return bytes;
    case 'url':
      return urlOf(bytes);
    case 'base64':
      return decodeBase64(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'));
    default:
      throw invalid(`input '${name}' takes images: content_type is url, base64 or not given, not '${contentType}'`, {
        tensor: name,
        field: 'parameters.content_type',
      });
  }
}

/** All inputs are needed where only names of the signature are used. */
function checkComplete(
  inputs: ReadonlyMap<string, InputValue>,
  outputs: readonly string[] | undefined,
  servable: ServableInfo,
  signature: Signature,
): void {
  for (const key of inputs.keys()) if (!Object.hasOwn(signature.inputs, key)) return;
  for (const key of outputs ?? []) if (!Object.hasOwn(signature.outputs, key)) return;
  const wanted = Object.keys(signature.inputs);
  const missing = wanted.filter((key) => !inputs.has(key));
  if (missing.length === 0) return;
  const quoted = (names: readonly string[]): string => `[${names.map((name) => `'${name}'`).join(', ')}]`;
  throw invalid(
    `expected ${wanted.length} inputs but got ${inputs.size} inputs for model '${servable.model}'. Got input(s) ${quoted([...inputs.keys()])}, but missing required input(s) ${quoted(missing)}. Please provide all required input(s).`,
    missing.map((tensor) => ({ tensor })),
  );
}
