/** TensorFlow Serving's REST API: metadata, and `:predict` requests that name each input. */
import { DTYPES, type DType, FloeError } from '@floe/graph/base';
import { z } from 'zod';
import type { NamedTensor } from '../v2-binary.ts';
import { elementTexts } from './element-texts.ts';
import { type InputSpec, JSON_HEADERS, type Payload, type Protocol } from './endpoint.ts';

const TensorInfo = z.object({
  dtype: z.string(),
  tensor_shape: z.object({
    dim: z.array(z.object({ size: z.coerce.number().int() })).default([]),
    unknown_rank: z.boolean().default(false),
  }),
});
const SignatureDef = z.object({ inputs: z.record(z.string(), TensorInfo).default({}) });
const Metadata = z.object({
  metadata: z.object({ signature_def: z.object({ signature_def: z.record(z.string(), SignatureDef) }) }),
});

const SERVING_DEFAULT = 'serving_default';
/** What TensorFlow's names of types are, but for those that are ours in capitals. */
const IRREGULAR: Readonly<Record<string, DType>> = { DT_FLOAT: 'float32', DT_DOUBLE: 'float64', DT_HALF: 'float16' };

export const tfs: Protocol = {
  metadataPath: (model) => `/v1/models/${encodeURIComponent(model)}/metadata`,
  inferPath: (model) => `/v1/models/${encodeURIComponent(model)}:predict`,
  describe: (metadata) => {
    const parsed = Metadata.safeParse(metadata);
    const signatures = parsed.data?.metadata.signature_def.signature_def ?? {};
    const name = SERVING_DEFAULT in signatures ? SERVING_DEFAULT : Object.keys(signatures).find(isCallable);
    const signature = signatures[name ?? ''];
    if (name === undefined || signature === undefined)
      throw new FloeError('FAILED_PRECONDITION', 'the server tells no signatures as TensorFlow Serving has them');
    return { inputs: Object.entries(signature.inputs).map(specOf), payload: (inputs) => payload(name, inputs) };
  },
};

/** SavedModels have signatures that only initialise. */
function isCallable(name: string): boolean {
  return !name.startsWith('__');
}

function specOf([name, { dtype, tensor_shape: shape }]: [string, z.infer<typeof TensorInfo>]): InputSpec {
  const plain = IRREGULAR[dtype] ?? dtype.replace(/^DT_/, '').toLowerCase();
  if (!(plain in DTYPES))
    throw new FloeError('UNIMPLEMENTED', `input ${name} is of ${dtype}, for which no values are made up`, {
      tensor: name,
    });
  return { name, dtype: plain as DType, shape: shape.unknown_rank ? null : shape.dim.map(({ size }) => size) };
}

function payload(signature: string, inputs: readonly NamedTensor[]): Payload {
  const members = inputs.map(
    (tensor) => `${JSON.stringify(tensor.name)}:${nested(elementTexts(tensor), tensor.shape)}`,
  );
  const body = `{"signature_name":${JSON.stringify(signature)},"inputs":{${members.join(',')}}}`;
  return { body: Buffer.from(body), headers: JSON_HEADERS };
}

/** Row-major elements as lists within lists. */
function nested(texts: readonly string[], shape: readonly number[]): string {
  let level = texts;
  for (const dim of shape.toReversed()) {
    const lists = dim === 0 ? 0 : level.length / dim;
    level = Array.from({ length: lists }, (_, i) => `[${level.slice(i * dim, (i + 1) * dim).join(',')}]`);
  }
  return level[0] ?? '[]';
}
