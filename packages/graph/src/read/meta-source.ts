/** What a MetaGraph and its checkpoint are made into, whichever folder layout they came in. */

import { sha256OfFile } from '../digest.ts';
import { corrupt } from '../errors.ts';
import { graphFromDef, tensorName } from '../graph.ts';
import type { MetaGraphDef } from '../proto/tensorflow.ts';
import type { CheckpointMetadata, FileAccess, Source } from '../source.ts';
import { globalStep, variableKeysOf } from './restore.ts';
import { signaturesFrom } from './signatures.ts';
import { NO_VARIABLES, openBundle } from './tensor-bundle.ts';

export interface MetaSource {
  readonly files: FileAccess;
  readonly format: CheckpointMetadata['format'];
  readonly meta: MetaGraphDef;
  /** The file that `meta` is from. */
  readonly file: string;
  /** SHA-256 of `file`. */
  readonly digest: string;
  /** Prefix of the checkpoint; undefined where there is none. */
  readonly checkpoint: string | undefined;
}

export async function sourceFromMeta({ files, format, meta, file, digest, checkpoint }: MetaSource): Promise<Source> {
  if (meta.graph_def === undefined) throw corrupt(`${file} holds no graph`, { file });
  const graph = graphFromDef(meta.graph_def);
  const bundle = checkpoint === undefined ? undefined : await openBundle(files, checkpoint);
  const variables = bundle ?? NO_VARIABLES;
  const variableKeys = await variableKeysOf(graph, meta, variables);
  const digests: Record<string, string> = { [file]: digest };
  if (bundle !== undefined) {
    for (const path of [`${checkpoint}.index`, ...bundle.shards]) digests[path] = await sha256OfFile(files, path);
  }
  const assets = await assetsOf(files, format, meta);
  return {
    graph,
    signatures: signaturesFrom(meta.signature_def),
    variableKeys,
    variables,
    assets,
    assetTensors: new Map(meta.asset_file_def.map((def) => [tensorName(def.tensor_info?.name ?? ''), def.filename])),
    readAssets: () => readAssets(files, assets),
    checkpoint: {
      format,
      globalStep: await globalStep(variableKeys, variables),
      producers: {
        tensorflow: meta.meta_info_def?.tensorflow_version ?? '',
        graphProducer: graph.versions?.producer ?? 0,
        graphMinConsumer: graph.versions?.min_consumer ?? 0,
      },
      tags: meta.meta_info_def?.tags ?? [],
      digests,
    },
  };
}

/** TensorFlow 1 says in a collection which files there are, so the folder is asked. */
async function assetsOf(
  files: FileAccess,
  format: CheckpointMetadata['format'],
  meta: MetaGraphDef,
): Promise<readonly string[]> {
  if (meta.asset_file_def.length > 0 || format !== 'saved-model') return meta.asset_file_def.map((def) => def.filename);
  return (await files.list('assets')).filter((name) => !name.endsWith('/'));
}

async function readAssets(files: FileAccess, names: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
  const contents = new Map<string, Uint8Array>();
  for (const name of names) contents.set(name, await files.read(`assets/${name}`));
  return contents;
}
