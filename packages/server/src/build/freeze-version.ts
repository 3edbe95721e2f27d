/**
 * Freezing from end to end: read the model, freeze it, compile every signature, and write the version's folder with the manifest
 * last. The folder appears whole or not at all.
 */
import { mkdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import {
  asFloeError,
  FloeError,
  type Frozen,
  freeze,
  frozenChunks,
  readSource,
  type Signature,
  type Source,
  tensorName,
} from '@floe/graph';
import { type Description, MANIFEST_VERSION, type Manifest } from '../core/manifest.ts';
import { VERSION } from '../core/version.ts';
import {
  COMPILED_FOLDER,
  createWhole,
  type FileDigest,
  FROZEN_FILE,
  listVersions,
  MANIFEST_FILE,
  writeFile,
} from '../store/version-folder.ts';
import { type Artefact, type ArtefactKey, makeArtefact } from './artefact.ts';
import { describeSource } from './describe.ts';

export interface FreezeRequest {
  /** A SavedModel folder, a `.meta` or `.index` file of a checkpoint, or a `.pb`. */
  readonly source: string;
  /** The registry root that gets `<name>/<version>/`. */
  readonly root: string;
  readonly name: string;
  /** Default: one more than the newest there is. */
  readonly version?: number;
  readonly signature?: string;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  /** Placeholders with a fixed value. */
  readonly set?: Readonly<Record<string, string>>;
  /** A `floe.json`; default: the one beside the source, if any. */
  readonly describe?: string;
  /** ONNX opset to compile to; default: the newest that the engine runs well. */
  readonly opset?: number;
}

export interface FreezeResult {
  readonly folder: string;
  readonly manifest: Manifest;
  /** Signatures that were left out, because they cannot be compiled. */
  readonly leftOut: Readonly<Record<string, string>>;
}

/** Called as work goes on: which step, and how much of all is done (0..1). */
export type Progress = (step: string, share: number) => void;

/** `name` becomes a folder and part of URLs. */
const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Throws what reading, freezing, compiling and writing throw; INVALID_ARGUMENT for a bad name, ALREADY_EXISTS for a taken version. */
export async function freezeVersion(request: FreezeRequest, progress: Progress = () => {}): Promise<FreezeResult> {
  if (!MODEL_NAME.test(request.name)) {
    throw new FloeError(
      'INVALID_ARGUMENT',
      `${JSON.stringify(request.name)} is no model name: use letters, digits, . _ -`,
      {
        field: 'name',
      },
    );
  }
  progress('reading', 0);
  const source = await readSource(resolve(request.source));
  const description = await describeSource(request.source, request.describe);
  progress('freezing', 0.2);
  const frozen = await freeze(source, {
    ...(request.signature === undefined ? {} : { signatures: [request.signature] }),
    ...(request.inputs === undefined ? {} : { inputs: request.inputs }),
    ...(request.outputs === undefined ? {} : { outputs: request.outputs }),
    ...(request.set === undefined ? {} : { set: request.set }),
  });
  const modelFolder = join(resolve(request.root), request.name);
  await mkdir(modelFolder, { recursive: true });
  const version = request.version ?? ((await listVersions(modelFolder)).at(-1) ?? 0) + 1;
  const folder = join(modelFolder, String(version));
  let result: FreezeResult | undefined;
  await createWhole(folder, async (hidden) => {
    const writer = new VersionWriter(hidden, request, version, progress);
    result = { folder, ...(await writer.write(source, frozen, description)) };
  });
  progress('done', 1);
  return result as unknown as FreezeResult;
}

/** Writes one version's files into a hidden folder. */
class VersionWriter {
  private readonly folder: string;
  private readonly request: FreezeRequest;
  private readonly version: number;
  private readonly progress: Progress;

  constructor(folder: string, request: FreezeRequest, version: number, progress: Progress) {
    this.folder = folder;
    this.request = request;
    this.version = version;
    this.progress = progress;
  }

  async write(source: Source, frozen: Frozen, description: Description): Promise<Omit<FreezeResult, 'folder'>> {
    this.progress('writing frozen.pb', 0.4);
    const graph = await writeFile(join(this.folder, FROZEN_FILE), frozenChunks(frozen));
    const files: Record<string, FileDigest> = { [FROZEN_FILE]: graph };
    for (const [path, bytes] of await source.readAssets()) {
      files[`assets/${path}`] = await writeFile(join(this.folder, 'assets', path), [bytes]);
    }
    const { compiled, leftOut } = await this.compileAll(frozen, graph.sha256);
    const manifest = this.manifest(frozen, description, compiled, files);
    const text = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
    await writeFile(join(this.folder, MANIFEST_FILE), [text]);
    return { manifest, leftOut };
  }

  private async compileAll(frozen: Frozen, graph: string): Promise<Compiled> {
    const compiled = new Map<string, Artefact>();
    const leftOut: Record<string, string> = {};
    const keys = Object.keys(frozen.signatures);
    const needed = defaultSignature(keys);
    for (const [done, key] of keys.entries()) {
      this.progress(`compiling ${key}`, 0.5 + (0.5 * done) / keys.length);
      const signature = frozen.signatures[key] as Signature;
      try {
        const artefact = artefactKeyOf(graph, signature, this.request.opset);
        compiled.set(key, await makeArtefact(join(this.folder, COMPILED_FOLDER), artefact, frozen.graph));
      } catch (thrown) {
        const error = asFloeError(thrown);
        if (error.code !== 'UNIMPLEMENTED' || key === needed) throw error;
        leftOut[key] = error.message;
      }
    }
    return { compiled, leftOut };
  }

  private manifest(
    frozen: Frozen,
    description: Description,
    compiled: ReadonlyMap<string, Artefact>,
    files: Readonly<Record<string, FileDigest>>,
  ): Manifest {
    const signatures = Object.fromEntries(
      [...compiled.keys()].map((key) => [key, frozen.signatures[key] as Signature]),
    );
    const outputs = Object.values(signatures).flatMap((signature) => Object.values(signature.outputs));
    return {
      schemaVersion: MANIFEST_VERSION,
      name: this.request.name,
      version: this.version,
      defaultSignature: defaultSignature(Object.keys(signatures)),
      ...description,
      signatures: signatures as Manifest['signatures'],
      outputNodes: [...new Set(outputs.map((output) => output.name.replace(/:\d+$/, '')))],
      checkpoint: frozen.checkpoint as Manifest['checkpoint'],
      rowIndependent: Object.fromEntries([...compiled].map(([key, artefact]) => [key, artefact.rowIndependent])),
      deterministic: [...compiled.values()].every((artefact) => artefact.deterministic),
      ...(this.request.opset === undefined ? {} : { opset: this.request.opset }),
      lineage: { source: basename(resolve(this.request.source)), producer: `floe ${VERSION}` },
      files: { ...files },
    };
  }
}

interface Compiled {
  readonly compiled: ReadonlyMap<string, Artefact>;
  readonly leftOut: Readonly<Record<string, string>>;
}

/** The signature that serves where a request names none. */
function defaultSignature(keys: readonly string[]): string {
  return keys.includes('serving_default') ? 'serving_default' : (keys[0] ?? '');
}

/** Feeds and fetches of a signature, in a fixed order and without repeats. */
export function artefactKeyOf(graph: string, signature: Signature, opset?: number): ArtefactKey {
  const feeds = new Map(
    Object.values(signature.inputs).map((spec) => [tensorName(spec.name), { ...spec, name: tensorName(spec.name) }]),
  );
  const fetches = new Set(Object.values(signature.outputs).map((spec) => tensorName(spec.name)));
  return {
    graph,
    feeds: [...feeds.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    fetches: [...fetches].sort(),
    ...(opset === undefined ? {} : { opset }),
  };
}
