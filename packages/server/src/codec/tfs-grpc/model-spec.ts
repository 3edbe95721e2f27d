/** Which model a request of TensorFlow Serving names. */
import { invalid } from '@floe/graph/base';
import type { ModelRef } from '../../core/inference.ts';
import type { ModelSpec } from '../proto/tensorflow-serving.ts';

/** Throws INVALID_ARGUMENT where none is named, or a version that can be none. */
export function refOf(spec: ModelSpec | undefined): ModelRef {
  if (spec === undefined) throw invalid('Missing ModelSpec', { field: 'model_spec' });
  const { name, version, version_label: label } = spec;
  if (name === '') throw invalid('ModelSpec has no name specified.', { field: 'model_spec.name' });
  if (label !== undefined) return { name, label };
  if (version === undefined) return { name };
  const number = Number(version.value);
  if (Number.isSafeInteger(number)) return { name, version: number };
  throw invalid(`version ${version.value} of model ${name} is out of range`, { field: 'model_spec.version' });
}

export function specOf(name: string, version: number, signature: string): ModelSpec {
  return { name, version: { value: BigInt(version) }, version_label: undefined, signature_name: signature };
}
