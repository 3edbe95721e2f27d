/** TensorFlow Serving's Predict over gRPC as a codec: a `PredictRequest` to tensors, and the bytes of a `PredictResponse`. */
import { ownBuffer } from '../../core/encoded-form.ts';
import type { Answer, Codec } from '../../core/inference.ts';
import { PredictResponse } from '../proto/tensorflow-serving.ts';
import { decodePredict, type PredictCall } from './decode.ts';
import { specOf } from './model-spec.ts';
import { tensorToProto } from './tensor-proto.ts';

export const tfsGrpcCodec: Codec<PredictCall, Uint8Array> = {
  decode: decodePredict,
  encode: encodePredict,
  form: (_, { signature, outputs }) => ({ id: `predict/${signature}/${outputs?.join(',') ?? ''}`, own }),
};

function encodePredict({ servable, version, call, outputs }: Answer): Uint8Array {
  return PredictResponse.encode({
    model_spec: specOf(servable.model, version, call.signature ?? servable.defaultSignature),
    outputs: new Map(outputs.map(({ name, tensor }) => [name, tensorToProto(tensor)])),
  });
}

function own(reply: Uint8Array): { readonly reply: Uint8Array; readonly bytes: number } {
  return { reply: ownBuffer(Buffer.from(reply.buffer, reply.byteOffset, reply.byteLength)), bytes: reply.length };
}
