/** What all services share: inferences, and messages in and out. */
import { asFloeError } from '@floe/graph/base';
import type { Message } from '@floe/graph/proto';
import { HTTP_STATUS } from '../../core/http-status.ts';
import type { LaterCodec, ModelRef } from '../../core/inference.ts';
import type { Notes } from '../../core/terms.ts';
import { reportLoadInBinary } from '../load-report.ts';
import { noteAnswer, termsOf } from '../terms.ts';
import type { Call } from './call.ts';
import type { GrpcDeps } from './deps.ts';

/** What is asked, and in whose words. */
export interface Question<Request> {
  readonly codec: LaterCodec<Request, Uint8Array>;
  readonly ref: ModelRef;
  readonly request: Request;
}

/** Runs a call's inference under the terms that its metadata sets; a `grpc-timeout` is its deadline. */
export function infer<Request>(deps: GrpcDeps, call: Call, question: Question<Request>): Promise<Uint8Array> {
  const notes: Notes = {};
  call.notes = notes;
  return ask(deps, call, question, call.startedAt, notes).then((answer) => {
    noteAnswer(notes, (name, value) => call.header(name, value));
    report(deps, call);
    return answer;
  });
}

/** How loaded the server is when a call ends, for callers that ask. */
export function report({ load }: GrpcDeps, call: Call): void {
  reportLoadInBinary(call.headers, load, (name, value) => call.trailer(name, value));
}

/** The same for one of many inferences of a call: each has come when it came, and is remembered by itself. */
export async function inferOneOfMany<Request>(
  deps: GrpcDeps,
  call: Call,
  question: Question<Request>,
): Promise<Uint8Array> {
  const arrived = performance.now();
  const notes: Notes = {};
  let status = HTTP_STATUS.INTERNAL;
  try {
    const answer = await ask(deps, call, question, arrived, notes);
    status = OK;
    return answer;
  } catch (thrown) {
    status = HTTP_STATUS[asFloeError(thrown).code];
    throw thrown;
  } finally {
    const { id: requestId, caller } = call;
    const seconds = (performance.now() - arrived) / 1000;
    deps.recent.add({ requestId, model: question.ref.name, caller: caller.name, status, seconds, notes });
  }
}

function ask<Request>(
  deps: GrpcDeps,
  call: Call,
  { codec, ref, request }: Question<Request>,
  startedAt: number,
  notes: Notes,
): Promise<Uint8Array> {
  const { id, caller, signal, headers } = call;
  const terms = termsOf({ id, startedAt, caller, signal, headers }, notes);
  return deps.infer(codec, ref, request, { ...terms, deadline: Math.min(terms.deadline, call.deadline()) });
}

const OK = 200;

/** An empty answer. */
export const NOTHING = new Uint8Array(0);

/** The answer of a method that says the same to everybody. */
export function constant<T>(message: Message<T>, value: T): { readonly unary: () => Uint8Array } {
  const bytes = message.encode(value);
  return { unary: () => bytes };
}
