/** An inference over HTTP: the headers that set its terms, and those that say what became of it. */
import type { LaterCodec, ModelRef } from '../../core/inference.ts';
import type { Notes } from '../../core/terms.ts';
import { reportLoad } from '../load-report.ts';
import { noteAnswer, termsOf } from '../terms.ts';
import type { HttpContext } from './context.ts';
import type { Exchange } from './exchange.ts';

export function infer<Call, Answer>(
  context: HttpContext,
  exchange: Exchange,
  codec: LaterCodec<Call, Answer>,
  ref: ModelRef,
  call: Call,
): Promise<Answer> {
  const notes: Notes = {};
  exchange.notes = notes;
  const { id, startedAt, caller, signal } = exchange;
  const terms = termsOf({ id, startedAt, caller, signal, headers: exchange.request.headers }, notes);
  return context.infer(codec, ref, call, terms).then((answer) => {
    const header = (name: string, value: string): void => void exchange.header(name, value);
    noteAnswer(notes, header);
    reportLoad(exchange.request.headers, context.observed.load, header);
    return answer;
  });
}
