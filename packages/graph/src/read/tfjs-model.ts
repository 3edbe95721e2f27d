/**
 * Graph models of TensorFlow.js: `model.json`, in which the graph lies as protobuf's JSON, and files with the weights.
 * Source: `tensorflowjs_converter`'s output as `tfjs-core/src/io/types.ts` (`ModelJSON`) and `tfjs-converter` read it.
 */
import { sha256, sha256OfFile } from '../digest.ts';
import { corrupt, FloeError, invalid } from '../errors.ts';
import { type Graph, graphFromDef } from '../graph.ts';
import { withoutFused } from '../inline/fused.ts';
import { GraphDef } from '../proto/tensorflow.ts';
import type { CheckpointMetadata, FileAccess, Source } from '../source.ts';
import { messageFromJson } from './json-format.ts';
import { NO_VARIABLES } from './tensor-bundle.ts';
import { constantNames, withWeights } from './tfjs-constants.ts';
import { parseManifest } from './tfjs-manifest.ts';
import { tfjsSignature } from './tfjs-signature.ts';
import { readWeights } from './tfjs-weights.ts';

/** What the converter calls the file. */
export const TFJS_FILE = 'model.json';

/** A graph's text longer than this is none: 100,000 nodes take 50 MB. */
const MAX_TEXT = 2 ** 28;
/** What only a Keras model has. */
const KERAS = ['model_config', 'keras_version', 'class_name'];

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads the model in `file`; paths of weights are relative to its folder. Throws INVALID_ARGUMENT (no such model; paths that leave the
 * folder), UNIMPLEMENTED (Keras models, tables, complex weights), NOT_FOUND (a file of weights), DATA_LOSS, OUT_OF_RANGE.
 */
export async function readTfjsModel(files: FileAccess, file: string): Promise<Source> {
  const bytes = await readText(files, file);
  const model = parse(bytes, file);
  const empty = graphFromDef(messageFromJson(GraphDef, topology(model, file), file, 'modelTopology'));
  if (empty.nodes.length === 0) throw corrupt(`${file} holds no graph`, { file });
  const groups = parseManifest(model['weightsManifest'] ?? [], file);
  const { tensors, paths } = await readWeights(files, groups, constantNames(empty), file);
  const graph = withoutFused(withWeights(empty, tensors, file));
  const digests: Record<string, string> = { [file]: sha256(bytes) };
  for (const path of paths) digests[path] = await sha256OfFile(files, path);
  return {
    graph,
    signatures: { serving_default: tfjsSignature(graph, signatureOf(model), file) },
    variableKeys: new Map(),
    variables: NO_VARIABLES,
    assets: [],
    readAssets: () => Promise.resolve(new Map()),
    checkpoint: metadata(model, graph, digests),
  };
}

async function readText(files: FileAccess, file: string): Promise<Uint8Array> {
  const size = await files.size(file);
  if (size === undefined || size <= MAX_TEXT) return files.read(file);
  throw new FloeError('OUT_OF_RANGE', `${file} is ${size} bytes, more than ${MAX_TEXT}`, { file });
}

function parse(bytes: Uint8Array, file: string): Json {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (thrown) {
    throw new FloeError('DATA_LOSS', `${file} is no JSON: ${(thrown as Error).message}`, { file }, thrown);
  }
  if (isRecord(json)) return json;
  throw invalid(`${file} is no TensorFlow.js model: it is no JSON object`, { file });
}

function topology(model: Json, file: string): Json {
  const { format, modelTopology: graph } = model;
  if (format === 'layers-model' || (isRecord(graph) && KERAS.some((key) => Object.hasOwn(graph, key)))) {
    const command = `tensorflowjs_converter --input_format=tfjs_layers_model --output_format=tfjs_graph_model ${file} FOLDER`;
    const message = `${file} is a Keras model of TensorFlow.js (layers-model), not a graph; convert it: ${command}`;
    throw new FloeError('UNIMPLEMENTED', message, { file, field: 'format' });
  }
  if (isRecord(graph) && Array.isArray(graph['node'])) return graph;
  throw invalid(`${file} is no TensorFlow.js graph model: it has no modelTopology.node`, {
    file,
    field: 'modelTopology',
  });
}

/** TensorFlow.js, too, takes the signature of the metadata first, where older converters put it. */
function signatureOf(model: Json): Json | undefined {
  const metadata = model['userDefinedMetadata'];
  const inner = isRecord(metadata) ? metadata['signature'] : undefined;
  const outer = model['signature'];
  return isRecord(inner) ? inner : isRecord(outer) ? outer : undefined;
}

function metadata(model: Json, graph: Graph, digests: Readonly<Record<string, string>>): CheckpointMetadata {
  const { generatedBy, convertedBy } = model;
  return {
    format: 'tfjs',
    globalStep: null,
    producers: {
      // Not always TensorFlow's version: whoever publishes a model may write what it came from.
      tensorflow: typeof generatedBy === 'string' ? generatedBy : '',
      graphProducer: graph.versions?.producer ?? 0,
      graphMinConsumer: graph.versions?.min_consumer ?? 0,
      ...(typeof convertedBy === 'string' ? { convertedBy } : {}),
    },
    tags: [],
    digests,
  };
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
