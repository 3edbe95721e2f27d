/**
 * The first step of the input stage: what a request's inputs are, before any work is put into them. References are fetched, headers
 * read, contents digested; nothing is decoded, so that an answer which is known costs no decoding.
 */
import { DTYPES, type DType, FloeError, invalid, type Tensor } from '@floe/graph/base';
import { imageSpecOf } from '../codec/signature.ts';
import type {
  EncodedImage,
  EncodedImages,
  ImageSpec,
  InferCall,
  KnownImages,
  ServableInfo,
} from '../core/inference.ts';
import type { Terms } from '../core/terms.ts';
import { digestOf, digestOfText } from './digest.ts';
import type { Fetcher } from './fetch.ts';
import type { ImageHeader } from './header.ts';
import { checkImage, type ImageLimits } from './image.ts';

/** What images of one input become. */
export interface ImageTarget {
  readonly input: string;
  readonly spec: ImageSpec;
  readonly dtype: DType;
  /** Of spec and dtype. */
  readonly digest: string;
}

export interface ImageSource {
  readonly bytes: Uint8Array;
  /** Whether `bytes` lie in the request's body, which may be gone once its caller has left. */
  readonly isLent: boolean;
  readonly header: ImageHeader;
  /** Of the bytes. */
  readonly digest: string;
  readonly target: ImageTarget;
}

/** Images whose contents are known, ready to be decoded. */
export interface IdentifiedImages extends KnownImages {
  readonly sources: readonly ImageSource[];
}

export type IdentifiedInput = Tensor | IdentifiedImages;

export interface StageLimits extends ImageLimits {
  /** Most bytes that the tensors made of one input's images may take. */
  readonly maxTensorBytes: number;
  /** Most bytes that the images fetched for one request may have together. */
  readonly maxFetchedBytes: number;
}

/** Fetches what one request refers to, and no more than it may hold. */
export class References {
  private readonly fetcher: Fetcher | undefined;
  private readonly limit: number;
  private bytes = 0;

  constructor(fetcher: Fetcher | undefined, limit: number) {
    this.fetcher = fetcher;
    this.limit = limit;
  }

  /** Throws whatever fetching throws; PERMISSION_DENIED where nothing is ever fetched. */
  async bytesOf(image: EncodedImage, input: string, terms: Terms): Promise<Uint8Array> {
    if (image instanceof Uint8Array) return image;
    if (this.fetcher === undefined) {
      const message = `input ${input}: this server fetches no URLs: no hosts are allowed (fetchHosts)`;
      throw new FloeError('PERMISSION_DENIED', message, { tensor: input });
    }
    const bytes = await this.fetcher.fetch(image.url, input, terms);
    this.bytes += bytes.length;
    if (this.bytes <= this.limit) return bytes;
    const message = `the images behind the URLs are together larger than ${this.limit} bytes`;
    throw invalid(`input ${input}: ${message}`, { tensor: input, reason: message });
  }
}

/** Throws INVALID_ARGUMENT for what is no image or too many, and whatever fetching throws. */
export async function identifyImages(
  { images }: EncodedImages,
  target: ImageTarget,
  limits: StageLimits,
  references: References,
  terms: Terms,
): Promise<IdentifiedImages> {
  checkCount(images.length, target, limits);
  const sources = await allOrNone(images, terms, async (image, joined): Promise<ImageSource> => {
    const bytes = await references.bytesOf(image, target.input, joined);
    const header = checkImage(bytes, limits, target.input);
    return { bytes, isLent: bytes === image, header, digest: await digestOf(bytes, images.length), target };
  });
  const digest = digestOfText(`${target.digest} ${sources.map((source) => source.digest).join(' ')}`);
  return { images: sources.map(({ bytes }) => bytes), sources, digest };
}

/** Throws INVALID_ARGUMENT where the model's manifest does not say how images become this input. */
export function targetOf(input: string, call: InferCall, servable: ServableInfo): ImageTarget {
  const signature = call.signature ?? servable.defaultSignature;
  const spec = imageSpecOf(servable, signature, input);
  if (spec === undefined) {
    const message = `input ${input} of ${servable.model} takes no images: its model.json has no preprocessing`;
    throw invalid(message, { tensor: input });
  }
  const dtype = servable.signatures[signature]?.inputs[input]?.dtype ?? 'float32';
  return { input, spec, dtype, digest: `${dtype} ${digestOfSpec(spec)}` };
}

/** Made once for each version that is loaded. */
const specDigests = new WeakMap<ImageSpec, string>();

function digestOfSpec(spec: ImageSpec): string {
  const known = specDigests.get(spec);
  if (known !== undefined) return known;
  const digest = digestOfText(JSON.stringify(Object.entries(spec).toSorted()));
  specDigests.set(spec, digest);
  return digest;
}

function checkCount(count: number, { input, spec, dtype }: ImageTarget, { maxTensorBytes }: StageLimits): void {
  if (count === 0) throw invalid(`input ${input}: no image was given`, { tensor: input });
  const [height, width] = spec.size;
  const row = height * width * spec.channels * DTYPES[dtype].size;
  if (count * row <= maxTensorBytes) return;
  const most = Math.floor(maxTensorBytes / row);
  throw invalid(`input ${input}: ${count} images are too many for one request; at most ${most} fit`, {
    tensor: input,
    reason: 'images',
  });
}

/** Does the work for all items at once; when one fails, the others are told to stop. */
export async function allOrNone<In, Out>(
  items: readonly In[],
  terms: Terms,
  work: (item: In, terms: Terms) => Promise<Out>,
): Promise<Out[]> {
  const [only] = items;
  if (items.length === 1 && only !== undefined) return [await work(only, terms)];
  const failed = new AbortController();
  const signal = AbortSignal.any([terms.signal, failed.signal]);
  const joined = {
    ...terms,
    signal,
    // That of a shared flight moves when others join it.
    get deadline() {
      return terms.deadline;
    },
  };
  try {
    return await Promise.all(items.map((item) => work(item, joined)));
  } catch (error) {
    failed.abort();
    throw error;
  }
}
