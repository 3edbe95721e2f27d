/**
 * What comes after a trainer, whichever it was: its model is frozen if it is not yet, compared with the version whose place it may take, and
 * measured beside it by the examples held out. What fails here is never published.
 */
import { join } from 'node:path';
import {
  constValue,
  FloeError,
  numbersOf,
  readSource,
  type Signature,
  type Source,
  type TensorSpec,
  tensorName,
} from '@floe/graph';
import { readAndFreeze, writeVersion } from '../build/freeze-version.ts';
import { warmUpRequests } from '../build/warm-up-requests.ts';
import type { Description, Manifest } from '../core/manifest.ts';
import type { Drift } from '../core/promotion.ts';
import type { TrainRequest } from '../core/trainer.ts';
import { exists, FROZEN_FILE, MANIFEST_FILE, readManifest } from '../store/version-folder.ts';
import { readDataset } from './dataset.ts';
import { assetsOf, descriptionOf, lineageOf } from './describe-base.ts';
import { driftBetween, type Evaluation, evaluate, storeEvaluation } from './evaluate/evaluate.ts';

export interface FinishRequest extends TrainRequest {
  readonly trainer: string;
  /** Folder of the version whose place it may take: the stable one by now, most often its base. */
  readonly stable: string;
  /** What the trainer left: a version's folder, or anything that `floe freeze` reads. */
  readonly trained: string;
}

export interface Finished {
  /** Its manifest says what was measured. */
  readonly folder: string;
  readonly evaluation: Evaluation;
  /** Of the stable version, by the same examples. */
  readonly before: Evaluation;
  readonly drift: Drift;
}

/**
 * Throws FAILED_PRECONDITION naming what makes the model unfit (other inputs or outputs than before, weights or answers that are no numbers),
 * and what freezing, compiling and running throw.
 */
export async function finish(request: FinishRequest, signal: AbortSignal): Promise<Finished> {
  const base = await readManifest(request.base);
  const folder = (await exists(join(request.trained, MANIFEST_FILE)))
    ? request.trained
    : await freezeTrained(request, base);
  checkSignature(await readManifest(request.stable), await readManifest(folder));
  await checkWeights(folder);
  const dataset = await readDataset(request.dataset);
  const before = await evaluate(request.stable, dataset, signal);
  const evaluation = await evaluate(folder, dataset, signal);
  const drift = await driftBetween(request.stable, folder, dataset, signal);
  await storeEvaluation(folder, evaluation);
  return { folder, evaluation, before, drift };
}

async function freezeTrained(request: FinishRequest, base: Manifest): Promise<string> {
  const { frozen, readAssets } = await readAndFreeze({ source: request.trained });
  const dataset = await readDataset(request.dataset);
  const key = Object.keys(frozen.signatures).includes('serving_default')
    ? 'serving_default'
    : (Object.keys(frozen.signatures)[0] ?? '');
  const { folder } = await writeVersion(
    {
      frozen,
      readAssets: withAssets(readAssets, assetsOf(request.base, base)),
      description: describedFor(base, key),
      warmUp: await warmUpRequests(request.base, frozen.signatures),
      lineage: lineageOf(base, dataset.manifest.digest, request.trainer, request.parameters),
    },
    { root: request.output, name: base.name, version: request.version },
  );
  return folder;
}

/** The trainer's own, and those of the base that it says nothing of. */
function withAssets(own: Source['readAssets'], inherited: Source['readAssets']): Source['readAssets'] {
  return async () => new Map([...(await inherited()), ...(await own())]);
}

/** Its default signature may have another name than the one whose place it takes. */
function describedFor(base: Manifest, key: string): Description {
  const description = descriptionOf(base);
  return {
    ...description,
    preprocessing: renamed(description.preprocessing, base.defaultSignature, key),
    padding: renamed(description.padding, base.defaultSignature, key),
  };
}

function renamed<T>(entries: Readonly<Record<string, T>>, from: string, to: string): Record<string, T> {
  return Object.fromEntries(Object.entries(entries).map(([key, value]) => [key === from ? to : key, value]));
}

function checkSignature(stable: Manifest, made: Manifest): void {
  const [before, after] = [defaultOf(stable), defaultOf(made)];
  for (const side of ['inputs', 'outputs'] as const) {
    for (const [name, spec] of Object.entries(before[side])) checkSpec(side, name, spec, after[side][name]);
  }
  const added = Object.keys(after.inputs).find((name) => before.inputs[name] === undefined);
  if (added !== undefined) throw unfit(`it asks for another input, ${added}`, added);
}

function defaultOf({ signatures, defaultSignature }: Manifest): Signature {
  return (signatures[defaultSignature] ?? { inputs: {}, outputs: {}, methodName: '' }) as Signature;
}

function checkSpec(side: 'inputs' | 'outputs', name: string, before: TensorSpec, after: TensorSpec | undefined): void {
  const what = side === 'inputs' ? 'input' : 'output';
  if (after === undefined) throw unfit(`it has no ${what} ${name}`, name);
  if (after.dtype !== before.dtype) throw unfit(`${what} ${name} is ${after.dtype} instead of ${before.dtype}`, name);
  if (!takes(before.shape, after.shape))
    throw unfit(`${what} ${name} has shape [${after.shape}] instead of [${before.shape}]`, name);
}

/** Whether what fitted the one shape fits the other; what is unknown fits. */
function takes(before: TensorSpec['shape'], after: TensorSpec['shape']): boolean {
  if (before === undefined || after === undefined) return true;
  if (before === null || after === null) return true;
  return (
    before.length === after.length &&
    before.every((size, at) => isOpen(after[at]) || isOpen(size) || size === after[at])
  );
}

function isOpen(size: number | undefined): boolean {
  return size === undefined || size < 0;
}

/** Infinities may be meant, as in masks; what is no number never is. */
async function checkWeights(folder: string): Promise<void> {
  const { graph } = await readSource(join(folder, FROZEN_FILE));
  for (const node of graph.nodes) {
    if (node.op !== 'Const') continue;
    const value = constValue(node);
    if (!/^b?float/.test(value.dtype)) continue;
    if (numbersOf(value).some(Number.isNaN))
      throw unfit(`weights of ${node.name} are no numbers`, tensorName(node.name));
  }
}

function unfit(reason: string, tensor: string): FloeError {
  return new FloeError(
    'FAILED_PRECONDITION',
    `the trained model cannot take the place of the stable version: ${reason}`,
    {
      tensor,
    },
  );
}
