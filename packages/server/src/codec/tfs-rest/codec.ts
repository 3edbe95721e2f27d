/** TensorFlow Serving's REST predict as a codec: the body of a `:predict` call to tensors, and answers back. */
import type { Codec } from '../../core/inference.ts';
import { decodePredict, type TfsPredictRequest } from './decode.ts';
import { encodePredict } from './encode.ts';

export const tfsRestCodec: Codec<TfsPredictRequest, Buffer> = {
  decode: decodePredict,
  encode: (answer, request) => encodePredict(answer.outputs, request.form ?? 'row'),
};
