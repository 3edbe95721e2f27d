/**
 * From the names of a request to tensors of the graph: signature keys first, else graph names, where `x` and `x:0` are one. So
 * any kept tensor can be fed and any kept node fetched.
 */
import { FloeError, invalid, type Signature, type Tensor, tensorName } from '@floe/graph/base';
import type { ServableInfo } from '../core/inference.ts';

export interface RunCall {
  readonly signature?: string;
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly outputs?: readonly string[];
}

export interface Resolved {
  /** The signature whose inputs are all fed and whose outputs hold every fetch; absent for other feeds and fetches. */
  readonly signature?: string;
  /** By canonical tensor name. */
  readonly feeds: ReadonlyMap<string, Tensor>;
  /** Canonical tensor name of each output, in the order asked for. */
  readonly fetches: readonly string[];
  /** Names as the request has them, in the same order. */
  readonly names: readonly string[];
}

/** Throws INVALID_ARGUMENT for an unknown signature, a tensor fed twice or a missing input. */
export function resolveCall(
  call: RunCall,
  servable: Pick<ServableInfo, 'signatures' | 'defaultSignature' | 'model'>,
): Resolved {
  const key = call.signature ?? servable.defaultSignature;
  const signature = servable.signatures[key];
  if (signature === undefined) throw unknownSignature(key, servable);
  const feeds = resolveFeeds(call.inputs, signature);
  const names = call.outputs ?? Object.keys(signature.outputs);
  const fetches = names.map((name) => tensorName(own(signature.outputs, name)?.name ?? name));
  const isSignature = coversSignature(feeds, fetches, signature);
  if (!isSignature && usesKeysOnly(call, names, signature)) throw missingInputs(feeds, signature, key);
  return { ...(isSignature ? { signature: key } : {}), feeds, fetches, names };
}

function resolveFeeds(inputs: ReadonlyMap<string, Tensor>, signature: Signature): ReadonlyMap<string, Tensor> {
  const feeds = new Map<string, Tensor>();
  for (const [name, tensor] of inputs) {
    const feed = tensorName(own(signature.inputs, name)?.name ?? name);
    if (feeds.has(feed)) throw invalid(`tensor ${feed} is fed twice`, { tensor: name });
    feeds.set(feed, tensor);
  }
  return feeds;
}

function coversSignature(
  feeds: ReadonlyMap<string, Tensor>,
  fetches: readonly string[],
  signature: Signature,
): boolean {
  const inputs = new Set(Object.values(signature.inputs).map((spec) => tensorName(spec.name)));
  if (inputs.size !== feeds.size || ![...inputs].every((name) => feeds.has(name))) return false;
  const outputs = new Set(Object.values(signature.outputs).map((spec) => tensorName(spec.name)));
  return fetches.every((name) => outputs.has(name));
}

function usesKeysOnly(call: RunCall, names: readonly string[], signature: Signature): boolean {
  const inputs = [...call.inputs.keys()];
  return inputs.every((name) => own(signature.inputs, name)) && names.every((name) => own(signature.outputs, name));
}

function missingInputs(feeds: ReadonlyMap<string, Tensor>, signature: Signature, key: string): FloeError {
  const missing = Object.entries(signature.inputs).filter(([, spec]) => !feeds.has(tensorName(spec.name)));
  const names = missing.map(([name]) => name);
  return invalid(
    `signature ${key} needs ${names.length === 1 ? 'input' : 'inputs'} ${names.join(', ')}`,
    names.map((tensor) => ({ tensor })),
  );
}

function unknownSignature(key: string, servable: Pick<ServableInfo, 'signatures' | 'model'>): FloeError {
  const known = Object.keys(servable.signatures).join(', ');
  return new FloeError(
    'INVALID_ARGUMENT',
    `model ${servable.model} has no signature ${JSON.stringify(key)}; it has: ${known}`,
    {
      field: 'signature',
    },
  );
}

/** Keys come from outside: `constructor` and its like are no signature keys. */
function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
