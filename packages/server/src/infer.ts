/**
 * The life of an inference, top to bottom: resolve the servable and hold it, decode against it, say what the inputs are, look for a known
 * answer, else prepare the inputs and run when it is their turn, encode. A caller that went away is not worked for. While a version is on
 * trial, what becomes of each request is told to who judges it; what was asked and answered is told to who keeps it.
 */
import { asFloeError, FloeError } from '@floe/graph/base';
import type { Cached, OutputCache } from './cache/output-cache.ts';
import type { FeedbackSink } from './core/feedback.ts';
import type { LaterCodec, ModelRef, Models, NamedTensor, Servable, Wishes } from './core/inference.ts';
import { andThen, type Later } from './core/later.ts';
import type { Notes, Terms } from './core/terms.ts';
import type { Trial } from './core/trial.ts';
import type { IdentifiedCall, InputStage } from './input/stage.ts';

export type Infer = <Request, Reply>(
  codec: LaterCodec<Request, Reply>,
  ref: ModelRef,
  request: Request,
  terms: Terms,
) => Promise<Reply>;

export interface InferDeps {
  readonly models: Models;
  readonly input: InputStage;
  readonly cache: OutputCache;
  /** The trial that a model is under, if any. */
  readonly trial: (model: string) => Trial | undefined;
  /** Absent where nothing is kept. */
  readonly feedback?: FeedbackSink;
}

export function inference({ models, input, cache, trial, feedback }: InferDeps): Infer {
  return (codec, ref, request, given) => {
    const life = (servable: Servable, isStable: boolean) =>
      andThen(codec.decode(request, servable), (call) => {
        const terms = withWishes(given, call.wishes);
        const run = (known: IdentifiedCall, shared: Terms): Later<readonly NamedTensor[]> =>
          andThen(input.prepare(known, shared), (inputs) => {
            if (shared.signal.aborted) throw new FloeError('CANCELLED', 'the caller has gone');
            return servable.run({ ...known, inputs }, shared);
          });
        const cached = andThen(input.identify(call, servable, terms), (known) => {
          const found = cache.answer(known, { servable, ref, isStable }, terms, (shared) => run(known, shared));
          if (feedback === undefined) return found;
          return andThen(found, (answer) => told(feedback, servable, known, answer, terms));
        });
        return andThen(cached, (answer) =>
          cache.reply(answer, codec.form?.(request, call), () =>
            codec.encode({ servable, version: answer.version, call, outputs: answer.outputs }, request),
          ),
        );
      });
    const onTrial = trial(ref.name);
    if (onTrial === undefined || ref.version !== undefined || ref.label !== undefined)
      return models.use(ref, life, given);
    return models.use(
      ref,
      (servable, isStable) => judged(onTrial, servable.version, given.notes, () => life(servable, isStable)),
      given,
    );
  };
}

function told(
  feedback: FeedbackSink,
  servable: Servable,
  { inputs, signature }: IdentifiedCall,
  answer: Cached,
  { requestId, caller, subject }: Terms,
): Cached {
  const { outputs, version } = answer;
  const said = { ...(signature === undefined ? {} : { signature }), ...(subject === undefined ? {} : { subject }) };
  feedback.record({ requestId, servable, version, caller: caller.name, inputs, outputs, ...said });
  return answer;
}

async function judged<T>(trial: Trial, version: number, notes: Notes, life: () => Later<T>): Promise<T> {
  try {
    const reply = await life();
    trial.answered(version, notes.queue?.actual);
    return reply;
  } catch (error) {
    trial.failed(version, asFloeError(error).code);
    throw error;
  }
}

function withWishes(terms: Terms, wishes: Wishes | undefined): Terms {
  if (wishes === undefined) return terms;
  const { priority = 1, timeoutMs = Number.POSITIVE_INFINITY } = wishes;
  const deadline = Math.min(terms.deadline, terms.arrived + timeoutMs);
  return { ...terms, priority: terms.priority * priority, deadline };
}
