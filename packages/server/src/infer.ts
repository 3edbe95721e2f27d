/**
 * The life of an inference, top to bottom: resolve the servable and hold it, decode against it, prepare inputs, run, encode. A
 * caller that went away is not worked for.
 */
import { FloeError } from '@floe/graph/base';
import type { Codec, ModelRef, Models } from './core/inference.ts';
import type { Prepare } from './input/stage.ts';

export type Infer = <Request, Reply>(
  codec: Codec<Request, Reply>,
  ref: ModelRef,
  request: Request,
  signal: AbortSignal,
) => Promise<Reply>;

export function inference(models: Models, prepare: Prepare): Infer {
  return (codec, ref, request, signal) =>
    models.use(ref, async (servable) => {
      const call = codec.decode(request, servable);
      const inputs = await prepare(call, servable);
      if (signal.aborted) throw new FloeError('CANCELLED', 'the caller has gone');
      const outputs = await servable.run({ ...call, inputs });
      return codec.encode({ servable, call, outputs }, request);
    });
}
