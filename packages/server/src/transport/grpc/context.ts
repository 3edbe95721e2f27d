/** What all services share: inferences, and messages in and out. */
import type { Message } from '@floe/graph/proto';
import type { LaterCodec, ModelRef } from '../../core/inference.ts';
import type { Notes } from '../../core/terms.ts';
import { noteAnswer, termsOf } from '../terms.ts';
import type { Call } from './call.ts';
import type { GrpcDeps } from './deps.ts';

/** Runs a call's inference under the terms that its metadata sets; a `grpc-timeout` is its deadline. */
export function infer<Request>(
  deps: GrpcDeps,
  call: Call,
  codec: LaterCodec<Request, Uint8Array>,
  ref: ModelRef,
  request: Request,
): Promise<Uint8Array> {
  const notes: Notes = {};
  call.notes = notes;
  const { id, startedAt, caller, signal, headers } = call;
  const terms = termsOf({ id, startedAt, caller, signal, headers }, notes);
  const deadline = Math.min(terms.deadline, call.deadline());
  return deps.infer(codec, ref, request, { ...terms, deadline }).then((answer) => {
    noteAnswer(notes, (name, value) => call.header(name, value));
    return answer;
  });
}

/** An empty answer. */
export const NOTHING = new Uint8Array(0);

/** The answer of a method that says the same to everybody. */
export function constant<T>(message: Message<T>, value: T): { readonly unary: () => Uint8Array } {
  const bytes = message.encode(value);
  return { unary: () => bytes };
}
