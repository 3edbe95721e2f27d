/**
 * What a training learns from: the set that the model was first trained on, where there is one, and what users have said since. Corrections
 * never change what is held out of the original set, so that versions stay comparable; without such a set a fifth of the corrections is held
 * out, the same ones every time.
 */
import { arrayFor, FloeError, type Tensor, tensorName } from '@floe/graph/base';
import type { ServableInfo } from '../core/inference.ts';
import type { Manifest } from '../core/manifest.ts';
import { plainTerms } from '../core/terms.ts';
import type { LabelledExample } from '../feedback/examples.ts';
import type { Input } from '../feedback/payload.ts';
import { type InputStage, inputStage } from '../input/stage.ts';
import { digestInputs, type Examples, isClasses, type Labels, takeRows } from './examples.ts';

/** One in so many corrections is held out where nothing else is. */
const HELD_OUT = 5;
/** As large as the server takes them by default. */
const LIMITS = { maxPixels: 50_000_000, maxTensorBytes: 2 ** 30, maxFetchedBytes: 0, decodes: 2 };

export interface Snapshot {
  readonly examples: Examples;
  /** Labelled requests that are in it. */
  readonly requests: number;
  /** Why others are not, each with how often. */
  readonly left: ReadonlyMap<string, number>;
}

/**
 * Throws FAILED_PRECONDITION where there is nothing at all, or where labels of the original set are numbers; RESOURCE_EXHAUSTED where it is more
 * than a file holds.
 */
export async function snapshot(
  base: Manifest,
  original: Examples | undefined,
  feedback: AsyncIterable<LabelledExample>,
  signal: AbortSignal,
): Promise<Snapshot> {
  if (original !== undefined && !isClasses(original.labels))
    throw new FloeError('FAILED_PRECONDITION', 'labels of the original set are numbers: users say classes', {
      field: 'dataset',
    });
  const gathering = new Gathering(base, original, signal);
  for await (const example of feedback) await gathering.add(example);
  return gathering.done();
}

class Gathering {
  private readonly servable: ServableInfo;
  private readonly stage: InputStage = inputStage(LIMITS);
  private readonly signal: AbortSignal;
  private readonly original: Examples | undefined;
  private readonly heldOut: ReadonlySet<string>;
  private readonly parts = new Map<string, Tensor[]>();
  private readonly labels: number[] = [];
  private readonly left = new Map<string, number>();
  private requests = 0;

  constructor(base: Manifest, original: Examples | undefined, signal: AbortSignal) {
    this.servable = infoOf(base);
    this.original = original;
    this.signal = signal;
    this.heldOut = heldOutDigests(original);
  }

  async add(example: LabelledExample): Promise<void> {
    this.signal.throwIfAborted();
    try {
      const tensors = await this.tensorsOf(example);
      for (const [name, tensor] of tensors) append(this.parts, name, tensor);
      this.labels.push(...example.labels);
      this.requests++;
    } catch (error) {
      const { message } = error as Error;
      this.left.set(message, (this.left.get(message) ?? 0) + 1);
    }
  }

  done(): Snapshot {
    const { original, labels: said } = this;
    const names = original === undefined ? [...this.parts.keys()] : [...original.inputs.keys()];
    const first = original?.labels.length ?? 0;
    const n = first + said.length;
    if (n === 0) throw new FloeError('FAILED_PRECONDITION', 'there are no examples to learn from');
    const labels = new Int32Array(n);
    const holdout = new Uint8Array(n);
    const feedback = new Uint8Array(n).fill(1, first);
    labels.set(original?.labels ?? []);
    labels.set(said, first);
    holdout.set(original?.holdout ?? []);
    feedback.set(original?.feedback ?? []);
    const inputs = new Map(names.map((name) => [name, joined(this.piecesOf(name))] as const));
    return {
      examples: this.withHoldout({ inputs, labels, holdout, feedback }, first),
      requests: this.requests,
      left: this.left,
    };
  }

  private piecesOf(name: string): readonly Tensor[] {
    const first = this.original?.inputs.get(name);
    return [...(first === undefined ? [] : [first]), ...(this.parts.get(name) ?? [])];
  }

  /** What users sent may be what is held out, and nothing may be learnt from that. */
  private withHoldout(all: Examples, first: number): Examples {
    const kept = [...all.labels.keys()].filter((row) => row < first || !this.heldOut.has(digestInputs(all, row)));
    const some = kept.length === all.labels.length ? all : pick(all, kept);
    if (this.heldOut.size > 0) return some;
    const holdout = some.holdout.map((flag, row) => (row < first ? flag : isHeldOut(digestInputs(some, row))));
    return { ...some, holdout };
  }

  private async tensorsOf({ inputs, labels }: LabelledExample): Promise<ReadonlyMap<string, Tensor>> {
    const terms = plainTerms(this.signal);
    const call = await this.stage.identify({ inputs: this.byKey(inputs) }, this.servable, terms);
    const tensors = await this.stage.prepare(call, terms);
    for (const [name, tensor] of tensors) checkRows(name, tensor, labels.length);
    const rest = this.original?.inputs ?? new Map([...this.parts].map(([name, [one]]) => [name, one as Tensor]));
    if (rest.size > 0) checkLike(tensors, rest);
    return tensors;
  }

  /** Who asked may have used the names of the graph. */
  private byKey(inputs: LabelledExample['inputs']): ReadonlyMap<string, Input> {
    const { signatures, defaultSignature } = this.servable;
    const declared = Object.entries(signatures[defaultSignature]?.inputs ?? {});
    const keyOf = (name: string): string =>
      declared.find(([key, spec]) => key === name || tensorName(spec.name) === tensorName(name))?.[0] ?? name;
    return new Map([...inputs].map(([name, input]) => [keyOf(name), input]));
  }
}

function checkRows(name: string, { dtype, shape }: Tensor, rows: number): void {
  if (dtype === 'string') throw new Error(`input ${name} is text`);
  if (shape[0] !== rows) throw new Error(`input ${name} has not as many rows as there are labels`);
}

function checkLike(tensors: ReadonlyMap<string, Tensor>, rest: ReadonlyMap<string, Tensor>): void {
  for (const [name, { dtype, shape }] of rest) {
    const found = tensors.get(name);
    if (found === undefined) throw new Error(`there is no input ${name}`);
    const [row, usual] = [found.shape.slice(1), shape.slice(1)];
    if (found.dtype !== dtype || row.join() !== usual.join())
      throw new Error(`a row of input ${name} is ${found.dtype} [${row}] instead of ${dtype} [${usual}]`);
  }
  for (const name of tensors.keys())
    if (!rest.has(name)) throw new Error(`there is an input ${name}, which others lack`);
}

function pick({ inputs, labels, holdout, feedback }: Examples, rows: readonly number[]): Examples {
  const of = <T extends Labels | Uint8Array>(all: T): T => all.filter((_, row) => chosen.has(row)) as T;
  const chosen = new Set(rows);
  return {
    inputs: new Map([...inputs].map(([name, tensor]) => [name, takeRows(tensor, rows)])),
    labels: of(labels),
    holdout: of(holdout),
    feedback: of(feedback),
  };
}

function isHeldOut(digest: string): 0 | 1 {
  return Number.parseInt(digest.slice(0, 8), 16) % HELD_OUT === 0 ? 1 : 0;
}

function heldOutDigests(original: Examples | undefined): ReadonlySet<string> {
  const digests = new Set<string>();
  for (const [row, flag] of (original?.holdout ?? new Uint8Array(0)).entries())
    if (flag === 1) digests.add(digestInputs(original as Examples, row));
  return digests;
}

function infoOf({
  name,
  version,
  signatures,
  defaultSignature,
  labels,
  preprocessing,
  deterministic,
}: Manifest): ServableInfo {
  return {
    model: name,
    version,
    signatures,
    defaultSignature,
    labels,
    preprocessing,
    deterministic,
    metadata: {},
  } as ServableInfo;
}

function append(parts: Map<string, Tensor[]>, name: string, tensor: Tensor): void {
  const list = parts.get(name);
  if (list === undefined) parts.set(name, [tensor]);
  else list.push(tensor);
}

/** One tensor of the rows of all. */
function joined(pieces: readonly Tensor[]): Tensor {
  const [first] = pieces as [Tensor];
  const length = pieces.reduce((sum, { data }) => sum + data.length, 0);
  const data = new (arrayFor(first.dtype))(length) as Float32Array;
  let at = 0;
  for (const piece of pieces) {
    data.set(piece.data as Float32Array, at);
    at += piece.data.length;
  }
  const rows = pieces.reduce((sum, { shape }) => sum + (shape[0] as number), 0);
  return { dtype: first.dtype, shape: [rows, ...first.shape.slice(1)], data };
}
