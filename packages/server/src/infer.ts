/**
 * The life of an inference, top to bottom: resolve the servable and hold it, decode against it, say what the inputs are, look for a known
 * answer, else prepare the inputs and run when it is their turn, encode. A caller that went away is not worked for.
 */
import { FloeError } from '@floe/graph/base';
import type { OutputCache } from './cache/output-cache.ts';
import type { Codec, ModelRef, Models, NamedTensor, Wishes } from './core/inference.ts';
import { andThen, type Later } from './core/later.ts';
import type { Terms } from './core/terms.ts';
import type { IdentifiedCall, InputStage } from './input/stage.ts';

export type Infer = <Request, Reply>(
  codec: Codec<Request, Reply>,
  ref: ModelRef,
  request: Request,
  terms: Terms,
) => Promise<Reply>;

export interface InferDeps {
  readonly models: Models;
  readonly input: InputStage;
  readonly cache: OutputCache;
}

export function inference({ models, input, cache }: InferDeps): Infer {
  return (codec, ref, request, given) =>
    models.use(ref, (servable) => {
      const call = codec.decode(request, servable);
      const terms = withWishes(given, call.wishes);
      const run = (known: IdentifiedCall, shared: Terms): Later<readonly NamedTensor[]> =>
        andThen(input.prepare(known, shared), (inputs) => {
          if (shared.signal.aborted) throw new FloeError('CANCELLED', 'the caller has gone');
          return servable.run({ ...known, inputs }, shared);
        });
      const cached = andThen(input.identify(call, servable, terms), (known) =>
        cache.answer(known, { servable, ref, isStable: true }, terms, (shared) => run(known, shared)),
      );
      return andThen(cached, (answer) =>
        cache.reply(answer, codec.form?.(request, call), () =>
          codec.encode({ servable, version: answer.version, call, outputs: answer.outputs }, request),
        ),
      );
    });
}

function withWishes(terms: Terms, wishes: Wishes | undefined): Terms {
  if (wishes === undefined) return terms;
  const { priority = 1, timeoutMs = Number.POSITIVE_INFINITY } = wishes;
  const deadline = Math.min(terms.deadline, terms.arrived + timeoutMs);
  return { ...terms, priority: terms.priority * priority, deadline };
}
