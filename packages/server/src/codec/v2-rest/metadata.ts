/** What the Open Inference Protocol V2 says of the server and its models. */
import { DTYPES, type TensorSpec } from '@floe/graph/base';
import type { ServableInfo } from '../../core/inference.ts';

export function serverMetadata(version: string): {
  readonly name: string;
  readonly version: string;
  readonly extensions: readonly string[];
} {
  return { name: 'floe', version, extensions: ['binary_tensor_data', 'classification'] };
}

/** `versions` are those that serve. The platform is Triton's word for a frozen graph. */
export function modelMetadata(servable: ServableInfo, versions: readonly number[]): object {
  const signature = servable.signatures[servable.defaultSignature];
  return {
    name: servable.model,
    versions: versions.map(String),
    platform: 'tensorflow_graphdef',
    inputs: tensors(signature?.inputs ?? {}),
    outputs: tensors(signature?.outputs ?? {}),
  };
}

/** The protocol has no unknown rank: such a tensor shows an empty shape. */
function tensors(specs: Readonly<Record<string, TensorSpec>>): object[] {
  return Object.entries(specs).map(([name, spec]) => ({
    name,
    datatype: DTYPES[spec.dtype].v2,
    shape: spec.shape ?? [],
  }));
}
