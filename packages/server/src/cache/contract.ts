/**
 * What a servable promises of one signature: keys, dtypes and shapes of its inputs and outputs, its preprocessing and its labels. Versions
 * with the same contract may share answers. Names inside the graph are no part of it, since training a model again renames them.
 */
import { hash } from 'node:crypto';
import type { Signature, TensorSpec } from '@floe/graph/base';
import type { InferCall, ServableInfo } from '../core/inference.ts';

export interface Contract {
  readonly digest: string;
  /** Output keys in the signature's order: what a call gets that names none. */
  readonly outputs: readonly string[];
  readonly sortedOutputs: readonly string[];
  readonly inputs: ReadonlySet<string>;
}

const EMPTY: Signature = { inputs: {}, outputs: {}, methodName: '' };

/** Made once for each signature of a servable. */
const known = new WeakMap<ServableInfo, Map<string, Contract>>();

export function contractOf(servable: ServableInfo, call: InferCall): Contract {
  const key = call.signature ?? servable.defaultSignature;
  let contracts = known.get(servable);
  if (contracts === undefined) {
    contracts = new Map();
    known.set(servable, contracts);
  }
  const found = contracts.get(key) ?? makeContract(servable, key);
  // Callers can name any number of signatures that do not exist.
  if (Object.hasOwn(servable.signatures, key)) contracts.set(key, found);
  return found;
}

/** Whether the call speaks of the signature alone. What other tensors of a graph mean is known of one version only. */
export function usesKeysOnly(call: InferCall, contract: Contract): boolean {
  for (const name of call.inputs.keys()) if (!contract.inputs.has(name)) return false;
  return call.outputs?.every((name) => contract.outputs.includes(name)) ?? true;
}

/** Sorted, each once. */
export function expandedOutputs(call: InferCall, contract: Contract): readonly string[] {
  const { outputs } = call;
  if (outputs === undefined) return contract.sortedOutputs;
  return outputs.length === 1 ? outputs : [...new Set(outputs)].sort();
}

function makeContract(servable: ServableInfo, key: string): Contract {
  const isKnown = Object.hasOwn(servable.signatures, key);
  const signature = (isKnown ? servable.signatures[key] : undefined) ?? EMPTY;
  const outputs = Object.keys(signature.outputs);
  const said = JSON.stringify([
    key,
    signature.methodName,
    specsOf(signature.inputs),
    specsOf(signature.outputs),
    sortedDeep((isKnown ? servable.preprocessing[key] : undefined) ?? {}),
    servable.labels,
  ]);
  const inputs = new Set(Object.keys(signature.inputs));
  return { digest: hash('sha256', said, 'hex'), outputs, sortedOutputs: outputs.toSorted(), inputs };
}

function specsOf(specs: Readonly<Record<string, TensorSpec>>): unknown {
  return Object.keys(specs)
    .sort()
    .map((key) => [key, specs[key]?.dtype, specs[key]?.shape]);
}

/** Objects as lists of pairs, so that the order in which a manifest was written makes no difference. */
function sortedDeep(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedDeep);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, part]) => [key, sortedDeep(part)]);
}
