/**
 * Compiled artefacts: one folder for each pair of feeds and fetches of a frozen graph, named by the digest of all that went into
 * it, so that an artefact is either the right one or absent. Anything here can be deleted and is made again.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compile, DTYPES, type DType, FloeError, type Graph, type TensorSpec } from '@floe/graph';
import { z } from 'zod';
import { createWhole, exists, type FileDigest, verifyFile, writeFile } from '../store/version-folder.ts';

/** Part of every artefact's digest: raise it when the compiler's output changes. */
const COMPILER_VERSION = 1;
const MODEL_FILE = 'model.onnx';
const WEIGHTS_FILE = 'weights.bin';
const ABOUT_FILE = 'compiled.json';

const spec = z.object({
  name: z.string(),
  dtype: z.enum(Object.keys(DTYPES) as [DType, ...DType[]]),
  shape: z.array(z.int().min(-1)).nullable(),
});
const fileDigest = z.object({ bytes: z.int(), sha256: z.string() });
const About = z.object({
  inputs: z.array(spec),
  outputs: z.array(spec),
  rowIndependent: z.object({ proved: z.boolean(), reason: z.string() }),
  deterministic: z.boolean(),
  files: z.record(z.string(), fileDigest),
});
type About = z.infer<typeof About>;

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
  /** Path of `model.onnx`. */
  readonly model: string;
  /** Bytes of weights and graph on disk. */
  readonly bytes: number;
}

/** Name of the artefact's folder. */
export function artefactName(key: ArtefactKey): string {
  const feeds = key.feeds.map(({ name, dtype, shape }) => [name, dtype, shape]);
  const whole = JSON.stringify([COMPILER_VERSION, key.graph, feeds, key.fetches, key.opset ?? 0]);
  return `onnxruntime-float32-${createHash('sha256').update(whole).digest('hex').slice(0, 24)}`;
}

/** The artefact in the first of `folders` that has it, not yet verified; undefined where none has. */
export async function findArtefact(folders: readonly string[], key: ArtefactKey): Promise<Artefact | undefined> {
  for (const folder of folders) {
    const artefact = await openArtefact(join(folder, artefactName(key)));
    if (artefact !== undefined) return artefact;
  }
  return undefined;
}

/** Compiles `graph` and writes the artefact into `folder`, whole or not at all. */
export async function makeArtefact(folder: string, key: ArtefactKey, graph: Graph): Promise<Artefact> {
  const compiled = compile(graph, key.feeds, key.fetches, key.opset === undefined ? {} : { opset: key.opset });
  await mkdir(folder, { recursive: true });
  const target = join(folder, artefactName(key));
  const fill = async (hidden: string): Promise<void> => {
    const files: Record<string, FileDigest> = {
      [MODEL_FILE]: await writeFile(join(hidden, MODEL_FILE), [compiled.model]),
    };
    if (compiled.weights.length > 0)
      files[WEIGHTS_FILE] = await writeFile(join(hidden, WEIGHTS_FILE), compiled.weights);
    const { inputs, outputs, rowIndependent, deterministic } = compiled;
    const about = { inputs, outputs, rowIndependent, deterministic, files } satisfies Readonly<
      Record<keyof About, unknown>
    >;
    await writeFile(join(hidden, ABOUT_FILE), [Buffer.from(`${JSON.stringify(about, null, 2)}\n`)]);
  };
  // Two servers may compile the same artefact into one folder at the same time: the first one's is as good.
  await createWhole(target, fill).catch((error: unknown) => {
    if (!(error instanceof FloeError && error.code === 'ALREADY_EXISTS')) throw error;
  });
  const artefact = await openArtefact(target);
  if (artefact === undefined) throw new FloeError('DATA_LOSS', `${target} cannot be read back`, { file: target });
  return artefact;
}

async function openArtefact(folder: string): Promise<Artefact | undefined> {
  if (!(await exists(join(folder, ABOUT_FILE)))) return undefined;
  const text = await readFile(join(folder, ABOUT_FILE), 'utf8');
  const about = About.safeParse(parseOrNothing(text)).data;
  if (about === undefined) return undefined;
  const bytes = Object.values(about.files).reduce((sum, file) => sum + file.bytes, 0);
  return { ...about, folder, model: join(folder, MODEL_FILE), bytes };
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
