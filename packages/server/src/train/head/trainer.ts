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
import { type Layer, Network, padded, softmaxInto } from './network.ts';
import { type HeadParameters, headParameters } from './parameters.ts';
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
  const start = base.head.layers.map(layerOf);
  const session = await load(request.base);
  const data = await trunkFeatures(session, base, dataset.examples, rows, start, request, context).finally(() =>
    session.close(),
  );
  const features = gather(data, start[0]?.inputs ?? 0, dataset.examples, rows);
  const layers = await fitWithCheckpoints(features, start, parameters, base, dataset, request, context);
  return write(base, layers, parameters, dataset, request);
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
  start: readonly Layer[],
  request: TrainRequest,
  { signal, progress, log }: TrainContext,
): Promise<Float32Array> {
  await checkHead(session, signature, head, start, examples, rows.subarray(0, CHECKED), signal);
  const trunk = {
    session,
    signature,
    graph: manifest.files[FROZEN_FILE]?.sha256 ?? '',
    features: head.features,
    width: start[0]?.inputs ?? 0,
  };
  const hooks = { signal, log, progress: (share: number) => progress(share * TRUNK) };
  return featuresOf(trunk, examples, rows, join(request.checkpoint, 'features'), hooks);
}

/** The layers alone have to give what the whole graph gives, else something on the way was not understood. */
async function checkHead(
  session: ModelSession,
  signature: Signature,
  head: Head,
  start: readonly Layer[],
  examples: Examples,
  rows: Int32Array,
  signal: AbortSignal,
): Promise<void> {
  const fetches = [head.features, head.outputTensor];
  for await (const { rows: some, outputs } of runRows(session, signature, examples, rows, fetches, signal)) {
    const [features, expected] = outputs as [Tensor, Tensor];
    const found = answersOf(start, features.data as Float32Array, some.length, head.hasSoftmax);
    const wanted = expected.data as Float32Array;
    const isWide = sizeOf(features.shape.slice(1)) === start[0]?.inputs;
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

function answersOf(layers: readonly Layer[], features: Float32Array, n: number, hasSoftmax: boolean): Float32Array {
  const network = new Network(layers, n);
  const { inputs } = layers[0] as Layer;
  const fed = new Float32Array(padded(n) * inputs);
  fed.set(features.subarray(0, n * inputs));
  const scores = network.scores(fed, n);
  const { width, outputs } = network.layers.at(-1) ?? { width: 0, outputs: 0 };
  const answers = new Float32Array(n * outputs);
  for (let row = 0; row < n; row++) {
    if (hasSoftmax) softmaxInto(scores, scores, row * width, outputs);
    answers.set(scores.subarray(row * width, row * width + outputs), row * outputs);
  }
  return answers;
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
  start: readonly Layer[],
  parameters: HeadParameters,
  base: Base,
  dataset: Dataset,
  request: TrainRequest,
  context: TrainContext,
): Promise<readonly Layer[]> {
  const frozen = base.manifest.files[FROZEN_FILE]?.sha256;
  const about = JSON.stringify([frozen, dataset.manifest.digest, parameters]);
  const key = createHash('sha256').update(about).digest('hex');
  const sizes = new Network(start, 1).parameters.map(({ length }) => length);
  const state = await restoreCheckpoint(request.checkpoint, key, sizes, context.log);
  if (state !== undefined) context.log(`goes on after epoch ${state.epoch}`);
  const batches = Math.ceil(features.labels.length / parameters.batch);
  return fit(
    features,
    start,
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
