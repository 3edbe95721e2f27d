/** The Open Inference Protocol V2 infer call as a codec. */
import type { Codec } from '../../core/inference.ts';
import { decodeInfer, type V2InferRequest } from './decode.ts';
import { encodeInfer, formOf, type V2InferReply } from './encode.ts';

export const v2RestCodec: Codec<V2InferRequest, V2InferReply> = {
  decode: decodeInfer,
  encode: encodeInfer,
  form: formOf,
};
