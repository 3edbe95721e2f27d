/**
 * Freezing from end to end: read the model, freeze it, compile the default signature, and write the version's folder with the manifest
 * last. The folder appears whole or not at all.
 */
import { mkdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import {
  FloeError,
  type Frozen,
  freeze,
  frozenChunks,
  invalid,
  readSource,
  type Signature,
  type Source,
} from '@floe/graph';
import { type Description, isModelName, type Lineage, MANIFEST_VERSION, type Manifest } from '../core/manifest.ts';
import { paddingOf } from '../core/padding.ts';
import { VERSION } from '../core/version.ts';
import { diskError } from '../store/disk-error.ts';
import { createWhole, type NewFolder } from '../store/new-folder.ts';
import {
  COMPILED_FOLDER,
  type FileDigest,
  FROZEN_FILE,
  listVersions,
  MANIFEST_FILE,
  WARM_UP_FILE,
} from '../store/version-folder.ts';
import { type Artefact, artefactKeyOf } from './artefact.ts';
import { collectGarbage } from './collect-garbage.ts';
import { makeArtefact } from './compile-artefact.ts';
import { describeSource } from './describe.ts';
import { type WarmUpRequests, warmUpRequests } from './warm-up-requests.ts';

/** Where a version goes, and what else its manifest says. */
export interface VersionRequest {
  /** The registry root that gets `<name>/<version>/`. */
  readonly root: string;
  readonly name: string;
  /** Default: one more than the newest there is. */
  readonly version?: number;
  /** ONNX opset to compile to; default: the newest that the engine runs well. */
  readonly opset?: number;
}

export interface FreezeRequest extends VersionRequest {
  /** A SavedModel folder, a `.meta` or `.index` file of a checkpoint, a `.pb`, a `.pbtxt`, or a graph model of TensorFlow.js. */
  readonly source: string;
  readonly signature?: string;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  /** Placeholders with a fixed value. */
  readonly set?: Readonly<Record<string, string>>;
  /** A `floe.json`; default: the one beside the source, if any. */
  readonly describe?: string;
}

/** A graph to write, and what no graph says. */
export interface NewVersion {
  readonly frozen: Frozen;
  readonly readAssets: Source['readAssets'];
  readonly description: Description;
  readonly lineage: Omit<Lineage, 'producer'>;
  readonly warmUp?: WarmUpRequests | undefined;
}

export interface FreezeResult {
  readonly folder: string;
  readonly manifest: Manifest;
  /** Warm-up requests of the source; absent where it has none. */
  readonly warmUp?: Omit<WarmUpRequests, 'bytes'>;
}

/** Called as work goes on: which step, and how much of all is done (0..1). */
export type Progress = (step: string, share: number) => void;

/** Throws what reading, freezing, compiling and writing throw; INVALID_ARGUMENT for a bad name, ALREADY_EXISTS for a taken version. */
export async function freezeVersion(request: FreezeRequest, progress: Progress = () => {}): Promise<FreezeResult> {
  checkName(request.name);
  progress('reading', 0);
  const description = await describeSource(request.source, request.describe);
  const { frozen, readAssets } = await readAndFreeze(request, progress);
  // NASNetMobile: 35 of 50 MB, and 0.04 s.
  collectGarbage();
  const lineage = { source: basename(resolve(request.source)) };
  const warmUp = await warmUpRequests(resolve(request.source), frozen.signatures);
  return writeVersion({ frozen, readAssets, description, lineage, warmUp }, request, progress);
}

function checkName(name: string): void {
  if (isModelName(name)) return;
  throw new FloeError('INVALID_ARGUMENT', `${JSON.stringify(name)} is no model name: use letters, digits, . _ -`, {
    field: 'name',
  });
}

function checkPadding({ description, frozen }: NewVersion): void {
  for (const [key, declared] of Object.entries(description.padding)) {
    const signature = frozen.signatures[key];
    if (signature === undefined) throw invalid(`padding.${key} is of no signature of the model`, { field: 'padding' });
    paddingOf(key, signature, declared);
  }
}

/** Throws as `freezeVersion`. */
export async function writeVersion(
  contents: NewVersion,
  request: VersionRequest,
  progress: Progress = () => {},
): Promise<FreezeResult> {
  checkName(request.name);
  checkPadding(contents);
  const modelFolder = join(resolve(request.root), request.name);
  await mkdir(modelFolder, { recursive: true }).catch((error: unknown) => {
    throw diskError(error, modelFolder);
  });
  const version = request.version ?? ((await listVersions(modelFolder)).at(-1) ?? 0) + 1;
  const folder = join(modelFolder, String(version));
  const manifest = await createWhole(folder, (hidden) =>
    new VersionWriter(hidden, request, version, progress).write(contents),
  );
  progress('done', 1);
  if (contents.warmUp === undefined) return { folder, manifest };
  const { kept, leftOut } = contents.warmUp;
  return { folder, manifest, warmUp: { kept, leftOut } };
}

/** Apart, so that the graph as it was read is not in memory while the frozen one is compiled and written. */
export async function readAndFreeze(
  request: Pick<FreezeRequest, 'source' | 'signature' | 'inputs' | 'outputs' | 'set'>,
  progress: Progress = () => {},
): Promise<Pick<Source, 'readAssets'> & { frozen: Frozen }> {
  const source = await readSource(resolve(request.source));
  progress('freezing', 0.2);
  const frozen = await freeze(source, {
    ...(request.signature === undefined ? {} : { signatures: [request.signature] }),
    ...(request.inputs === undefined ? {} : { inputs: request.inputs }),
    ...(request.outputs === undefined ? {} : { outputs: request.outputs }),
    ...(request.set === undefined ? {} : { set: request.set }),
  });
  return { frozen, readAssets: source.readAssets };
}

/** Writes one version's files into a hidden folder. */
class VersionWriter {
  private readonly folder: NewFolder;
  private readonly request: VersionRequest;
  private readonly version: number;
  private readonly progress: Progress;

  constructor(folder: NewFolder, request: VersionRequest, version: number, progress: Progress) {
    this.folder = folder;
    this.request = request;
    this.version = version;
    this.progress = progress;
  }

  async write({ frozen, readAssets, description, lineage, warmUp }: NewVersion): Promise<Manifest> {
    this.progress('writing frozen.pb', 0.4);
    const graph = await this.folder.write(FROZEN_FILE, frozenChunks(frozen));
    const files: Record<string, FileDigest> = { [FROZEN_FILE]: graph };
    for (const [path, bytes] of await readAssets()) {
      files[`assets/${path}`] = await this.folder.write(join('assets', path), [bytes]);
    }
    if (warmUp !== undefined && warmUp.kept > 0)
      files[WARM_UP_FILE] = await this.folder.write(WARM_UP_FILE, [warmUp.bytes]);
    const artefact = await this.compileDefault(frozen, graph.sha256);
    const manifest = this.manifest(
      frozen,
      { ...description, lineage: { ...lineage, producer: `floe ${VERSION}` } },
      artefact,
      files,
    );
    const text = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
    await this.folder.write(MANIFEST_FILE, [text]);
    return manifest;
  }

  /** Other signatures are compiled when they are first asked for: Keras, for one, exports every model under two names. */
  private compileDefault(frozen: Frozen, graph: string): Promise<Artefact> {
    const key = defaultSignature(frozen);
    this.progress(`compiling ${key}`, 0.6);
    const artefact = artefactKeyOf(graph, frozen.signatures[key] as Signature, this.request.opset);
    return makeArtefact(join(this.folder.path, COMPILED_FOLDER), artefact, frozen.graph);
  }

  private manifest(
    frozen: Frozen,
    said: Description & { readonly lineage: Lineage },
    { rowIndependent, deterministic }: Artefact,
    files: Readonly<Record<string, FileDigest>>,
  ): Manifest {
    const { signatures } = frozen;
    const key = defaultSignature(frozen);
    const outputs = Object.values(signatures).flatMap((signature) => Object.values(signature.outputs));
    return {
      schemaVersion: MANIFEST_VERSION,
      name: this.request.name,
      version: this.version,
      defaultSignature: key,
      ...said,
      signatures: signatures as Manifest['signatures'],
      outputNodes: [...new Set(outputs.map((output) => output.name.replace(/:\d+$/, '')))],
      checkpoint: frozen.checkpoint as Manifest['checkpoint'],
      rowIndependent: { [key]: rowIndependent },
      deterministic,
      ...(this.request.opset === undefined ? {} : { opset: this.request.opset }),
      files: { ...files },
    };
  }
}

/** The signature that serves where a request names none. */
export function defaultSignature({ signatures }: Pick<Frozen, 'signatures'>): string {
  const keys = Object.keys(signatures);
  return keys.includes('serving_default') ? 'serving_default' : (keys[0] ?? '');
}
