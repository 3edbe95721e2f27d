/**
 * The life of an inference, top to bottom: resolve the servable and hold it, decode against it, prepare inputs, run, encode. A
 * caller that went away is not worked for.
 */
import { FloeError } from '@floe/graph/base';
import type { Codec, ModelRef, Models } from './core/inference.ts';
import { plainTerms } from './core/terms.ts';
import type { InputStage } from './input/stage.ts';

export type Infer = <Request, Reply>(
  codec: Codec<Request, Reply>,
  ref: ModelRef,
  request: Request,
  signal: AbortSignal,
) => Promise<Reply>;

export function inference(models: Models, input: InputStage): Infer {
  return (codec, ref, request, signal) =>
    models.use(ref, async (servable) => {
      const terms = plainTerms(signal);
      const call = codec.decode(request, servable);
      const identified = await input.identify(call, servable, terms);
      const inputs = await input.prepare(identified, terms);
      if (signal.aborted) throw new FloeError('CANCELLED', 'the caller has gone');
      const outputs = await servable.run({ ...call, inputs });
      return codec.encode({ servable, call, outputs }, request);
    });
}
