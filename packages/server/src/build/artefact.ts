/**
 * Compiled artefacts: one folder for each pair of feeds and fetches of a frozen graph, named by the digest of all that went into
 * it, so that an artefact is either the right one or absent. Anything here can be deleted and is made again.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DTYPES, type DType, type Signature, type TensorSpec, tensorName } from '@floe/graph/base';
import { z } from 'zod';
import { exists, readVersionFile, verifyFile } from '../store/version-folder.ts';

/** Part of every artefact's digest: raise it when the compiler's output changes. */
const COMPILER_VERSION = 2;
export const MODEL_FILE = 'model.onnx';
export const WEIGHTS_FILE = 'weights.bin';
export const ABOUT_FILE = 'compiled.json';
/** What of the graph runs on the host, before and after the engine. */
export const HOST_FILE = 'host.pb';

const spec = z.object({
  name: z.string(),
  dtype: z.enum(Object.keys(DTYPES) as [DType, ...DType[]]),
  shape: z.array(z.int().min(-1)).nullable(),
});
const fileDigest = z.object({ bytes: z.int(), sha256: z.string() });
const About = z.object({
  inputs: z.array(spec),
  outputs: z.array(spec),
  /** Where a part of the graph runs on the host: whether the engine has a part as well, and what each output is called in them. */
  host: z.object({ engine: z.boolean(), sources: z.record(z.string(), z.string()) }).optional(),
  rowIndependent: z.object({ proved: z.boolean(), reason: z.string() }),
  deterministic: z.boolean(),
  /** Floating-point operations of one row; absent where they depend on more than the batch. */
  flops: z.number().min(0).optional(),
  files: z.record(z.string(), fileDigest),
});
export type About = z.infer<typeof About>;

/** What is compiled: graph tensors by canonical name. */
export interface ArtefactKey {
  /** SHA-256 of `frozen.pb`. */
  readonly graph: string;
  readonly feeds: readonly TensorSpec[];
  readonly fetches: readonly string[];
  readonly opset?: number;
}

export interface Artefact extends About {
  readonly folder: string;
  /** Path of `model.onnx`; undefined where all runs on the host. */
  readonly model: string | undefined;
  /** Bytes of weights and graph on disk. */
  readonly bytes: number;
}

/** Feeds and fetches of a signature, in a fixed order and without repeats. */
export function artefactKeyOf(graph: string, signature: Signature, opset?: number): ArtefactKey {
  const feeds = new Map(
    Object.values(signature.inputs).map((spec) => [tensorName(spec.name), { ...spec, name: tensorName(spec.name) }]),
  );
  const fetches = new Set(Object.values(signature.outputs).map((spec) => tensorName(spec.name)));
  return {
    graph,
    feeds: [...feeds.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    fetches: [...fetches].sort(),
    ...(opset === undefined ? {} : { opset }),
  };
}

/** Name of the artefact's folder. */
export function artefactName(key: ArtefactKey): string {
  const feeds = key.feeds.map(({ name, dtype, shape }) => [name, dtype, shape]);
  const whole = JSON.stringify([COMPILER_VERSION, key.graph, feeds, key.fetches, key.opset ?? 0]);
  return `onnxruntime-float32-${createHash('sha256').update(whole).digest('hex').slice(0, 24)}`;
}

/** A key with its folder's name, which is made once and not for every request. */
export interface NamedArtefact {
  readonly key: ArtefactKey;
  readonly name: string;
}

export function namedArtefact(key: ArtefactKey): NamedArtefact {
  return { key, name: artefactName(key) };
}

/** The artefact in the first of `folders` that has it, not yet verified; undefined where none has. */
export async function findArtefact(folders: readonly string[], key: ArtefactKey): Promise<Artefact | undefined> {
  for (const folder of folders) {
    const artefact = await openArtefact(join(folder, artefactName(key)));
    if (artefact !== undefined) return artefact;
  }
  return undefined;
}

/** The artefact in `folder`; undefined where there is none, or one that cannot be read. */
export async function openArtefact(folder: string): Promise<Artefact | undefined> {
  if (!(await exists(join(folder, ABOUT_FILE)))) return undefined;
  const text = (await readVersionFile(join(folder, ABOUT_FILE))).toString('utf8');
  const about = About.safeParse(parseOrNothing(text)).data;
  if (about === undefined) return undefined;
  const model = about.host?.engine === false ? undefined : join(folder, MODEL_FILE);
  const bytes = Object.values(about.files).reduce((sum, file) => sum + file.bytes, 0);
  return { ...about, folder, model, bytes };
}

/** Checks every file of the artefact against its digest. Throws DATA_LOSS. */
export async function verifyArtefact(artefact: Artefact): Promise<void> {
  for (const [file, digest] of Object.entries(artefact.files)) await verifyFile(join(artefact.folder, file), digest);
}

function parseOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
