/**
 * Graphs as protobuf text (`.pbtxt`): a SavedModel, a MetaGraph, or a GraphDef as `tf.io.write_graph` writes it, whose variables
 * are in a checkpoint beside it.
 */
import { sha256 } from '../digest.ts';
import { invalid } from '../errors.ts';
import { GraphDef, MetaGraphDef, SavedModel, type SaverDef } from '../proto/tensorflow.ts';
import type { FileAccess, Source } from '../source.ts';
import { checkpointBeside } from './checkpoint-files.ts';
import { sourceOfGraph } from './frozen-graph.ts';
import { checkpointOf, readMetaGraph } from './meta-graph.ts';
import { sourceFromMeta } from './meta-source.ts';
import { VARIABLES } from './restore.ts';
import { type ReadOptions, readSavedModel } from './saved-model.ts';
import { messageOf, parseText, TEXT } from './text-format.ts';

/** What `tf.train.Saver` calls its restore op. */
const RESTORE = /(^|\/)save(_\d+)?\/restore_all$/;

/**
 * `checkpoint` is the prefix of the checkpoint to take, where the caller named one.
 * Throws INVALID_ARGUMENT (no graph; several checkpoints to choose from), NOT_FOUND (variables without a checkpoint), DATA_LOSS.
 */
export async function readTextGraph(
  files: FileAccess,
  file: string,
  options: ReadOptions,
  checkpoint?: string,
): Promise<Source> {
  const bytes = await files.read(file);
  switch (messageOf(bytes, file, [GraphDef, MetaGraphDef, SavedModel])) {
    case SavedModel:
      return readSavedModel(files, options, file);
    case MetaGraphDef:
      return readMetaGraph(files, checkpoint ?? (await checkpointBeside(files, file)), file);
    case GraphDef:
      return readGraph(files, file, bytes, checkpoint);
    default:
      throw invalid(`${file} holds no GraphDef, MetaGraphDef or SavedModel as text`, { file });
  }
}

async function readGraph(
  files: FileAccess,
  file: string,
  bytes: Uint8Array,
  checkpoint: string | undefined,
): Promise<Source> {
  const graph = parseText(GraphDef, bytes, file);
  const digest = sha256(bytes);
  if (!graph.node.some(({ op }) => VARIABLES.has(op))) return sourceOfGraph(graph, digest, file);
  const prefix = checkpoint ?? (await checkpointBeside(files, file));
  const meta = { ...MetaGraphDef.decode(new Uint8Array(0), file), graph_def: graph, saver_def: saverOf(graph) };
  return sourceFromMeta({
    files,
    format: 'graph-and-checkpoint',
    meta,
    file,
    digest,
    checkpoint: await checkpointOf(files, prefix),
  });
}

/** A GraphDef does not say which op restores it; where none has the usual name, variables are found by theirs. */
function saverOf(graph: GraphDef): SaverDef | undefined {
  const restore = graph.node.find(({ op, name }) => op === 'NoOp' && RESTORE.test(name));
  if (restore === undefined) return undefined;
  return { restore_op_name: restore.name, filename_tensor_name: '', save_tensor_name: '' };
}

/** The graph as text that belongs to a checkpoint without a `.meta`: `graph.pbtxt`, or the only one there is. */
export async function textGraphBeside(files: FileAccess): Promise<string | undefined> {
  const graphs = (await files.list('.')).filter((name) => name.endsWith(TEXT));
  return graphs.length === 1 ? graphs[0] : graphs.find((name) => name === `graph${TEXT}`);
}
