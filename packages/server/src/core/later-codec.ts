/** A codec that may take its time: what is large is read and written elsewhere. Every plain codec is one. */
import type { EncodedForm } from './encoded-form.ts';
import type { Answer, InferCall, ServableInfo } from './inference.ts';
import type { Later } from './later.ts';

export interface LaterCodec<Request, Reply> {
  /** Throws FloeError naming the field and the tensor that is wrong. */
  decode(request: Request, servable: ServableInfo): Later<InferCall>;
  encode(answer: Answer, request: Request): Later<Reply>;
  /** As in `Codec`. */
  form?(request: Request, call: InferCall): EncodedForm<Reply> | undefined;
}
