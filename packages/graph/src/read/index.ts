/**
 * Reading a model from disk, whatever it is: a SavedModel folder, a checkpoint of TensorFlow 1 (by its `.meta` or `.index` file, their
 * prefix, or the folder that `tf.train.Saver` wrote), a graph in one `.pb`, any of these as text (`.pbtxt`), or a graph model of
 * TensorFlow.js (its `model.json`, whatever it is called, or its folder). Formats that cannot be read are named in the error.
 */
import { basename, dirname, extname, resolve } from 'node:path';
import { asFloeError, FloeError, invalid } from '../errors.ts';
import { GraphDef, MetaGraphDef } from '../proto/tensorflow.ts';
import type { FileAccess, Source } from '../source.ts';
import { LATEST_FILE, latestCheckpoint } from './checkpoint-files.ts';
import { refuseForeign } from './foreign.ts';
import { frozenSource } from './frozen-graph.ts';
import { checkpointPrefix, readMetaGraph } from './meta-graph.ts';
import { nodeFiles } from './node-files.ts';
import { type ReadOptions, readSavedModel, SAVED_MODEL_FILE, SAVED_MODEL_TEXT } from './saved-model.ts';
import { TEXT } from './text-format.ts';
import { readTextGraph, textGraphBeside } from './text-graph.ts';
import { readTfjsModel, TFJS_FILE } from './tfjs-model.ts';

/** What this Floe writes into a version's folder. */
const FROZEN_FILE = 'frozen.pb';

const UNSUPPORTED: Readonly<Record<string, string>> = {
  '.h5': 'Keras files (.h5) are not supported; export the model as a SavedModel with model.export()',
  '.keras': 'Keras files (.keras) are not supported; export the model as a SavedModel with model.export()',
  '.tflite': 'TensorFlow Lite models are not supported; give the SavedModel that it was made from',
  '.onnx': 'ONNX models are not supported; Floe reads TensorFlow models',
};

/** First byte of a SavedModel: its schema version, which comes first; a GraphDef or MetaGraphDef begins with a message. */
const SAVED_MODEL_TAG = 0x08;
const OP_NAME = /^[A-Za-z_][\w>./-]*$/;

/**
 * Reads the model at `path`. Throws NOT_FOUND, INVALID_ARGUMENT (no model), UNIMPLEMENTED (a format or feature Floe cannot read),
 * DATA_LOSS (corrupted or cut off), OUT_OF_RANGE (over 2 GiB).
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
    if ((await beside.size(`${name}.${part}`)) !== undefined) return readCheckpoint(beside, name, options);
  }
  const isFolder = (await beside.list('.')).includes(`${name}/`);
  throw new FloeError('NOT_FOUND', isFolder ? `${path} is an empty folder` : `there is no model at ${path}`, {
    file: path,
  });
}

async function readFolder(
  folder: string,
  files: FileAccess,
  entries: ReadonlySet<string>,
  options: ReadOptions,
): Promise<Source> {
  if (entries.has(SAVED_MODEL_FILE)) return readSavedModel(files, options);
  if (entries.has(FROZEN_FILE)) return readFile(files, FROZEN_FILE, options);
  if (entries.has(SAVED_MODEL_TEXT)) return readSavedModel(files, options, SAVED_MODEL_TEXT);
  if (entries.has(LATEST_FILE)) return readCheckpoint(files, await latestCheckpoint(files), options);
  if (entries.has(TFJS_FILE)) return readTfjsModel(files, TFJS_FILE);
  throw await noModel(folder, files, entries);
}

const MOST_HINTS = 5;

/** Says what there is instead: folders that are models (versions, mostly), files that could be given by their own names. */
async function noModel(folder: string, files: FileAccess, entries: ReadonlySet<string>): Promise<FloeError> {
  const wanted = `${SAVED_MODEL_FILE}, ${FROZEN_FILE}, ${LATEST_FILE} or ${TFJS_FILE}`;
  const hints: string[] = [];
  for (const entry of [...entries].slice(0, 100)) {
    const inside = entry.endsWith('/') ? await files.list(entry.slice(0, -1)) : [];
    if (inside.includes(SAVED_MODEL_FILE) || inside.includes(FROZEN_FILE)) hints.push(entry);
    if (/\.(pb|pbtxt|meta|json)$/.test(entry) || extname(entry).toLowerCase() in UNSUPPORTED) hints.push(entry);
  }
  const hint = hints.length === 0 ? '' : `; it has ${hints.slice(0, MOST_HINTS).join(', ')}: give that path`;
  return invalid(`${folder} is no model: it has no ${wanted}${hint}`, { file: folder });
}

/** A checkpoint by the name of one of its files, or its prefix; the graph beside it may be text. */
async function readCheckpoint(files: FileAccess, name: string, options: ReadOptions): Promise<Source> {
  const prefix = checkpointPrefix(name);
  const hasGraph = (await files.size(`${prefix}.meta`)) !== undefined;
  const text = hasGraph ? undefined : await textGraphBeside(files);
  return text === undefined ? readMetaGraph(files, name) : readTextGraph(files, text, options, prefix);
}

async function readFile(files: FileAccess, name: string, options: ReadOptions): Promise<Source> {
  const extension = extname(name).toLowerCase();
  if (extension in UNSUPPORTED) throw unsupported(name, extension);
  if (extension === TEXT) return readTextGraph(files, name, options);
  if (extension === '.json') return readTfjsModel(files, name);
  if (checkpointPrefix(name) !== name) return readCheckpoint(files, name, options);
  if (name === SAVED_MODEL_FILE) return readSavedModel(files, options);
  const bytes = await files.read(name);
  refuseForeign(bytes, name);
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
