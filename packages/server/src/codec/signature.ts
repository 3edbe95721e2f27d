/** What all codecs ask of a servable's signatures: which one is meant, which input a name means, and whether a shape fits. */
import { invalid, type Signature, type TensorSpec } from '@floe/graph/base';
import type { ImageSpec, ServableInfo } from '../core/inference.ts';

/** The key among `specs` that `name` means: the key itself, or the graph name of its tensor, with or without `:0`. */
export function keyOf(specs: Readonly<Record<string, TensorSpec>>, name: string): string | undefined {
  if (Object.hasOwn(specs, name)) return name;
  const plain = withoutPort(name);
  for (const key in specs) {
    if (withoutPort(key) === plain || withoutPort(specs[key]?.name ?? '') === plain) return key;
  }
  return undefined;
}

function withoutPort(name: string): string {
  return name.endsWith(':0') ? name.slice(0, -2) : name;
}

export function signatureOf(servable: ServableInfo, key: string): Signature | undefined {
  return Object.hasOwn(servable.signatures, key) ? servable.signatures[key] : undefined;
}

export function imageSpecOf(servable: ServableInfo, signature: string, input: string): ImageSpec | undefined {
  const specs = servable.preprocessing[signature];
  return specs !== undefined && Object.hasOwn(specs, input) ? specs[input] : undefined;
}

/** Elements of one row, or of the whole tensor, where the shape is known but for the batch. */
export function expectedElements(spec: TensorSpec): number | undefined {
  if (spec.shape === null) return undefined;
  let size = 1;
  for (const dim of spec.shape) size *= dim < 0 ? 1 : dim;
  return size;
}

/** Throws INVALID_ARGUMENT where `shape` is no instance of the spec's shape. */
export function checkShape(key: string, spec: TensorSpec, shape: readonly number[]): void {
  const wanted = spec.shape;
  if (wanted === null) return;
  if (wanted.length === shape.length && wanted.every((dim, i) => dim < 0 || dim === shape[i])) return;
  const message = `input "${key}" has shape [${shape.join(',')}], but the model expects [${wanted.join(',')}]`;
  throw invalid(message, { tensor: key, reason: 'shape' });
}

/** Whether `{"url": "..."}` can only be an image that lies elsewhere: some input takes images, and none is called `url`. */
export function takesReferences(servable: ServableInfo, signature: string): boolean {
  const images = Object.keys(servable.preprocessing[signature] ?? {});
  return images.length > 0 && keyOf(servable.signatures[signature]?.inputs ?? {}, 'url') === undefined;
}
