/**
 * Requests that come along with a version to warm it: `assets.extra/tf_serving_warmup_requests`, a TFRecord file of `PredictionLog`s, as TensorFlow
 * Serving has it. A version serves once all of them were answered; one that cannot be is an error of the version, as there.
 */
import { join } from 'node:path';
import { asFloeError, FloeError, type Tensor } from '@floe/graph/base';
import { PredictionLog } from '../codec/proto/prediction-log.ts';
import type { ValueOf } from '../codec/proto/schema.ts';
import { tfsGrpcCodec } from '../codec/tfs-grpc/codec.ts';
import { tfsGrpcExamplesCodec, tfsGrpcTaskCodec } from '../codec/tfs-grpc/examples.ts';
import type { InferCall, Servable } from '../core/inference.ts';
import { plainTerms } from '../core/terms.ts';
import { readWarmUp, WARM_UP_FILE } from '../store/version-folder.ts';

/** As there. */
const MOST_RECORDS = 1000;

type Log = ValueOf<typeof PredictionLog>;

/** How many requests were answered; 0 where none came along. Throws DATA_LOSS, INVALID_ARGUMENT naming the record. */
export async function warmUp(servable: Servable, folder: string): Promise<number> {
  const bytes = await readWarmUp(folder);
  if (bytes === undefined) return 0;
  const file = join(folder, WARM_UP_FILE);
  const { records } = await import('@floe/graph');
  let count = 0;
  for (const record of records(bytes, file)) {
    if (count === MOST_RECORDS) throw failed(file, count, `more than ${MOST_RECORDS} are not taken`);
    await answer(servable, PredictionLog.decode(record, file)).catch((cause: unknown) => {
      throw failed(file, count, asFloeError(cause).message, cause);
    });
    count++;
  }
  return count;
}

async function answer(servable: Servable, log: Log): Promise<void> {
  for (const { signature, inputs, outputs } of callsIn(servable, log)) {
    const call = { inputs: inputs as ReadonlyMap<string, Tensor>, ...(outputs === undefined ? {} : { outputs }) };
    const terms = plainTerms(new AbortController().signal);
    await servable.run(signature === undefined ? call : { ...call, signature }, terms);
  }
}

function callsIn(servable: Servable, log: Log): readonly InferCall[] {
  const { predict_log: predict, classify_log: classify, regress_log: regress, multi_inference_log: multi } = log;
  if (predict?.request !== undefined) return [tfsGrpcCodec.decode({ message: predict.request }, servable)];
  if (classify?.request !== undefined)
    return [tfsGrpcExamplesCodec.decode({ message: classify.request, method: 'classify' }, servable)];
  if (regress?.request !== undefined)
    return [tfsGrpcExamplesCodec.decode({ message: regress.request, method: 'regress' }, servable)];
  const message = multi?.request;
  if (message === undefined) throw new FloeError('UNIMPLEMENTED', 'it is of a kind that is not known');
  return message.tasks.map((_, task) => tfsGrpcTaskCodec.decode({ message, task }, servable));
}

function failed(file: string, record: number, why: string, cause?: unknown): FloeError {
  return new FloeError(
    'INVALID_ARGUMENT',
    `warm-up request ${record} of ${file}: ${why}`,
    { file, offset: record },
    cause,
  );
}
