/**
 * Encoded images -> tensors, as the model's `ImageSpec` says. Decoding is bounded in pixels, so an image bomb costs no more than
 * reading its header.
 */
import { FloeError, type Tensor } from '@floe/graph/base';
import type { Sharp } from 'sharp';
import type { ImageSpec } from '../core/inference.ts';

/** What is decoded: other formats that sharp knows (SVG, TIFF, PDF…) are a larger surface for no use. */
const FORMATS = new Set(['jpeg', 'png', 'webp']);

export interface ImageLimits {
  /** Largest width times height. */
  readonly maxPixels: number;
}

/** One image as a float32 tensor of shape [1, ...size, channels] (NHWC) or [1, channels, ...size]. Throws INVALID_ARGUMENT. */
export async function imageToTensor(
  image: Uint8Array,
  spec: ImageSpec,
  limits: ImageLimits,
  input: string,
): Promise<Tensor> {
  const pixels = await decode(image, spec, limits, input);
  const [height, width] = spec.size;
  const shape = spec.layout === 'NHWC' ? [1, height, width, spec.channels] : [1, spec.channels, height, width];
  return { dtype: 'float32', shape, data: normalise(pixels, spec) };
}

/** Rows and columns of 0..255 values, channels last. */
async function decode(image: Uint8Array, spec: ImageSpec, limits: ImageLimits, input: string): Promise<Uint8Array> {
  // Loaded on first use: 30 ms that a server without images never pays.
  const { default: sharp } = await import('sharp');
  try {
    const source = sharp(image, { limitInputPixels: limits.maxPixels, failOn: 'error', pages: 1 });
    await checkFormat(source, input);
    const [height, width] = spec.size;
    const sized = source
      .autoOrient()
      .flatten({ background: '#000' })
      .resize(width, height, { fit: spec.fit, kernel: 'linear', background: '#000' });
    const coloured = spec.channels === 1 ? sized.greyscale() : sized.toColourspace('srgb');
    return await coloured.raw({ depth: 'uchar' }).toBuffer();
  } catch (cause) {
    if (cause instanceof FloeError) throw cause;
    const reason = (cause as Error).message;
    throw new FloeError(
      'INVALID_ARGUMENT',
      `input ${input}: the image cannot be decoded: ${reason}`,
      { tensor: input },
      cause,
    );
  }
}

async function checkFormat(source: Sharp, input: string): Promise<void> {
  const { format } = await source.metadata();
  if (FORMATS.has(format)) return;
  throw new FloeError(
    'INVALID_ARGUMENT',
    `input ${input}: ${format} images are not accepted, only JPEG, PNG and WebP`,
    {
      tensor: input,
    },
  );
}

function normalise(pixels: Uint8Array, spec: ImageSpec): Float32Array {
  const { channels } = spec;
  const area = pixels.length / channels;
  const planar = spec.layout === 'NCHW';
  const out = new Float32Array(pixels.length);
  for (let channel = 0; channel < channels; channel++) {
    const table = levels(spec, channel);
    const from = spec.colour === 'bgr' ? channels - 1 - channel : channel;
    const start = planar ? channel * area : channel;
    const step = planar ? 1 : channels;
    for (let i = 0; i < area; i++) out[start + i * step] = table[pixels[i * channels + from] as number] as number;
  }
  return out;
}

/** The 256 values that one channel can take. */
function levels(spec: ImageSpec, channel: number): Float32Array {
  const scale = spec.scale[channel] ?? spec.scale[0] ?? 1;
  const offset = spec.offset[channel] ?? spec.offset[0] ?? 0;
  return Float32Array.from({ length: 256 }, (_, level) => (spec.invert ? 255 - level : level) * scale + offset);
}
