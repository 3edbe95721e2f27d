/** What stands for an image in JSON: `{"b64": "..."}` for its bytes, `{"url": "https://..."}` for where it is. */
import { invalid, type Tensor } from '@floe/graph/base';
import type { EncodedImage, EncodedImages } from '../../core/inference.ts';
import { decodeBase64 } from '../json/base64.ts';
import type { JsonScanner } from '../json/scanner.ts';

/** Reads the objects of one input, and tells afterwards which of its strings were references. */
export class ImageObjects {
  private readonly references = new Set<Uint8Array>();

  /** Takes the object that comes next: its bytes, or those of its URL. */
  readonly read = (scanner: JsonScanner): Uint8Array => {
    scanner.peek();
    const start = scanner.pos;
    let bytes: Uint8Array | undefined;
    let members = 0;
    scanner.object((name) => {
      members += 1;
      if (scanner.kind() !== 'string' || (name !== 'b64' && name !== 'url')) scanner.skip();
      else bytes = name === 'b64' ? decodeBase64(scanner.string()) : this.reference(scanner.stringBytes());
    });
    if (bytes !== undefined && members === 1) return bytes;
    throw invalid('an object that is neither {"b64": "..."} nor {"url": "..."}', { offset: start });
  };

  imagesOf(key: string, tensor: Tensor): EncodedImages {
    return imagesOf(key, tensor, (bytes) => (this.references.has(bytes) ? urlOf(bytes) : bytes));
  }

  private reference(bytes: Uint8Array): Uint8Array {
    this.references.add(bytes);
    return bytes;
  }
}

/** The images that strings given for an input with preprocessing are, one for each row. */
export function imagesOf(key: string, tensor: Tensor, imageOf: (bytes: Uint8Array) => EncodedImage): EncodedImages {
  const { data, shape } = tensor;
  if (ArrayBuffer.isView(data) || shape.length > 2 || (shape.length === 2 && shape[1] !== 1) || data.length === 0) {
    throw invalid(`input "${key}" takes images: strings of shape [n] or [n,1], not [${shape.join(',')}]`, {
      tensor: key,
    });
  }
  return { images: data.map(imageOf) };
}

export function urlOf(bytes: Uint8Array): EncodedImage {
  return { url: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8') };
}
