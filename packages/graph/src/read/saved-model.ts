/**
 * SavedModels of TensorFlow 1 and 2: `saved_model.pb` (or `.pbtxt`) with one or more tagged MetaGraphs, `variables/variables.{index,data-*}`,
 * `assets/`. Source: `tensorflow/cc/saved_model/README.md`.
 */
import { sha256 } from '../digest.ts';
import { corrupt, FloeError } from '../errors.ts';
import { type MetaGraphDef, SavedModel } from '../proto/tensorflow.ts';
import type { FileAccess, Source } from '../source.ts';
import { sourceFromMeta } from './meta-source.ts';
import { decodeFile } from './text-format.ts';

export const SAVED_MODEL_FILE = 'saved_model.pb';
export const SAVED_MODEL_TEXT = 'saved_model.pbtxt';
const VARIABLES = 'variables/variables';
const SERVE = 'serve';

export interface ReadOptions {
  /** Tags of the MetaGraph, all of them; default: `serve`, or whatever the only MetaGraph has. */
  readonly tags?: readonly string[];
}

/** Reads the SavedModel in the folder of `files`; `file` may be text. Throws NOT_FOUND, DATA_LOSS, UNIMPLEMENTED, OUT_OF_RANGE. */
export async function readSavedModel(
  files: FileAccess,
  options: ReadOptions = {},
  file = SAVED_MODEL_FILE,
): Promise<Source> {
  const bytes = await files.read(file);
  const { meta_graphs: graphs } = decodeFile(SavedModel, bytes, file);
  const meta = choose(graphs, options.tags, file);
  const hasVariables = (await files.size(`${VARIABLES}.index`)) !== undefined;
  return sourceFromMeta({
    files,
    format: 'saved-model',
    meta,
    file,
    digest: sha256(bytes),
    checkpoint: hasVariables ? VARIABLES : undefined,
  });
}

function choose(graphs: readonly MetaGraphDef[], tags: readonly string[] | undefined, file: string): MetaGraphDef {
  if (graphs.length === 0) throw corrupt(`${file} holds no MetaGraph`, { file });
  const wanted = tags ?? [SERVE];
  const found = graphs.find((graph) => sameTags(tagsOf(graph), wanted));
  if (found !== undefined) return found;
  const only = graphs[0];
  if (tags === undefined && graphs.length === 1 && only !== undefined) return only;
  const have = graphs.map((graph) => `[${tagsOf(graph).join(', ')}]`).join(', ');
  throw new FloeError('NOT_FOUND', `${file} has no MetaGraph tagged [${wanted.join(', ')}]; it has ${have}`, {
    file,
    field: 'tags',
  });
}

function tagsOf(graph: MetaGraphDef): readonly string[] {
  return graph.meta_info_def?.tags ?? [];
}

function sameTags(a: readonly string[], b: readonly string[]): boolean {
  return [...a].sort().join('\0') === [...b].sort().join('\0');
}
