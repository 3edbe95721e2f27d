/**
 * Reading a model from disk, whatever it is: a SavedModel folder, a checkpoint of TensorFlow 1 (by its `.meta` or `.index` file, their
 * prefix, or the folder that `tf.train.Saver` wrote), or a graph in one `.pb`. Formats that cannot be read yet are named in the error.
 */
import { basename, dirname, extname, resolve } from 'node:path';
import { asFloeError, FloeError, invalid } from '../errors.ts';
import { GraphDef, MetaGraphDef } from '../proto/tensorflow.ts';
import type { FileAccess, Source } from '../source.ts';
import { frozenSource } from './frozen-graph.ts';
import { checkpointPrefix, readMetaGraph } from './meta-graph.ts';
import { nodeFiles } from './node-files.ts';
import { type ReadOptions, readSavedModel, SAVED_MODEL_FILE } from './saved-model.ts';

/** What this Floe writes into a version's folder. */
const FROZEN_FILE = 'frozen.pb';
/** The text file in which `tf.train.Saver` names the newest checkpoint of a folder. */
const LATEST_FILE = 'checkpoint';

const UNSUPPORTED: Readonly<Record<string, string>> = {
  '.pbtxt': 'graphs as text (.pbtxt) are not supported; write them as binary (.pb)',
  '.h5': 'Keras files (.h5) are not supported; export the model as a SavedModel with model.export()',
  '.keras': 'Keras files (.keras) are not supported; export the model as a SavedModel with model.export()',
  '.json': 'TensorFlow.js models are not supported yet',
  '.tflite': 'TensorFlow Lite models are not supported; give the SavedModel that it was made from',
  '.onnx': 'ONNX models are not supported; Floe reads TensorFlow models',
};

/** First byte of a SavedModel: its schema version, which comes first; a GraphDef or MetaGraphDef begins with a message. */
const SAVED_MODEL_TAG = 0x08;
const OP_NAME = /^[A-Za-z_][\w>./-]*$/;

/**
 * Reads the model at `path`. Throws NOT_FOUND, INVALID_ARGUMENT (no model), UNIMPLEMENTED (a format or feature Floe cannot read),
 * DATA_LOSS (corrupted or cut off), RESOURCE_EXHAUSTED (over 2 GiB).
 */
export async function readSource(path: string, options: ReadOptions = {}): Promise<Source> {
  const full = resolve(path);
  const name = basename(full);
  const beside = nodeFiles(dirname(full));
  if ((await beside.size(name)) !== undefined) return readFile(beside, name, options);
  const files = nodeFiles(full);
  const entries = await files.list('.');
  if (entries.length > 0) return readFolder(full, files, new Set(entries), options);
  for (const part of ['meta', 'index']) {
    if ((await beside.size(`${name}.${part}`)) !== undefined) return readMetaGraph(beside, name);
  }
  throw new FloeError('NOT_FOUND', `there is no model at ${path}`, { file: path });
}

async function readFolder(
  folder: string,
  files: FileAccess,
  entries: ReadonlySet<string>,
  options: ReadOptions,
): Promise<Source> {
  if (entries.has(SAVED_MODEL_FILE)) return readSavedModel(files, options);
  if (entries.has(FROZEN_FILE)) return readFile(files, FROZEN_FILE, options);
  if (entries.has('saved_model.pbtxt')) throw unsupported('saved_model.pbtxt', '.pbtxt');
  if (entries.has(LATEST_FILE)) return readMetaGraph(files, await latestCheckpoint(files));
  if (entries.has('model.json')) throw unsupported('model.json', '.json');
  throw invalid(`${folder} is no model: it has no ${SAVED_MODEL_FILE}, ${FROZEN_FILE} or ${LATEST_FILE}`, {
    file: folder,
  });
}

/** Only the file's name counts: folders are moved after training. */
async function latestCheckpoint(files: FileAccess): Promise<string> {
  const text = new TextDecoder().decode(await files.read(LATEST_FILE));
  const name = /^model_checkpoint_path: "([^"]+)"/m.exec(text)?.[1];
  if (name === undefined) throw invalid(`${LATEST_FILE} does not name a checkpoint`, { file: LATEST_FILE });
  return basename(name);
}

async function readFile(files: FileAccess, name: string, options: ReadOptions): Promise<Source> {
  const extension = extname(name).toLowerCase();
  if (extension in UNSUPPORTED) throw unsupported(name, extension);
  if (checkpointPrefix(name) !== name) return readMetaGraph(files, name);
  if (name === SAVED_MODEL_FILE) return readSavedModel(files, options);
  const bytes = await files.read(name);
  if (bytes[0] === SAVED_MODEL_TAG) {
    throw invalid(`${name} is a SavedModel's graph: give its folder, where it is called ${SAVED_MODEL_FILE}`, {
      file: name,
    });
  }
  if (looksLikeMetaGraph(bytes, name)) return readMetaGraphBytes(files, name);
  return frozenSource(bytes, name);
}

/** Both begin with a message in field 1: a GraphDef's nodes have an op with an ordinary name, a MetaGraphDef holds a graph in field 2. */
function looksLikeMetaGraph(bytes: Uint8Array, name: string): boolean {
  const graph = attempt(() => GraphDef.decode(bytes, name));
  if (graph?.node.length && graph.node.every((node) => OP_NAME.test(node.op))) return false;
  const meta = attempt(() => MetaGraphDef.decode(bytes, name));
  return (meta?.graph_def?.node.length ?? 0) > 0;
}

/** The value, or undefined where the bytes are of another message. */
function attempt<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (thrown) {
    if (asFloeError(thrown).code === 'DATA_LOSS') return undefined;
    throw thrown;
  }
}

/** A MetaGraph that is not called `.meta`: its checkpoint has the same name without the extension. */
function readMetaGraphBytes(files: FileAccess, name: string): Promise<Source> {
  return readMetaGraph(files, name.slice(0, name.length - extname(name).length), name);
}

function unsupported(file: string, extension: string): FloeError {
  return new FloeError('UNIMPLEMENTED', `${file}: ${UNSUPPORTED[extension]}`, { file });
}
