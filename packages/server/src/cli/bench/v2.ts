/** Open Inference V2 over REST: metadata, and requests in JSON or with tensors as bytes. */
import { DTYPES, dtypeFromV2, FloeError } from '@floe/graph/base';
import { z } from 'zod';
import { type NamedTensor, v2Binary } from '../v2-binary.ts';
import { elementTexts } from './element-texts.ts';
import { type InputSpec, JSON_HEADERS, type Payload, type Protocol } from './endpoint.ts';

const Metadata = z.object({
  inputs: z.array(z.object({ name: z.string(), datatype: z.string(), shape: z.array(z.coerce.number().int()) })),
});

export const v2 = protocol(payload);

/** The same with bytes behind the JSON, in requests and in answers. */
export const v2Bytes = protocol((inputs) => v2Binary(inputs, { binary_data_output: true }));

function protocol(made: (inputs: readonly NamedTensor[]) => Payload): Protocol {
  return {
    metadataPath: (model) => `/v2/models/${encodeURIComponent(model)}`,
    inferPath: (model) => `/v2/models/${encodeURIComponent(model)}/infer`,
    describe: (metadata) => {
      const parsed = Metadata.safeParse(metadata);
      if (!parsed.success)
        throw new FloeError('FAILED_PRECONDITION', 'the server tells no inputs as Open Inference V2 has them');
      return { inputs: parsed.data.inputs.map(specOf), payload: made };
    },
  };
}

function specOf({ name, datatype, shape }: z.infer<typeof Metadata>['inputs'][number]): InputSpec {
  const dtype = dtypeFromV2(datatype);
  if (dtype === undefined)
    throw new FloeError('UNIMPLEMENTED', `input ${name} is of ${datatype}, for which no values are made up`, {
      tensor: name,
    });
  return { name, dtype, shape };
}

function payload(inputs: readonly NamedTensor[]): Payload {
  const parts = inputs.map((tensor) => {
    const about = JSON.stringify({ name: tensor.name, shape: tensor.shape, datatype: DTYPES[tensor.dtype].v2 });
    return `${about.slice(0, -1)},"data":[${elementTexts(tensor).join(',')}]}`;
  });
  return { body: Buffer.from(`{"inputs":[${parts.join(',')}]}`), headers: JSON_HEADERS };
}
