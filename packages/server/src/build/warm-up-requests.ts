/**
 * Warm-up requests on their way into a frozen version: those that its signatures take. Freezing may have left signatures, inputs or outputs out, and a
 * version that cannot answer what it is warmed by does not serve.
 */
import { join } from 'node:path';
import { record, records, type Signature } from '@floe/graph';
import { PredictionLog } from '../codec/proto/prediction-log.ts';
import type { ValueOf } from '../codec/proto/schema.ts';
import { readWarmUp, WARM_UP_FILE } from '../store/version-folder.ts';

/** What TensorFlow Serving takes where a request names none. */
const DEFAULT = 'serving_default';

type Log = ValueOf<typeof PredictionLog>;
type Signatures = Readonly<Record<string, Signature>>;

export interface WarmUpRequests {
  /** A TFRecord file. */
  readonly bytes: Uint8Array;
  readonly kept: number;
  readonly leftOut: number;
}

/** Those beside a model; undefined where there are none. Throws DATA_LOSS naming file and place. */
export async function warmUpRequests(folder: string, signatures: Signatures): Promise<WarmUpRequests | undefined> {
  const bytes = await readWarmUp(folder);
  if (bytes === undefined) return undefined;
  const file = join(folder, WARM_UP_FILE);
  const all = [...records(bytes, file)];
  const kept = all.filter((one) => isTaken(PredictionLog.decode(one, file), signatures));
  return { bytes: Buffer.concat(kept.flatMap(record)), kept: kept.length, leftOut: all.length - kept.length };
}

/** One of a kind that is not known is kept: it is an error of the version, as it was of the model. */
function isTaken(log: Log, signatures: Signatures): boolean {
  const predict = log.predict_log?.request;
  if (predict !== undefined) {
    const signature = named(predict.model_spec, signatures);
    return signature !== undefined && fits(predict, signature);
  }
  const tasks = log.multi_inference_log?.request?.tasks ?? [];
  const specs = [log.classify_log?.request, log.regress_log?.request, ...tasks].filter((one) => one !== undefined);
  return specs.every(({ model_spec: spec }) => named(spec, signatures) !== undefined);
}

function named(spec: { readonly signature_name: string } | undefined, signatures: Signatures): Signature | undefined {
  const name = spec?.signature_name || DEFAULT;
  return Object.hasOwn(signatures, name) ? signatures[name] : undefined;
}

function fits(
  request: { readonly inputs: ReadonlyMap<string, unknown>; readonly output_filter: readonly string[] },
  { inputs, outputs }: Signature,
): boolean {
  const names = Object.keys(inputs);
  const isWhole = names.length === request.inputs.size && names.every((name) => request.inputs.has(name));
  return isWhole && request.output_filter.every((name) => Object.hasOwn(outputs, name));
}
