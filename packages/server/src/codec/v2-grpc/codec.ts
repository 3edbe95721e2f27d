/** The Open Inference Protocol's ModelInfer over gRPC as a codec. Answers are raw whatever the request was, as Triton's are. */
import { DTYPES } from '@floe/graph/base';
import { type EncodedForm, ownBuffer } from '../../core/encoded-form.ts';
import type { Answer, Codec } from '../../core/inference.ts';
import { type InferParameter, ModelInferResponse } from '../proto/inference.ts';
import { writeBinary } from '../v2-rest/binary.ts';
import { classify } from '../v2-rest/classify.ts';
import { classesOf, decodeInfer, type ModelInferCall } from './decode.ts';

export const v2GrpcCodec: Codec<ModelInferCall, Uint8Array> = {
  decode: decodeInfer,
  encode: encodeInfer,
  form: formOf,
};

const NO_PARAMETERS: ReadonlyMap<string, InferParameter> = new Map();

function encodeInfer({ servable, version, outputs }: Answer, { message }: ModelInferCall): Uint8Array {
  const shown = outputs.map(({ name, tensor }, i) => {
    const wanted = message.outputs[i];
    const classes = wanted === undefined ? 0 : classesOf(wanted.parameters);
    return { name: wanted?.name ?? name, tensor: classes > 0 ? classify(tensor, classes, servable.labels) : tensor };
  });
  return ModelInferResponse.encode({
    model_name: servable.model,
    model_version: String(version),
    id: message.id,
    parameters: NO_PARAMETERS,
    outputs: shown.map(({ name, tensor: { dtype, shape } }) => ({
      name,
      datatype: DTYPES[dtype].v2,
      shape,
      parameters: NO_PARAMETERS,
      contents: undefined,
    })),
    raw_output_contents: shown.map(({ tensor }) => writeBinary(tensor)),
  });
}

/** Replies with an id are made anew. */
function formOf({ message }: ModelInferCall): EncodedForm<Uint8Array> | undefined {
  if (message.id !== '') return undefined;
  const outputs = message.outputs.map(({ name, parameters }) => [name, classesOf(parameters)]);
  return { id: `v2/grpc/${JSON.stringify(outputs)}`, own };
}

function own(reply: Uint8Array): { readonly reply: Uint8Array; readonly bytes: number } {
  return { reply: ownBuffer(Buffer.from(reply.buffer, reply.byteOffset, reply.byteLength)), bytes: reply.length };
}
