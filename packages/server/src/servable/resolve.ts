/**
 * From the names of a request to tensors of the graph: signature keys first, else graph names, where `x` and `x:0` are one. So
 * any kept tensor can be fed and any kept node fetched.
 */
import { type FloeError, invalid, type Signature, type Tensor, tensorName } from '@floe/graph/base';

export interface RunCall {
  readonly signature?: string;
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly outputs?: readonly string[];
}

/** A signature's keys and the canonical tensor names they stand for, made once when the version is loaded. */
export interface SignatureNames {
  readonly key: string;
  readonly inputs: ReadonlyMap<string, string>;
  readonly outputs: ReadonlyMap<string, string>;
  /** Tensors that the inputs stand for; fewer than the inputs where two stand for one. */
  readonly feeds: ReadonlySet<string>;
  readonly fetches: ReadonlySet<string>;
  /** The outputs in order: what a request gets that names none. */
  readonly outputKeys: readonly string[];
  readonly outputTensors: readonly string[];
}

export interface Resolved {
  /** Whether all feeds of the signature are fed, and nothing else, and every fetch is one of its outputs. */
  readonly isSignature: boolean;
  /** By canonical tensor name. */
  readonly feeds: ReadonlyMap<string, Tensor>;
  /** Canonical tensor name of each output, in the order asked for. */
  readonly fetches: readonly string[];
  /** Names as the request has them, in the same order. */
  readonly names: readonly string[];
}

export function signatureNames(key: string, signature: Signature): SignatureNames {
  const inputs = tensorsByKey(signature.inputs);
  const outputs = tensorsByKey(signature.outputs);
  return {
    key,
    inputs,
    outputs,
    feeds: new Set(inputs.values()),
    fetches: new Set(outputs.values()),
    outputKeys: [...outputs.keys()],
    outputTensors: [...outputs.values()],
  };
}

/** Throws INVALID_ARGUMENT for a tensor fed twice, a missing input, and a name that can be no tensor. */
export function resolveCall(call: RunCall, signature: SignatureNames): Resolved {
  const feeds = resolveFeeds(call.inputs, signature);
  const names = call.outputs ?? signature.outputKeys;
  const fetches =
    call.outputs?.map((name) => signature.outputs.get(name) ?? tensorName(name)) ?? signature.outputTensors;
  const isSignature =
    feeds.size === signature.feeds.size &&
    everyKey(feeds, signature.feeds) &&
    fetches.every((name) => signature.fetches.has(name));
  if (!isSignature && usesKeysOnly(call.inputs, names, signature)) throw missingInputs(feeds, signature);
  return { isSignature, feeds, fetches, names };
}

function tensorsByKey(specs: Signature['inputs']): ReadonlyMap<string, string> {
  return new Map(Object.entries(specs).map(([key, spec]) => [key, tensorName(spec.name)]));
}

function resolveFeeds(inputs: ReadonlyMap<string, Tensor>, signature: SignatureNames): ReadonlyMap<string, Tensor> {
  const feeds = new Map<string, Tensor>();
  for (const [name, tensor] of inputs) {
    const feed = signature.inputs.get(name) ?? tensorName(name);
    if (feeds.has(feed)) throw invalid(`tensor ${feed} is fed twice`, { tensor: name });
    feeds.set(feed, tensor);
  }
  return feeds;
}

function everyKey(feeds: ReadonlyMap<string, Tensor>, wanted: ReadonlySet<string>): boolean {
  for (const name of feeds.keys()) if (!wanted.has(name)) return false;
  return true;
}

function usesKeysOnly(
  inputs: ReadonlyMap<string, Tensor>,
  names: readonly string[],
  signature: SignatureNames,
): boolean {
  for (const name of inputs.keys()) if (!signature.inputs.has(name)) return false;
  return names.every((name) => signature.outputs.has(name));
}

function missingInputs(feeds: ReadonlyMap<string, Tensor>, signature: SignatureNames): FloeError {
  const names = [...signature.inputs].filter(([, tensor]) => !feeds.has(tensor)).map(([name]) => name);
  return invalid(
    `signature ${signature.key} needs ${names.length === 1 ? 'input' : 'inputs'} ${names.join(', ')}`,
    names.map((tensor) => ({ tensor })),
  );
}
