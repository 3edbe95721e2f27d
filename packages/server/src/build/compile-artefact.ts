/** Makes compiled artefacts. Apart from finding them, since this loads the compiler. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CompiledGraph,
  compile,
  type Division,
  divide,
  FloeError,
  type Graph,
  hostChunks,
  type TensorSpec,
} from '@floe/graph';
import { diskError } from '../store/disk-error.ts';
import { createWhole, type NewFolder } from '../store/new-folder.ts';
import type { FileDigest } from '../store/version-folder.ts';
import {
  ABOUT_FILE,
  type About,
  type Artefact,
  type ArtefactKey,
  artefactName,
  HOST_FILE,
  MODEL_FILE,
  openArtefact,
  WEIGHTS_FILE,
} from './artefact.ts';

/** Compiles `graph` and writes the artefact into `folder`, whole or not at all. */
export async function makeArtefact(folder: string, key: ArtefactKey, graph: Graph): Promise<Artefact> {
  const parts = compileParts(key, graph);
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw diskError(error, folder);
  });
  const target = join(folder, artefactName(key));
  const fill = async (hidden: NewFolder): Promise<void> => {
    const about: Complete<About> = { ...describe(key, parts), files: await writeFiles(hidden, parts) };
    await hidden.write(ABOUT_FILE, [Buffer.from(`${JSON.stringify(about, null, 2)}\n`)]);
  };
  // Two servers may compile the same artefact into one folder at the same time: the first one's is as good.
  await createWhole(target, fill).catch((error: unknown) => {
    if (!(error instanceof FloeError && error.code === 'ALREADY_EXISTS')) throw error;
  });
  const artefact = await openArtefact(target);
  if (artefact === undefined) throw new FloeError('DATA_LOSS', `${target} cannot be read back`, { file: target });
  return artefact;
}

interface Parts {
  /** Undefined where all runs on the host. */
  readonly compiled: CompiledGraph | undefined;
  /** Undefined where all runs in the engine. */
  readonly division: Division | undefined;
}

function compileParts(key: ArtefactKey, graph: Graph): Parts {
  const division = divide(graph, key.feeds, key.fetches);
  const { feeds, fetches } = division ?? key;
  const options = key.opset === undefined ? {} : { opset: key.opset };
  const compiled = fetches.length === 0 ? undefined : compile(division?.core ?? graph, feeds, fetches, options);
  return { division, compiled };
}

/** What is optional has to be said as well. */
type Complete<T> = { [K in keyof Required<T>]: T[K] };

const ALL_HOST = { proved: false, reason: 'a part of the graph runs on the host' };

function describe(key: ArtefactKey, { compiled, division }: Parts): Complete<Omit<About, 'files'>> {
  const { rowIndependent, deterministic = true, flops } = compiled ?? {};
  return {
    inputs: [...(division === undefined ? (compiled?.inputs ?? []) : key.feeds)] as About['inputs'],
    outputs: [
      ...(division === undefined ? (compiled?.outputs ?? []) : outputsOf(division, compiled)),
    ] as About['outputs'],
    host: division === undefined ? undefined : { engine: compiled !== undefined, sources: sourcesOf(division) },
    rowIndependent: division === undefined ? (rowIndependent ?? ALL_HOST) : ALL_HOST,
    deterministic,
    flops,
  };
}

function sourcesOf({ outputs }: Division): Readonly<Record<string, string>> {
  return Object.fromEntries(outputs.map(({ name, source }) => [name, source]));
}

/** The compiler knows more of the shapes of what it has compiled. */
function outputsOf({ outputs }: Division, compiled: CompiledGraph | undefined): readonly TensorSpec[] {
  const known = new Map((compiled?.outputs ?? []).map((spec) => [spec.name, spec]));
  return outputs.map(({ name, source, dtype, shape }) => ({ name, dtype, shape: known.get(source)?.shape ?? shape }));
}

async function writeFiles(hidden: NewFolder, { compiled, division }: Parts): Promise<Record<string, FileDigest>> {
  const files: Record<string, FileDigest> = {};
  if (compiled !== undefined) files[MODEL_FILE] = await hidden.write(MODEL_FILE, [compiled.model]);
  if (compiled !== undefined && compiled.weightsBytes > 0)
    files[WEIGHTS_FILE] = await hidden.write(WEIGHTS_FILE, compiled.weights);
  if (division !== undefined) files[HOST_FILE] = await hidden.write(HOST_FILE, hostChunks(division.host));
  return files;
}
