/** Images inside a graph's strings, decoded as `tf.io.decode_jpeg` and its kin do: not turned upright, colours as they are. */
import { FloeError, invalid } from '@floe/graph/base';
import type { Pixels } from '@floe/graph/host';
import { readImageHeader } from './header.ts';
import { openSharp } from './sharp.ts';

/** Larger images are taken for bombs. */
const MAX_PIXELS = 50_000_000;

/** `channels`: 1 for grey, 3 for colours, 4 with transparency, 0 for what the image has. Throws INVALID_ARGUMENT. */
export async function decodePixels(bytes: Uint8Array, channels: number): Promise<Pixels> {
  const header = readImageHeader(bytes);
  if (header === undefined) throw invalid('the image cannot be decoded: it is no JPEG, PNG or WebP');
  if (header.width * header.height > MAX_PIXELS)
    throw invalid(`the image has ${header.width} x ${header.height} pixels, more than the limit of ${MAX_PIXELS}`);
  const open = await openSharp();
  const image = open(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'error', pages: 1, ignoreIcc: true });
  try {
    const own = channels === 0 ? ((await image.metadata()).channels ?? 3) : channels;
    const alpha = own === 2 || own === 4 ? image.ensureAlpha() : image.removeAlpha();
    const { data, info } = await alpha
      .toColourspace(own < 3 ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== own) throw invalid(`the image has ${info.channels} channels after decoding, not ${own}`);
    return { height: info.height, width: info.width, channels: own, data };
  } catch (cause) {
    if (cause instanceof FloeError) throw cause;
    throw new FloeError('INVALID_ARGUMENT', `the image cannot be decoded: ${(cause as Error).message}`, [], cause);
  }
}
