/** A loaded version: its manifest and its sessions. Ready once the default signature's session is open and warm. */
import { join } from 'node:path';
import { FloeError, invalid, type Tensor, type TensorSpec, tensorName } from '@floe/graph/base';
import { artefactKeyOf, type NamedArtefact, namedArtefact } from '../build/artefact.ts';
import type { NamedTensor, Servable } from '../core/inference.ts';
import { andThen, type Later } from '../core/later.ts';
import type { Manifest } from '../core/manifest.ts';
import { type Padding, paddingOf } from '../core/padding.ts';
import type { Terms } from '../core/terms.ts';
import type { Work } from '../queue/work.ts';
import { FROZEN_FILE, readManifest } from '../store/version-folder.ts';
import { type RunCall, resolveCall, type SignatureNames, signatureNames } from './resolve.ts';
import { type GraphFile, type SessionDeps, Sessions } from './sessions.ts';

/** How runs come to be: when it is their turn, in chunks or with others, or at once. */
export type Execute = (work: Work, terms: Terms) => Promise<readonly Tensor[]>;

export interface ServableDeps extends SessionDeps {
  readonly execute: Execute;
}

interface KnownSignature {
  readonly names: SignatureNames;
  readonly artefact: NamedArtefact;
  readonly padding: Padding | undefined;
}

/** Each look at a graph reads it whole: a caller must not be able to queue any number of them. */
const MOST_LOOKUPS = 8;

export class LoadedServable implements Servable {
  readonly model: string;
  readonly version: number;
  readonly signatures: Servable['signatures'];
  readonly defaultSignature: string;
  readonly labels: readonly string[];
  readonly preprocessing: Servable['preprocessing'];
  readonly metadata: Servable['metadata'];
  readonly deterministic: boolean;
  private readonly manifest: Manifest;
  private readonly graph: GraphFile;
  private readonly deps: ServableDeps;
  private readonly sessions: Sessions;
  private readonly known = new Map<string, KnownSignature>();
  /** Types of tensors that no signature declares, once they were asked for. */
  private looking = 0;
  private readonly otherTypes = new Map<string, Promise<TensorSpec>>();

  constructor(
    folder: string,
    manifest: Manifest,
    identity: { model: string; version: number },
    deps: ServableDeps,
    graph: GraphFile,
  ) {
    this.graph = graph;
    this.manifest = manifest;
    this.deps = deps;
    this.model = identity.model;
    this.version = identity.version;
    this.signatures = manifest.signatures;
    this.defaultSignature = manifest.defaultSignature;
    this.labels = manifest.labels;
    this.preprocessing = manifest.preprocessing;
    const { checkpoint, accuracy, lineage, rowIndependent, deterministic } = manifest;
    this.deterministic = deterministic;
    this.metadata = { checkpoint, accuracy, lineage, rowIndependent, deterministic };
    this.sessions = new Sessions(folder, deps, graph);
    for (const [key, signature] of Object.entries(manifest.signatures)) {
      const artefact = namedArtefact(artefactKeyOf(this.graphDigest, signature, manifest.opset));
      const declared = manifest.padding[key];
      const padding = declared === undefined ? undefined : paddingOf(key, signature, declared);
      this.known.set(key, { names: signatureNames(key, signature), artefact, padding });
    }
  }

  /** As the manifest states it, 0..1. */
  get accuracy(): number | undefined {
    return this.manifest.accuracy?.value;
  }

  get openSessions(): number {
    return this.sessions.size;
  }

  run(call: RunCall, terms: Terms): Later<readonly NamedTensor[]> {
    const signature = this.known.get(call.signature ?? this.defaultSignature);
    if (signature === undefined) throw this.unknownSignature(call.signature ?? '');
    const { isSignature, feeds, fetches, names } = resolveCall(call, signature.names);
    const artefact = isSignature ? signature.artefact : this.variant(feeds, fetches);
    const padding = isSignature ? signature.padding : undefined;
    const results = andThen(artefact, (named) =>
      this.sessions.use(named, isSignature, ({ session, cost, rowIndependent }) =>
        this.deps.execute({ session, cost, rowIndependent, padding, feeds, fetches, model: this.model }, terms),
      ),
    );
    return andThen(results, (tensors) => names.map((name, index) => ({ name, tensor: tensors[index] as Tensor })));
  }

  /** Opens and warms the default signature's session. */
  async open(): Promise<void> {
    const signature = this.known.get(this.defaultSignature);
    if (signature !== undefined) await this.sessions.use(signature.artefact, true, async () => {});
  }

  /** Waits for runs under way and gives the memory back. */
  close(): Promise<void> {
    return this.sessions.close();
  }

  /** What is compiled for feeds and fetches that no signature has. */
  private async variant(feeds: ReadonlyMap<string, Tensor>, fetches: readonly string[]): Promise<NamedArtefact> {
    const types = [...feeds.keys()].map((name) => this.declaredType(name) ?? this.typeInGraph(name));
    const { opset } = this.manifest;
    return namedArtefact({
      graph: this.graphDigest,
      feeds: (await Promise.all(types)).sort((a, b) => (a.name < b.name ? -1 : 1)),
      fetches: [...new Set(fetches)].sort(),
      ...(opset === undefined ? {} : { opset }),
    });
  }

  private unknownSignature(key: string): FloeError {
    const known = [...this.known.keys()].join(', ');
    return invalid(`model ${this.model} has no signature ${JSON.stringify(key)}; it has: ${known}`, {
      field: 'signature',
    });
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
    if (this.looking >= MOST_LOOKUPS) {
      throw new FloeError('RESOURCE_EXHAUSTED', `too many requests for unusual tensors of ${this.model}; try again`);
    }
    this.looking++;
    const type = this.graph()
      .then((frozen) => this.deps.builder.types({ frozen, feeds: this.signatureInputs(), tensors: [name] }))
      .then((types) => types[0] as TensorSpec)
      .finally(() => this.looking--);
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

/** Loads a frozen version's folder; `identity` is what it is served as, `graph` where its graph is. Throws what reading, compiling and opening throw. */
export async function loadVersion(
  folder: string,
  identity: { model: string; version: number } | undefined,
  deps: ServableDeps,
  graph: GraphFile = async () => join(folder, FROZEN_FILE),
): Promise<LoadedServable> {
  const manifest = await readManifest(folder);
  const servable = new LoadedServable(
    folder,
    manifest,
    identity ?? { model: manifest.name, version: manifest.version },
    deps,
    graph,
  );
  try {
    await servable.open();
    return servable;
  } catch (error) {
    await servable.close();
    throw error;
  }
}
