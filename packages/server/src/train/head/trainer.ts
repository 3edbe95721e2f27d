/**
 * The `head` trainer: retrains the last dense layers of a frozen classifier on examples, without Python. The trunk runs in the engine, once for
 * each example; the layers are trained here; their weights go into the constants of the graph, of which every other byte stays.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { FloeError, readSource, type Signature, type Source, sizeOf, type Tensor } from '@floe/graph';
import { writeVersion } from '../../build/freeze-version.ts';
import { warmUpRequests } from '../../build/warm-up-requests.ts';
import type { Manifest } from '../../core/manifest.ts';
import type { TrainContext, Trained, Trainer, TrainRequest } from '../../core/trainer.ts';
import { load, type ModelSession } from '../../index.ts';
import { FROZEN_FILE, readManifest } from '../../store/version-folder.ts';
import { type Dataset, readDataset } from '../dataset.ts';
import { assetsOf, descriptionOf, lineageOf } from '../describe-base.ts';
import { type Examples, isClasses, rowsWhere } from '../examples.ts';
import { runRows } from '../run-rows.ts';
import { restoreCheckpoint, saveCheckpoint } from './checkpoint.ts';
import { featuresOf } from './features.ts';
import { findHead, type Head } from './find.ts';
import { type Features, fit } from './fit.ts';
import { type Layer, Network, softmaxInto } from './network.ts';
import { type HeadParameters, headParameters } from './parameters.ts';
import { openProducts } from './products.ts';
import { layerOf, withLayers } from './weights.ts';

/** Share of the progress that the trunk has. */
const TRUNK = 0.5;
/** Examples by which it is checked that the layers are what the graph computes, and how far apart the two may be. */
const CHECKED = 8;
const NEAR = 1e-3;

interface Base {
  readonly manifest: Manifest;
  readonly source: Source;
  readonly signature: Signature;
  readonly head: Head;
}

export const trainHead: Trainer = async (request, context) => {
  const parameters = headParameters(request.parameters);
  const base = await openBase(request.base, parameters);
  const dataset = await readDataset(request.dataset);
  const rows = trainingRows(dataset, base.head);
  const products = await openProducts();
  try {
    const network = new Network(base.head.layers.map(layerOf), products);
    const session = await load(request.base);
    const data = await trunkFeatures(session, base, dataset.examples, rows, network, request, context).finally(() =>
      session.close(),
    );
    const features = gather(data, network.width, dataset.examples, rows);
    const layers = await fitWithCheckpoints(features, network, parameters, base, dataset, request, context);
    return await write(base, layers, parameters, dataset, request);
  } finally {
    await products.close();
  }
};

async function openBase(folder: string, { layers }: HeadParameters): Promise<Base> {
  const manifest = await readManifest(folder);
  const signature = manifest.signatures[manifest.defaultSignature];
  if (signature === undefined) throw new FloeError('FAILED_PRECONDITION', `${folder} has no default signature`);
  const source = await readSource(join(folder, FROZEN_FILE));
  return { manifest, source, signature, head: findHead(source.graph, signature, layers) };
}

/** Throws INVALID_ARGUMENT for a class that the model does not have. */
function trainingRows({ manifest, examples }: Dataset, head: Head): Int32Array {
  const { labels, holdout } = examples;
  if (!isClasses(labels))
    throw new FloeError('INVALID_ARGUMENT', `the labels of ${manifest.name} are numbers, not classes`, {
      field: 'label',
    });
  const classes = head.layers.at(-1)?.outputs ?? 0;
  const bad = labels.findIndex((label) => label >= classes);
  if (bad >= 0) {
    throw new FloeError('INVALID_ARGUMENT', `example ${bad} is of class ${labels[bad]}, the model has ${classes}`, {
      field: `label[${bad}]`,
    });
  }
  const rows = rowsWhere(holdout, 0);
  if (rows.length >= 2) return rows;
  throw new FloeError(
    'FAILED_PRECONDITION',
    `${manifest.name} has ${rows.length} examples to train on, at least 2 are needed`,
  );
}

async function trunkFeatures(
  session: ModelSession,
  { manifest, signature, head }: Base,
  examples: Examples,
  rows: Int32Array,
  network: Network,
  request: TrainRequest,
  { signal, progress, log }: TrainContext,
): Promise<Float32Array> {
  await checkHead(session, signature, head, network, examples, rows.subarray(0, CHECKED), signal);
  const trunk = {
    session,
    signature,
    graph: manifest.files[FROZEN_FILE]?.sha256 ?? '',
    features: head.features,
    width: network.width,
  };
  const hooks = { signal, log, progress: (share: number) => progress(share * TRUNK) };
  return featuresOf(trunk, examples, rows, join(request.checkpoint, 'features'), hooks);
}

/** The layers alone have to give what the whole graph gives, else something on the way was not understood. */
async function checkHead(
  session: ModelSession,
  signature: Signature,
  head: Head,
  network: Network,
  examples: Examples,
  rows: Int32Array,
  signal: AbortSignal,
): Promise<void> {
  const fetches = [head.features, head.outputTensor];
  for await (const { rows: some, outputs } of runRows(session, signature, examples, rows, fetches, signal)) {
    const [features, expected] = outputs as [Tensor, Tensor];
    const found = await answersOf(network, features.data as Float32Array, some.length, head.hasSoftmax);
    const wanted = expected.data as Float32Array;
    const isWide = sizeOf(features.shape.slice(1)) === network.width;
    const scale = wanted.subarray(0, found.length).reduce((most, one) => Math.max(most, Math.abs(one)), 1);
    const isNear = isWide && found.every((one, at) => Math.abs(one - (wanted[at] as number)) <= NEAR * scale);
    if (isNear) continue;
    const names = head.layers.map(({ product }) => product.name).join(', ');
    throw new FloeError(
      'FAILED_PRECONDITION',
      `${names} on ${head.features} do not give ${head.outputTensor}: something else is between them`,
      { tensor: head.outputTensor },
    );
  }
}

async function answersOf(
  network: Network,
  features: Float32Array,
  n: number,
  hasSoftmax: boolean,
): Promise<Float32Array> {
  const scores = await network.scores(features, n);
  const { classes } = network;
  if (hasSoftmax) for (let row = 0; row < n; row++) softmaxInto(scores, scores, row * classes, classes);
  return scores;
}

function gather(data: Float32Array, width: number, { labels, feedback }: Examples, rows: Int32Array): Features {
  return {
    data,
    width,
    labels: Int32Array.from(rows, (row) => labels[row] as number),
    feedback: Uint8Array.from(rows, (row) => feedback[row] as number),
  };
}

async function fitWithCheckpoints(
  features: Features,
  network: Network,
  parameters: HeadParameters,
  base: Base,
  dataset: Dataset,
  request: TrainRequest,
  context: TrainContext,
): Promise<readonly Layer[]> {
  const frozen = base.manifest.files[FROZEN_FILE]?.sha256;
  const about = JSON.stringify([frozen, dataset.manifest.digest, parameters]);
  const key = createHash('sha256').update(about).digest('hex');
  const sizes = network.parameters.map(({ length }) => length);
  const state = await restoreCheckpoint(request.checkpoint, key, sizes, context.log);
  if (state !== undefined) context.log(`goes on after epoch ${state.epoch}`);
  const batches = Math.ceil(features.labels.length / parameters.batch);
  return fit(
    features,
    network,
    parameters,
    {
      signal: context.signal,
      onEpoch: async (figures, now) => {
        context.metric({ ...figures });
        context.progress(Math.min(1, TRUNK + ((1 - TRUNK) * now.epoch * batches) / parameters.steps));
        await saveCheckpoint(request.checkpoint, key, now);
        await context.checkpointed();
      },
    },
    state,
  );
}

async function write(
  { manifest, source, head }: Base,
  layers: readonly Layer[],
  parameters: HeadParameters,
  dataset: Dataset,
  request: TrainRequest,
): Promise<Trained> {
  const graph = withLayers(source.graph, head, layers);
  const { signatures, checkpoint, assets } = source;
  const contents = {
    frozen: { graph, signatures, checkpoint, assets },
    readAssets: assetsOf(request.base, manifest),
    description: descriptionOf(manifest),
    warmUp: await warmUpRequests(request.base, signatures),
    lineage: lineageOf(manifest, dataset.manifest.digest, 'head', request.parameters, parameters.seed),
  };
  const { opset, name } = manifest;
  const target = { root: request.output, name, version: request.version, ...(opset === undefined ? {} : { opset }) };
  const { folder } = await writeVersion(contents, target);
  return { folder };
}
