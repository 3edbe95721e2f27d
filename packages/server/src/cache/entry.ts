/**
 * A stored answer: the outputs by name, and what the gate has to know of them. Its tensors are given to every hit as they are. Codecs only
 * read them, and nothing else lies in their memory: what an engine or a batcher gave as a part of something larger is copied once.
 */
import type { Tensor } from '@floe/graph/base';
import type { EncodedForm } from '../core/encoded-form.ts';
import type { NamedTensor } from '../core/inference.ts';
import type { CacheNote } from '../core/terms.ts';
import type { Stamp } from './gate.ts';
import type { ModelMarks } from './marks.ts';

export interface Entry extends Stamp {
  readonly epoch: number;
  /** Purge count of `version` when the answer was computed. */
  readonly purges: number;
  /** Sorted by name, each once. */
  readonly outputs: readonly NamedTensor[];
  /** Of outputs and forms. */
  bytes: number;
  /** Replies as they were sent, by form. */
  forms?: Map<string, unknown>;
  /** The note of a hit, made once: most hits differ in nothing. */
  note?: CacheNote;
}

/** The entry with its note, and for each output a tensor object, its shape and its typed array, beside the elements. */
const FIXED = 192;
const TENSOR_OVERHEAD = 336;
const STRING_OVERHEAD = 96;
/** A view is copied where it holds on to more than this many times its own bytes. */
const WASTE = 1.25;

export function makeEntry(
  stamp: Stamp & { readonly epoch: number; readonly purges: number },
  outputs: readonly NamedTensor[],
): Entry {
  const byName = new Map(outputs.map((output) => [output.name, output]));
  const sorted = [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const owned = sorted.map(({ name, tensor }) => ({ name, tensor: owning(tensor) }));
  const { band, version, epoch, purges } = stamp;
  return {
    band,
    version,
    epoch,
    purges,
    outputs: owned,
    bytes: owned.reduce((sum, one) => sum + bytesOfOutput(one), FIXED),
  };
}

/** More forms of one answer are not kept: callers choose them. */
const MOST_FORMS = 4;

/** The reply in this form, if it is kept. */
export function keptForm<Reply>(entry: Entry, { id }: EncodedForm<Reply>): Reply | undefined {
  return entry.forms?.get(id) as Reply | undefined;
}

/** Keeps a reply beside the outputs. False where there are enough of them, or the entry would grow over `largest` bytes. */
export function keepForm<Reply>(entry: Entry, form: EncodedForm<Reply>, made: Reply, largest: number): boolean {
  entry.forms ??= new Map();
  if (entry.forms.size >= MOST_FORMS) return false;
  const { reply, bytes } = form.own(made);
  const grown = entry.bytes + bytes + STRING_OVERHEAD + 2 * form.id.length;
  if (grown > largest) return false;
  entry.forms.set(form.id, reply);
  entry.bytes = grown;
  return true;
}

/** Whether nothing has closed or purged the answer since it was stored. */
export function isReachable(entry: Entry, marks: ModelMarks): boolean {
  return entry.epoch === marks.epoch && entry.purges === marks.purgesOf(entry.version);
}

/** The outputs that were asked for, in their order; undefined where one of them is not there. */
export function select(entry: Entry, names: readonly string[]): readonly NamedTensor[] | undefined {
  const { outputs } = entry;
  if (outputs.length === 1 && names.length === 1) return outputs[0]?.name === names[0] ? outputs : undefined;
  const byName = new Map(outputs.map((output) => [output.name, output]));
  const selected: NamedTensor[] = [];
  for (const name of names) {
    const output = byName.get(name);
    if (output === undefined) return undefined;
    selected.push(output);
  }
  return selected;
}

function owning(tensor: Tensor): Tensor {
  const { dtype, shape, data } = tensor;
  if (!ArrayBuffer.isView(data)) return { dtype, shape: [...shape], data: copyStrings(data) };
  const isWhole = data.buffer.byteLength <= data.byteLength * WASTE;
  return { dtype, shape: [...shape], data: isWhole ? data : data.slice() };
}

/** All in one piece of memory. */
function copyStrings(strings: readonly Uint8Array[]): Uint8Array[] {
  const room = new Uint8Array(strings.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  return strings.map((text) => {
    room.set(text, at);
    at += text.byteLength;
    return room.subarray(at - text.byteLength, at);
  });
}

function bytesOfOutput({ name, tensor: { data } }: NamedTensor): number {
  const fixed = TENSOR_OVERHEAD + 2 * name.length;
  if (ArrayBuffer.isView(data)) return fixed + data.byteLength;
  return data.reduce((sum, text) => sum + STRING_OVERHEAD + text.byteLength, fixed);
}
