/** Grammar errors of JSON, in the words of rapidjson, which TensorFlow Serving and Triton use. */
import { FloeError } from '@floe/graph/base';

export function syntaxError(reason: string, offset: number): FloeError {
  return new FloeError('INVALID_ARGUMENT', `JSON Parse error: ${reason} at offset: ${offset}`, { offset, reason });
}
