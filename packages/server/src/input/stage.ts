/**
 * The input stage, in two steps: `identify` says what the inputs are (an image by the digest of its bytes), so that a known answer can
 * be looked up before anything is decoded, and `prepare` makes tensors of them, images by the preprocessing that the model declares.
 */
import { arrayFor, type Tensor } from '@floe/graph/base';
import type { InferCall, InputValue, ServableInfo } from '../core/inference.ts';
import type { Later } from '../core/later.ts';
import type { Terms } from '../core/terms.ts';
import { Gate } from '../engine/gate.ts';
import type { Fetcher, FetchStats } from './fetch.ts';
import { allOrNone, type IdentifiedInput, identifyImages, References, type StageLimits, targetOf } from './identify.ts';
import type { Schedule, TensorCache } from './ports.ts';
import { type ImageStats, Preparer } from './preparer.ts';

/** A call whose images are here and have names: `inputs` are what they were, but for references, which are bytes now. */
export interface IdentifiedCall extends InferCall {
  readonly inputs: ReadonlyMap<string, IdentifiedInput>;
}

export interface InputStage {
  /** Fetches references and digests images; decodes nothing. Throws naming the input. */
  identify(call: InferCall, servable: ServableInfo, terms: Terms): Later<IdentifiedCall>;
  /** Decodes and resizes. The tensors may be shared with other requests: nobody may write to them or transfer them. */
  prepare(call: IdentifiedCall, terms: Terms): Later<ReadonlyMap<string, Tensor>>;
  /** Seconds of one CPU that `prepare` is predicted to take where nothing is cached. */
  secondsOf(call: IdentifiedCall): number;
  stats(): InputStats;
}

/** Counts since start. */
export interface InputStats {
  readonly images: ImageStats;
  /** Absent where nothing is fetched. */
  readonly fetches?: FetchStats;
}

export interface InputPorts {
  /** Without it, references are refused. */
  readonly fetcher?: Fetcher;
  /** Without it, each image is decoded anew, but for what is under way. */
  readonly cache?: TensorCache;
  /** Without it, images are decoded in the order of their arrival, `decodes` at a time. */
  readonly schedule?: Schedule;
}

export interface InputLimits extends StageLimits {
  /** Images decoded at a time where nobody schedules them: each takes a thread of libuv's pool, which files and names need too. */
  readonly decodes: number;
}

export function inputStage(limits: InputLimits, ports: InputPorts = {}): InputStage {
  const preparer = new Preparer(limits, ports.schedule ?? inTurn(limits.decodes), ports.cache);
  return {
    identify(call, servable, terms) {
      return hasOnlyTensors(call) ? call : identifyAll(call, servable, terms);
    },
    prepare({ inputs }, terms) {
      if (onlyTensors(inputs)) return inputs;
      return allOrNone([...inputs], terms, ([name, value], joined) => prepared(name, value, joined)).then(
        (tensors) => new Map(tensors),
      );
    },
    secondsOf({ inputs }) {
      const sources = [...inputs.values()].flatMap((value) => ('sources' in value ? value.sources : []));
      return sources.reduce((sum, source) => sum + preparer.predict(source), 0);
    },
    stats,
  };

  async function identifyAll(call: InferCall, servable: ServableInfo, terms: Terms): Promise<IdentifiedCall> {
    const references = new References(ports.fetcher, limits.maxFetchedBytes);
    const identified = async (
      [name, value]: [string, InputValue],
      joined: Terms,
    ): Promise<[string, IdentifiedInput]> => {
      if (!('images' in value)) return [name, value];
      return [name, await identifyImages(value, targetOf(name, call, servable), limits, references, joined)];
    };
    return { ...call, inputs: new Map(await allOrNone([...call.inputs], terms, identified)) };
  }

  function stats(): InputStats {
    const images = preparer.stats();
    return ports.fetcher === undefined ? { images } : { images, fetches: ports.fetcher.stats() };
  }

  async function prepared(name: string, value: IdentifiedInput, terms: Terms): Promise<[string, Tensor]> {
    if (!('sources' in value)) return [name, value];
    return [name, stack(await allOrNone(value.sources, terms, (source, joined) => preparer.row(source, joined)))];
  }
}

function hasOnlyTensors(call: InferCall): call is InferCall & { readonly inputs: ReadonlyMap<string, Tensor> } {
  return onlyTensors(call.inputs);
}

function onlyTensors(inputs: ReadonlyMap<string, InputValue>): inputs is ReadonlyMap<string, Tensor> {
  for (const value of inputs.values()) if ('images' in value) return false;
  return true;
}

function inTurn(places: number): Schedule {
  const gate = new Gate(places);
  return (_seconds, _terms, work) => gate.use(work);
}

/** Rows of one shape and dtype as one batch. A single row is given as it is. */
function stack(rows: readonly Tensor[]): Tensor {
  const first = rows[0] as Tensor;
  if (rows.length === 1) return first;
  const size = first.data.length;
  const data = new (arrayFor(first.dtype))(size * rows.length) as Float32Array;
  for (const [index, row] of rows.entries()) data.set(row.data as Float32Array, index * size);
  return { dtype: first.dtype, shape: [rows.length, ...first.shape.slice(1)], data };
}
