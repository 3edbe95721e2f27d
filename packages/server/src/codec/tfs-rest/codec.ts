/** TensorFlow Serving's REST predict as a codec: the body of a `:predict` call to tensors, and answers back. */
import { ownBuffer } from '../../core/encoded-form.ts';
import type { Codec } from '../../core/inference.ts';
import { decodePredict, type TfsPredictRequest } from './decode.ts';
import { encodePredict } from './encode.ts';

function own(reply: Buffer): { readonly reply: Buffer; readonly bytes: number } {
  return { reply: ownBuffer(reply), bytes: reply.length };
}

export const tfsRestCodec: Codec<TfsPredictRequest, Buffer> = {
  decode: decodePredict,
  encode: (answer, request) => encodePredict(answer.outputs, request.form ?? 'row'),
  form: ({ form }, { outputs }) => ({ id: `tfs/${form ?? 'row'}/${outputs?.join(',') ?? ''}`, own }),
};
