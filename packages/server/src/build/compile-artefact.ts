/** Makes compiled artefacts. Apart from finding them, since this loads the compiler. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { compile, FloeError, type Graph } from '@floe/graph';
import { diskError } from '../store/disk-error.ts';
import { createWhole, type NewFolder } from '../store/new-folder.ts';
import type { FileDigest } from '../store/version-folder.ts';
import {
  ABOUT_FILE,
  type About,
  type Artefact,
  type ArtefactKey,
  artefactName,
  MODEL_FILE,
  openArtefact,
  WEIGHTS_FILE,
} from './artefact.ts';

/** Compiles `graph` and writes the artefact into `folder`, whole or not at all. */
export async function makeArtefact(folder: string, key: ArtefactKey, graph: Graph): Promise<Artefact> {
  const compiled = compile(graph, key.feeds, key.fetches, key.opset === undefined ? {} : { opset: key.opset });
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw diskError(error, folder);
  });
  const target = join(folder, artefactName(key));
  const fill = async (hidden: NewFolder): Promise<void> => {
    const files: Record<string, FileDigest> = { [MODEL_FILE]: await hidden.write(MODEL_FILE, [compiled.model]) };
    if (compiled.weightsBytes > 0) files[WEIGHTS_FILE] = await hidden.write(WEIGHTS_FILE, compiled.weights);
    const { inputs, outputs, rowIndependent, deterministic, flops } = compiled;
    const about = { inputs, outputs, rowIndependent, deterministic, flops, files } satisfies Readonly<
      Record<keyof About, unknown>
    >;
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
