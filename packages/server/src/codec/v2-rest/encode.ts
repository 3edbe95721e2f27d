/** An answer as an Open Inference Protocol V2 infer response: JSON, and raw tensors after it where they were asked for. */
import { DTYPES, FloeError, type Tensor } from '@floe/graph/base';
import { type EncodedForm, ownBuffer } from '../../core/encoded-form.ts';
import type { Answer } from '../../core/inference.ts';
import { ByteWriter, elementWriter } from '../json/writer.ts';
import { writeBinary } from './binary.ts';
import { classify } from './classify.ts';
import type { V2InferRequest } from './decode.ts';
import type { V2Header } from './header.ts';

export interface V2InferReply {
  readonly body: Buffer;
  /** Length of the JSON where raw tensors follow it, for `Inference-Header-Content-Length`. */
  readonly headerLength?: number;
}

export function encodeInfer(answer: Answer, request: V2InferRequest): V2InferReply {
  const { header } = request;
  const { servable, version, outputs } = answer;
  const writer = new ByteWriter(512);
  const blobs: Uint8Array[] = [];
  writer.byte(0x7b);
  if (header?.id !== undefined && header.id !== '') {
    writer.raw('"id":');
    writer.text(header.id);
    writer.byte(0x2c);
  }
  writer.raw('"model_name":');
  writer.text(servable.model);
  writer.raw(`,"model_version":"${version}","outputs":[`);
  outputs.forEach(({ name, tensor }, i) => {
    const wanted = header?.outputs?.[i];
    const shown =
      wanted !== undefined && wanted.classes > 0 ? classify(tensor, wanted.classes, servable.labels) : tensor;
    if (i > 0) writer.byte(0x2c);
    writeOutput(writer, wanted?.name ?? name, shown, isBinary(header, i) ? blobs : undefined);
  });
  writer.raw(']}');
  const json = writer.finish();
  if (blobs.length === 0) return { body: json };
  return { body: Buffer.concat([json, ...blobs]), headerLength: json.length };
}

/** Replies with an id are made anew: it comes first in them. */
export function formOf({ header }: V2InferRequest): EncodedForm<V2InferReply> | undefined {
  if (header?.id !== undefined && header.id !== '') return undefined;
  const outputs = header?.outputs?.map(({ name, classes }, i) => [name, isBinary(header, i), classes]);
  return { id: `v2/${JSON.stringify(outputs ?? header?.binaryOutputs ?? false)}`, own };
}

function own({ body, ...rest }: V2InferReply): { readonly reply: V2InferReply; readonly bytes: number } {
  return { reply: { ...rest, body: ownBuffer(body) }, bytes: body.length };
}

/** Whether an output is wanted as raw bytes. */
export function isBinary(header: V2Header | undefined, output: number): boolean {
  return header?.outputs?.[output]?.binary ?? header?.binaryOutputs ?? false;
}

/** Writes one output; its bytes go to `blobs` where it is wanted raw. */
function writeOutput(writer: ByteWriter, name: string, tensor: Tensor, blobs: Uint8Array[] | undefined): void {
  writer.raw('{"name":');
  writer.text(name);
  writer.raw(`,"datatype":"${DTYPES[tensor.dtype].v2}","shape":[${tensor.shape.join(',')}],`);
  if (blobs === undefined) {
    writeData(writer, name, tensor);
    return;
  }
  const bytes = writeBinary(tensor);
  blobs.push(bytes);
  writer.raw(`"parameters":{"binary_data_size":${bytes.length}}}`);
}

function writeData(writer: ByteWriter, name: string, tensor: Tensor): void {
  if (tensor.dtype === 'float16' || tensor.dtype === 'bfloat16') {
    const type = DTYPES[tensor.dtype].v2;
    const message = `sending ${type} data via JSON is not supported. Please use the binary data format for output`;
    throw new FloeError('INVALID_ARGUMENT', message, { tensor: name });
  }
  const write = elementWriter(tensor);
  writer.raw('"data":[');
  for (let i = 0; i < tensor.data.length; i++) {
    if (i > 0) writer.byte(0x2c);
    write(writer, i);
  }
  writer.raw(']}');
}
