/**
 * Encoded images -> tensors, as the model's `ImageSpec` says. The header is read first, so that an image bomb costs no more than that.
 * Of an animation the first frame is taken.
 */
import { type DType, FloeError, invalid, type Tensor } from '@floe/graph/base';
import type { Sharp } from 'sharp';
import type { ImageSpec } from '../core/inference.ts';
import { type ImageHeader, readImageHeader } from './header.ts';
import { toTensor } from './normalise.ts';
import { openSharp } from './sharp.ts';
import { type Pixels, resizeAsTensorFlow } from './tf-resize.ts';

export interface ImageLimits {
  /** Largest width times height. */
  readonly maxPixels: number;
}

/** What `image` is. Throws INVALID_ARGUMENT where it is no JPEG, PNG or WebP, or too large. */
export function checkImage(image: Uint8Array, limits: ImageLimits, input: string): ImageHeader {
  const header = readImageHeader(image);
  if (header === undefined) {
    throw invalid(`input ${input}: the image cannot be decoded: it is no JPEG, PNG or WebP`, { tensor: input });
  }
  const { width, height } = header;
  if (width * height > limits.maxPixels) {
    const message = `the image has ${width} x ${height} pixels, more than the limit of ${limits.maxPixels}`;
    throw invalid(`input ${input}: ${message}`, { tensor: input, reason: 'pixels' });
  }
  return header;
}

/** One image as a tensor of shape [1, ...size, channels] (NHWC) or [1, channels, ...size]. Throws INVALID_ARGUMENT. */
export async function imageToTensor(
  image: Uint8Array,
  spec: ImageSpec,
  limits: ImageLimits,
  input: string,
  dtype: DType = 'float32',
): Promise<Tensor> {
  checkImage(image, limits, input);
  try {
    return toTensor(await pixelsOf(image, spec, limits), spec, dtype);
  } catch (cause) {
    if (cause instanceof FloeError) throw cause;
    const message = `input ${input}: the image cannot be decoded: ${(cause as Error).message}`;
    throw new FloeError('INVALID_ARGUMENT', message, { tensor: input }, cause);
  }
}

/** Rows and columns of RGB values 0..255, of the size that the model wants. */
async function pixelsOf(image: Uint8Array, spec: ImageSpec, limits: ImageLimits): Promise<Uint8Array | Float32Array> {
  const open = await openSharp();
  const asTensorFlow = spec.resize !== 'fast';
  const source = open(image, {
    limitInputPixels: limits.maxPixels,
    failOn: 'error',
    pages: 1,
    ignoreIcc: asTensorFlow,
  });
  if (!asTensorFlow) return (await raw(sizedFast(source, spec))).data;
  const isCmyk = (await source.metadata()).space === 'cmyk';
  return resizeAsTensorFlow(isCmyk ? await fromCmyk(source) : await raw(source.removeAlpha()), spec);
}

/** Ink to light without a colour profile, as TensorFlow does. */
async function fromCmyk(source: Sharp): Promise<Pixels> {
  const inks = source.pipelineColourspace('cmyk').toColourspace('cmyk').raw({ depth: 'uchar' });
  const { data, info } = await inks.toBuffer({ resolveWithObject: true });
  const rgb = new Uint8Array((data.length / 4) * 3);
  for (let at = 0, to = 0; at < data.length; at += 4, to += 3) {
    const light = 255 - (data[at + 3] as number);
    rgb[to] = ((255 - (data[at] as number)) * light) / 255;
    rgb[to + 1] = ((255 - (data[at + 1] as number)) * light) / 255;
    rgb[to + 2] = ((255 - (data[at + 2] as number)) * light) / 255;
  }
  return { data: rgb, width: info.width, height: info.height };
}

/**
 * Transparent parts become black. Shrinking within the JPEG decoder would save a quarter of the CPU of a 12-megapixel photo (23 against
 * 29 ms) and triple the greatest difference from `tf.image.resize` with antialias (11 against 3 levels).
 */
function sizedFast(source: Sharp, spec: ImageSpec): Sharp {
  const [height, width] = spec.size;
  return source
    .autoOrient()
    .flatten({ background: '#000' })
    .resize(width, height, { fit: spec.fit, kernel: 'linear', background: '#000', fastShrinkOnLoad: false });
}

/** Whatever the colours were (grey, palette, CMYK, 16 bits), three bytes a pixel. */
async function raw(source: Sharp): Promise<Pixels> {
  const { data, info } = await source
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) throw invalid(`it has ${info.channels} channels after decoding`);
  return { data, width: info.width, height: info.height };
}
