/**
 * Pictures as a form (`multipart/form-data`), one or several: a file for each row of the batch, under the name of the input, or under any
 * name where there is but one. A field of text is a URL. The answer is that of a picture as the body.
 */
import { FloeError, invalid } from '@floe/graph/base';
import { type MultipartPart, parseMultipart } from '@remix-run/multipart-parser';
import type { Codec, EncodedImage, InferCall, ServableInfo } from '../../core/inference.ts';
import { keyOf } from '../signature.ts';
import { encodeClasses, type ImageReply, imageInputs } from './codec.ts';
import { urlOf } from './objects.ts';

export interface FormRequest {
  readonly body: Uint8Array;
  /** The request's, with its boundary. */
  readonly contentType: string;
}

export const formCodec: Codec<FormRequest, ImageReply> = { decode: decodeForm, encode: encodeClasses };

const BOUNDARY = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i;
const MAX_PARTS = 4096;

function decodeForm(request: FormRequest, servable: ServableInfo): InferCall {
  const { defaultSignature: signature } = servable;
  const wanted = imageInputs(servable);
  const inputs = new Map<string, EncodedImage[]>(wanted.map((input) => [input, []]));
  for (const part of partsOf(request)) {
    const { name } = part;
    const input = wanted.length === 1 ? wanted[0] : keyOf(servable.signatures[signature]?.inputs ?? {}, name);
    const images = input === undefined ? undefined : inputs.get(input);
    if (images === undefined) {
      throw invalid(`the form's part "${name}" is none of the inputs that take images: ${wanted.join(', ')}`, {
        field: name,
      });
    }
    images.push(imageOf(part));
  }
  checkRows(inputs);
  return { signature, inputs: new Map([...inputs].map(([input, images]) => [input, { images }])) };
}

interface Part {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Whether it is a field, not a file. */
  readonly isText: boolean;
}

/** Whatever the parser throws, it is about the body. */
function partsOf({ body, contentType }: FormRequest): Part[] {
  const [, quoted, plain] = BOUNDARY.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) throw invalid('the form has no boundary in its content-type', { field: 'content-type' });
  const limit = body.length;
  try {
    const parts = parseMultipart(body, { boundary, maxFileSize: limit, maxTotalSize: limit, maxParts: MAX_PARTS });
    return Array.from(parts, partOf);
  } catch (cause) {
    throw new FloeError('INVALID_ARGUMENT', `the form cannot be read: ${(cause as Error).message}`, [], cause);
  }
}

/** A part's bytes are a view of the body. */
function partOf(part: MultipartPart): Part {
  const { content, name = '', filename, mediaType = 'text/plain' } = part;
  const bytes = content.length === 1 ? (content[0] as Uint8Array) : Buffer.concat(content);
  return { name, bytes, isText: filename === undefined && mediaType === 'text/plain' };
}

function imageOf({ name, bytes, isText }: Part): EncodedImage {
  if (bytes.length === 0) throw invalid(`the form's part "${name}" is empty`, { field: name });
  return isText ? urlOf(bytes) : bytes;
}

function checkRows(inputs: ReadonlyMap<string, readonly EncodedImage[]>): void {
  const counts = [...inputs].map(([input, images]) => `${input}: ${images.length}`);
  const rows = new Set([...inputs.values()].map((images) => images.length));
  if (rows.size === 1 && !rows.has(0)) return;
  throw invalid(`the form has to bring as many images for each input, and one at least (${counts.join(', ')})`);
}
