/**
 * The sessions of one loaded version: one for each compiled artefact, opened once, shared by all requests. Sessions of signatures
 * stay; those for other feeds and fetches are kept while they are among the most recently used.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { asFloeError, FloeError, sizeOf, type Tensor, type TensorSpec, zeros } from '@floe/graph/base';
import {
  type Artefact,
  type ArtefactKey,
  findArtefact,
  type NamedArtefact,
  verifyArtefact,
} from '../build/artefact.ts';
import type { Builder } from '../build/builder.ts';
import type { Engine, Session, SessionOptions } from '../core/engine.ts';
import { andThen, holding, type Later } from '../core/later.ts';
import type { CostModel } from '../cost/cost-model.ts';
import { COMPILED_FOLDER } from '../store/version-folder.ts';

/** Sessions for feeds and fetches that no signature has: each holds weights of its own, so there are few. */
const MOST_VARIANTS = 4;

/** What runs and what it is known to cost. */
export interface OpenSession {
  readonly session: Session;
  readonly cost: CostModel;
  /** The compiler has proved that the rows of a batch do not influence each other. */
  readonly rowIndependent: boolean;
}

/** Keeps what is learned of costs; `release` follows each `open`. */
export interface Costs {
  open(artefact: string, flops: number | undefined): Promise<CostModel>;
  release(artefact: string): Promise<void>;
}

export interface SessionDeps {
  readonly engine: Engine;
  readonly builder: Builder;
  readonly costs: Costs;
  /** Told of each session of a signature, once it is open. */
  readonly onOpen?: (opened: OpenSession) => void;
  /** How sessions are opened. */
  readonly session: SessionOptions;
  /** Folder for artefacts where the version's own folder cannot be written to. */
  readonly cacheFolder: string;
}

/** Where the frozen graph is, which may have to come first: what is compiled runs without it. */
export type GraphFile = () => Promise<string>;

interface Entry {
  readonly session: Promise<OpenSession>;
  /** Once it is open. */
  opened?: OpenSession;
  readonly pinned: boolean;
  users: number;
}

export class Sessions {
  private readonly folder: string;
  private readonly deps: SessionDeps;
  private readonly graph: GraphFile;
  /** In order of last use. */
  private readonly entries = new Map<string, Entry>();
  private closed = false;

  constructor(folder: string, deps: SessionDeps, graph: GraphFile) {
    this.folder = folder;
    this.graph = graph;
    this.deps = deps;
  }

  /** Number of open sessions. */
  get size(): number {
    return this.entries.size;
  }

  /** Holds the session for as long as `work` runs; opens it first where needed. */
  use<T>({ key, name }: NamedArtefact, pinned: boolean, work: (opened: OpenSession) => Later<T>): Later<T> {
    if (this.closed) throw new FloeError('FAILED_PRECONDITION', 'this version is closed');
    const entry = this.entries.get(name) ?? this.add(name, key, pinned);
    entry.users++;
    this.touch(name, entry);
    return holding(
      () => andThen(entry.opened ?? entry.session, work),
      () => entry.users--,
    );
  }

  /** Closes every session once its runs are over. */
  async close(): Promise<void> {
    this.closed = true;
    const open = [...this.entries];
    this.entries.clear();
    await Promise.allSettled(open.map(async ([name, entry]) => this.closeEntry(name, entry)));
  }

  private add(name: string, key: ArtefactKey, pinned: boolean): Entry {
    if (!pinned) this.makeRoom();
    const session = this.open(key, name, pinned);
    const entry: Entry = { session, pinned, users: 0 };
    this.entries.set(name, entry);
    session.then(
      (opened) => (entry.opened = opened),
      // A session that failed to open is tried again by the next request.
      () => this.entries.delete(name),
    );
    return entry;
  }

  private touch(name: string, entry: Entry): void {
    if (entry.pinned || !this.entries.delete(name)) return;
    this.entries.set(name, entry);
  }

  /** Closes the variant that was unused longest where there are as many as may be. Throws RESOURCE_EXHAUSTED where all are in use. */
  private makeRoom(): void {
    const variants = [...this.entries].filter(([, entry]) => !entry.pinned);
    if (variants.length < MOST_VARIANTS) return;
    const [name, entry] = variants.find(([, { users }]) => users === 0) ?? [];
    if (name === undefined || entry === undefined) {
      throw new FloeError(
        'RESOURCE_EXHAUSTED',
        `${MOST_VARIANTS} other sets of feeds and fetches are in use; try again`,
      );
    }
    this.entries.delete(name);
    this.closeEntry(name, entry).catch(() => {});
  }

  private async closeEntry(name: string, entry: Entry): Promise<void> {
    const { session } = await entry.session;
    await session.close();
    await this.deps.costs.release(name);
  }

  private async open(key: ArtefactKey, name: string, pinned: boolean): Promise<OpenSession> {
    const { artefact, session } = await this.openSound(key);
    const cost = await this.deps.costs.open(name, artefact.flops);
    const opened = { session, cost, rowIndependent: artefact.rowIndependent.proved };
    if (pinned) this.deps.onOpen?.(opened);
    return opened;
  }

  private async openSound(key: ArtefactKey): Promise<{ readonly artefact: Artefact; readonly session: Session }> {
    const artefact = await this.artefact(key);
    try {
      return { artefact, session: await this.openVerified(artefact) };
    } catch (error) {
      if (asFloeError(error).code !== 'DATA_LOSS') throw error;
      // Artefacts are derived: a damaged one is made again, once.
      await rm(artefact.folder, { recursive: true, force: true });
      const again = await this.artefact(key);
      return { artefact: again, session: await this.openVerified(again) };
    }
  }

  /** Opens and verifies at the same time; a session is used only if its files are sound. */
  private async openVerified(artefact: Artefact): Promise<Session> {
    const opening = this.openParts(artefact);
    const [opened, verified] = await Promise.allSettled([opening, verifyArtefact(artefact)]);
    if (opened.status === 'rejected') throw verified.status === 'rejected' ? verified.reason : opened.reason;
    if (verified.status === 'rejected') {
      await opened.value.close();
      throw verified.reason;
    }
    return opened.value;
  }

  /** The engine's session is warmed by itself: no zeros get past what parses and looks up before it. */
  private async openParts(artefact: Artefact): Promise<Session> {
    const { model, host } = artefact;
    const engine = model === undefined ? undefined : await this.deps.engine.open(model, this.deps.session);
    if (engine !== undefined) await warm(engine);
    if (host === undefined && engine !== undefined) return engine;
    const { openHosted } = await import('./host/session.ts');
    return openHosted(artefact, engine);
  }

  private async artefact(key: ArtefactKey): Promise<Artefact> {
    const own = join(this.folder, COMPILED_FOLDER);
    const folders = [own, this.deps.cacheFolder];
    const found = await findArtefact(folders, key);
    if (found !== undefined) return found;
    const frozen = await this.graph();
    await this.deps.builder.compile({ frozen, into: own, key }).catch((error: unknown) => {
      if (asFloeError(error).code !== 'PERMISSION_DENIED') throw error;
      return this.deps.builder.compile({ frozen, into: this.deps.cacheFolder, key });
    });
    const made = await findArtefact(folders, key);
    if (made === undefined)
      throw new FloeError('INTERNAL', `the compiled graph of ${this.folder} is not where it was written`);
    return made;
  }
}

/** One run on zeros, so that the first request does not pay for the engine's lazy work. */
async function warm(session: Session): Promise<void> {
  const feeds = new Map(session.inputs.map((spec) => [spec.name, zerosFor(spec)]));
  // A graph may refuse zeros or a size of one where it leaves dimensions open; that is no reason not to serve it.
  await session
    .run(
      feeds,
      session.outputs.map(({ name }) => name),
    )
    .catch(() => {});
}

function zerosFor(spec: TensorSpec): Tensor {
  const shape = (spec.shape ?? []).map((dim) => (dim < 0 ? 1 : dim));
  if (spec.dtype === 'string')
    return { dtype: 'string', shape, data: new Array(sizeOf(shape)).fill(new Uint8Array(0)) };
  return zeros(spec.dtype, shape);
}
