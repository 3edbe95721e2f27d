/**
 * A GraphDef in one file (`frozen.pb`). What Floe wrote carries its signatures and where it came from in a string constant of its
 * own; that constant is no part of the model and is taken out again here.
 */
import { constValue } from '../constants.ts';
import { sha256 } from '../digest.ts';
import { corrupt, FloeError } from '../errors.ts';
import { type Graph, graphFromDef, graphOf, type Node } from '../graph.ts';
import { type FrozenMetadata, METADATA_NODE, parseMetadata } from '../metadata.ts';
import { GraphDef } from '../proto/tensorflow.ts';
import type { CheckpointMetadata, Source } from '../source.ts';
import { NO_VARIABLES } from './tensor-bundle.ts';

/** The graph alone. `file` is for error messages. Throws DATA_LOSS, INVALID_ARGUMENT. */
export function readFrozenGraph(bytes: Uint8Array, file: string): Graph {
  return withoutMetadata(checked(GraphDef.decode(bytes, file), file));
}

/** The graph with the signatures and metadata inside it, if any. */
export function frozenSource(bytes: Uint8Array, file: string): Source {
  return sourceOfGraph(GraphDef.decode(bytes, file), sha256(bytes), file);
}

/** The same of a graph that was not in the wire format; `digest` is the SHA-256 of its file. */
export function sourceOfGraph(def: GraphDef, digest: string, file: string): Source {
  const whole = checked(def, file);
  const graph = withoutMetadata(whole);
  const metadata = metadataOf(whole.byName.get(METADATA_NODE), file);
  return {
    graph,
    signatures: metadata?.signatures ?? {},
    variableKeys: new Map(),
    variables: NO_VARIABLES,
    assets: [],
    readAssets: () => Promise.resolve(new Map()),
    checkpoint: metadata?.checkpoint ?? plainMetadata(graph, digest, file),
  };
}

function checked(def: GraphDef, file: string): Graph {
  const graph = graphFromDef(def);
  if (graph.nodes.length === 0) throw corrupt(`${file} holds no graph`, { file });
  return graph;
}

function withoutMetadata(graph: Graph): Graph {
  if (!graph.byName.has(METADATA_NODE)) return graph;
  return graphOf(
    graph.nodes.filter((node) => node.name !== METADATA_NODE),
    graph.functions,
    graph.versions,
  );
}

function metadataOf(node: Node | undefined, file: string): FrozenMetadata | undefined {
  if (node === undefined) return undefined;
  const value = node.op === 'Const' ? constValue(node) : undefined;
  const text = value?.dtype === 'string' ? value.data[0] : undefined;
  if (!(text instanceof Uint8Array))
    throw new FloeError('DATA_LOSS', `${file}: node ${METADATA_NODE} is no string constant`, {
      file,
      node: METADATA_NODE,
    });
  return parseMetadata(new TextDecoder().decode(text), file);
}

function plainMetadata(graph: Graph, digest: string, file: string): CheckpointMetadata {
  const { producer = 0, min_consumer = 0 } = graph.versions ?? {};
  return {
    format: 'frozen-graph',
    globalStep: null,
    producers: { tensorflow: '', graphProducer: producer, graphMinConsumer: min_consumer },
    tags: [],
    digests: { [file]: digest },
  };
}
