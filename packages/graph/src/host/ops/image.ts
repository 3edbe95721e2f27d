/** Images inside strings: decoded by whoever has a decoder. */
import type { Tensor } from '../../tensor.ts';
import type { HostNode, HostOp, HostTable, HostValue } from '../host-op.ts';

async function decode(node: HostNode, inputs: readonly HostValue[]): Promise<readonly Tensor[]> {
  const [bytes, ...others] = node.strings(inputs, 0);
  if (bytes === undefined || others.length > 0) throw node.fail('decodes one image at a time');
  if (node.attrs.dtype('dtype', 'uint8') !== 'uint8') throw node.fail('decodes to other numbers than uint8');
  if (node.attrs.int('ratio', 1) !== 1) throw node.fail('decodes images to a fraction of their size');
  const { height, width, channels, data } = await node.ports.decodeImage(bytes, node.attrs.int('channels', 0));
  return [{ dtype: 'uint8', shape: [height, width, channels], data }];
}

const op: HostOp = decode;
export const images: HostTable = { DecodeJpeg: op, DecodePng: op, DecodeImage: op };
