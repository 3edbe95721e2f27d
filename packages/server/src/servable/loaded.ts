/** A loaded version: its manifest and its sessions. Ready once the default signature's session is open and warm. */
import { join } from 'node:path';
import { type Tensor, type TensorSpec, tensorName } from '@floe/graph/base';
import { type ArtefactKey, artefactKeyOf } from '../build/artefact.ts';
import type { NamedTensor, Servable } from '../core/inference.ts';
import type { Manifest } from '../core/manifest.ts';
import { FROZEN_FILE, readManifest } from '../store/version-folder.ts';
import { type Resolved, type RunCall, resolveCall } from './resolve.ts';
import { type SessionDeps, Sessions } from './sessions.ts';

export class LoadedServable implements Servable {
  readonly model: string;
  readonly version: number;
  readonly signatures: Servable['signatures'];
  readonly defaultSignature: string;
  readonly labels: readonly string[];
  readonly preprocessing: Servable['preprocessing'];
  readonly metadata: Servable['metadata'];
  private readonly manifest: Manifest;
  private readonly folder: string;
  private readonly deps: SessionDeps;
  private readonly sessions: Sessions;
  private readonly signatureKeys = new Map<string, ArtefactKey>();
  /** Types of tensors that no signature declares, once they were asked for. */
  private readonly otherTypes = new Map<string, Promise<TensorSpec>>();

  constructor(folder: string, manifest: Manifest, identity: { model: string; version: number }, deps: SessionDeps) {
    this.folder = folder;
    this.manifest = manifest;
    this.deps = deps;
    this.model = identity.model;
    this.version = identity.version;
    this.signatures = manifest.signatures;
    this.defaultSignature = manifest.defaultSignature;
    this.labels = manifest.labels;
    this.preprocessing = manifest.preprocessing;
    const { checkpoint, accuracy, lineage, rowIndependent, deterministic } = manifest;
    this.metadata = { checkpoint, accuracy, lineage, rowIndependent, deterministic };
    this.sessions = new Sessions(folder, deps);
    for (const [key, signature] of Object.entries(manifest.signatures)) {
      this.signatureKeys.set(key, artefactKeyOf(this.graphDigest, signature, manifest.opset));
    }
  }

  get openSessions(): number {
    return this.sessions.size;
  }

  async run(call: RunCall): Promise<readonly NamedTensor[]> {
    const resolved = resolveCall(call, this);
    const key = await this.keyFor(resolved);
    const wanted = [...new Set(resolved.fetches)];
    const isPinned = resolved.signature !== undefined;
    const results = await this.sessions.use(key, isPinned, (session) => session.run(resolved.feeds, wanted));
    return resolved.names.map((name, index) => ({
      name,
      tensor: results[wanted.indexOf(resolved.fetches[index] as string)] as Tensor,
    }));
  }

  /** Opens and warms the default signature's session. */
  async open(): Promise<void> {
    const key = this.signatureKeys.get(this.defaultSignature);
    if (key !== undefined) await this.sessions.use(key, true, async () => {});
  }

  /** Waits for runs under way and gives the memory back. */
  close(): Promise<void> {
    return this.sessions.close();
  }

  private async keyFor(resolved: Resolved): Promise<ArtefactKey> {
    const known = resolved.signature === undefined ? undefined : this.signatureKeys.get(resolved.signature);
    if (known !== undefined) return known;
    const declared = [...resolved.feeds.keys()].map((name) => this.declaredType(name) ?? this.typeInGraph(name));
    const { opset } = this.manifest;
    return {
      graph: this.graphDigest,
      feeds: (await Promise.all(declared)).sort((a, b) => (a.name < b.name ? -1 : 1)),
      fetches: [...new Set(resolved.fetches)].sort(),
      ...(opset === undefined ? {} : { opset }),
    };
  }

  private get graphDigest(): string {
    return this.manifest.files[FROZEN_FILE]?.sha256 ?? '';
  }

  private declaredType(name: string): TensorSpec | undefined {
    return this.signatureInputs().find((spec) => spec.name === name);
  }

  private typeInGraph(name: string): Promise<TensorSpec> {
    const known = this.otherTypes.get(name);
    if (known !== undefined) return known;
    const frozen = join(this.folder, FROZEN_FILE);
    const type = this.deps.builder
      .types({ frozen, feeds: this.signatureInputs(), tensors: [name] })
      .then((types) => types[0] as TensorSpec);
    this.otherTypes.set(name, type);
    type.catch(() => this.otherTypes.delete(name));
    return type;
  }

  private signatureInputs(): readonly TensorSpec[] {
    return Object.values(this.signatures).flatMap((signature) =>
      Object.values(signature.inputs).map((spec) => ({ ...spec, name: tensorName(spec.name) })),
    );
  }
}

/** Loads a frozen version's folder; `identity` is what it is served as. Throws what reading, compiling and opening throw. */
export async function loadVersion(
  folder: string,
  identity: { model: string; version: number } | undefined,
  deps: SessionDeps,
): Promise<LoadedServable> {
  const manifest = await readManifest(folder);
  const servable = new LoadedServable(
    folder,
    manifest,
    identity ?? { model: manifest.name, version: manifest.version },
    deps,
  );
  try {
    await servable.open();
    return servable;
  } catch (error) {
    await servable.close();
    throw error;
  }
}
