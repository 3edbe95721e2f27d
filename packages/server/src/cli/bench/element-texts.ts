/** Elements of a tensor as JSON writes them. */
import { FloeError, float16ToNumber, type Tensor } from '@floe/graph/base';

/** More digits than that change no measurement, and double a body. */
const DECIMALS = 4;

export function elementTexts({ dtype, data }: Tensor): readonly string[] {
  const texts = (text: (element: number) => string) => Array.from(data as Iterable<number>, text);
  switch (dtype) {
    case 'float32':
    case 'float64':
      return texts((value) => String(Number(value.toFixed(DECIMALS))));
    case 'float16':
      return texts((bits) => String(Number(float16ToNumber(bits).toFixed(DECIMALS))));
    case 'bool':
      return texts((value) => String(value !== 0));
    case 'string':
      return Array.from(data as readonly Uint8Array[], (bytes) => JSON.stringify(Buffer.from(bytes).toString('utf8')));
    case 'resource':
    case 'variant':
      throw new FloeError('UNIMPLEMENTED', `${dtype} cannot be sent`);
    default:
      return Array.from(data as Iterable<number | bigint>, String);
  }
}
