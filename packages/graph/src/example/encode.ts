/** An Example from its features, as any client would write it. */
import { Example, type Feature } from '../proto/tensorflow.ts';
import type { FeatureValues } from './decode.ts';

const NOTHING: Feature = { bytes_list: undefined, float_list: undefined, int64_list: undefined };

export function encodeExample(features: ReadonlyMap<string, FeatureValues | undefined>): Uint8Array {
  const feature = new Map([...features].map(([name, values]) => [name, featureOf(values)]));
  return Example.encode({ features: { feature } });
}

function featureOf(feature: FeatureValues | undefined): Feature {
  if (feature === undefined) return NOTHING;
  if (feature.kind === 'string') return { ...NOTHING, bytes_list: { value: feature.values } };
  if (feature.kind === 'float32') return { ...NOTHING, float_list: { value: feature.values } };
  return { ...NOTHING, int64_list: { value: Array.from(feature.values) } };
}
