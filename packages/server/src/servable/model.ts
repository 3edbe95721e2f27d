/**
 * One model: the versions it has, which of them serve, and how new ones take the place of old ones. Requests are never dropped on
 * the way: an old version goes when its successor serves and its last request is answered; where both do not fit the memory and
 * the old one has to go first, requests wait for the successor.
 */
import { FloeError } from '@floe/graph/base';
import { type Asker, answersFrom } from '../core/canary.ts';
import type { SwapPolicy } from '../core/config.ts';
import type { ModelRef, ServableWork, VersionStatus } from '../core/inference.ts';
import { Trial } from '../core/trial.ts';
import { type Channels, defaultVersion, NO_CHANNELS } from '../registry/aspired.ts';
import type { FoundVersion } from '../registry/scan.ts';
import type { Aspired } from '../registry/selection.ts';
import { decideSwap, estimateMemory } from './lifecycle.ts';
import type { LoadGate } from './load-gate.ts';
import type { LoadedServable } from './loaded.ts';
import { type Failure, isWorthAnotherTry } from './retry.ts';
import { ServableVersion } from './version.ts';

/** Ended versions that a status still shows. */
const MOST_ENDED = 8;

export interface ModelDeps {
  readonly load: (found: FoundVersion) => Promise<LoadedServable>;
  readonly memory: () => { readonly limitBytes: number; readonly usedBytes: number };
  readonly swap: SwapPolicy;
  /** Loads of all models pass through it. */
  readonly gate: LoadGate;
  /** Told of every change of a version's state. */
  readonly onChange: (model: string, status: VersionStatus) => void;
  /** Told when another version answers those who name none. */
  readonly onDefault?: (model: string, version: number) => void;
  /** Milliseconds; absent: those of the process. */
  readonly now?: () => number;
}

export class Model {
  readonly name: string;
  private readonly deps: ModelDeps;
  private versions: ServableVersion[] = [];
  /** Of versions that should serve, by number, with the fingerprint of what has failed. */
  private readonly failures = new Map<number, Failure & { readonly fingerprint: string }>();
  private channels: Channels = NO_CHANNELS;
  /** What answers where a request names no version; kept, since nearly every request asks for it. */
  private byDefault: ServableVersion | undefined;
  /** What answers its share of them; absent where there is no canary, or it does not serve. */
  private canary: ServableVersion | undefined;
  /** Set while a canary serves. */
  trial: Trial | undefined;
  private trialPercent = 0;
  /** Set while an old version is gone and its successor not there yet. */
  private succession: Promise<unknown> | undefined;
  private readonly now: () => number;

  constructor(name: string, deps: ModelDeps) {
    this.name = name;
    this.deps = deps;
    this.now = deps.now ?? (() => performance.now());
  }

  get serves(): boolean {
    return this.available().length > 0;
  }

  statuses(): readonly VersionStatus[] {
    return [...this.versions].reverse().map((version) => version.status());
  }

  describe(wanted: number): { readonly sessions: number; readonly bytes: number } {
    const version = this.versions.find((one) => one.version === wanted);
    return { sessions: version?.openSessions ?? 0, bytes: version?.found.bytes ?? 0 };
  }

  use<T>(ref: ModelRef, work: ServableWork<T>, asker?: Asker): Promise<T> {
    const version = this.find(ref, asker);
    return version?.use(work, version === this.byDefault) ?? this.useSuccessor(ref, work, asker);
  }

  private async useSuccessor<T>(ref: ModelRef, work: ServableWork<T>, asker?: Asker): Promise<T> {
    if (this.succession === undefined) throw notFound(ref, this.whyNot(ref));
    await this.succession;
    const successor = this.find(ref, asker);
    if (successor === undefined) throw notFound(ref, this.whyNot(ref));
    return successor.use(work, successor === this.byDefault);
  }

  /** Brings the versions that serve to those aspired to; resolves when all of it is done or has failed. */
  async aspire(aspired: Aspired): Promise<void> {
    this.channels = aspired.channels;
    this.chooseDefault();
    const wanted = aspired.versions;
    const fresh = wanted.filter((found) => !this.knows(found));
    for (const found of [...fresh].reverse()) await this.bring(found, wanted);
    await Promise.all(this.leaving(wanted).map((version) => this.drop(version)));
    this.forget(wanted);
  }

  private async bring(found: FoundVersion, wanted: readonly FoundVersion[]): Promise<void> {
    this.versions = this.versions.filter((known) => known.version !== found.version || known.state !== 'END');
    const version = new ServableVersion(found);
    this.versions.push(version);
    this.versions.sort((a, b) => a.version - b.version);
    await this.deps.gate.through(estimateMemory(found.bytes), () => this.decide(version, wanted));
  }

  private async decide(version: ServableVersion, wanted: readonly FoundVersion[]): Promise<void> {
    const { found } = version;
    const leaving = this.available().filter((old) => !wanted.some((one) => one.version === old.version));
    const decision = decideSwap({
      policy: this.deps.swap,
      ...this.deps.memory(),
      neededBytes: estimateMemory(found.bytes),
      releasableBytes: leaving.reduce((sum, old) => sum + estimateMemory(old.found.bytes), 0),
    });
    if (decision === 'refuse') {
      version.fail(doesNotFit(found, this.deps.swap));
      this.failed(version, false);
      this.changed(version);
      return;
    }
    const loading = this.load(version, decision === 'unload-first' ? leaving : []);
    if (decision === 'unload-first') this.succession = loading;
    await loading.finally(() => (this.succession = undefined));
  }

  /** Loads `version` after `first` have gone; they come back where it fails, so that the model goes on serving. */
  private async load(version: ServableVersion, first: readonly ServableVersion[]): Promise<void> {
    await Promise.all(first.map((old) => this.drop(old)));
    const loading = version.load(this.deps.load);
    this.changed(version);
    const serves = await loading;
    this.changed(version);
    if (serves) this.failures.delete(version.version);
    else {
      this.failed(version, first.length > 0);
      for (const old of first) await this.restore(old);
    }
  }

  private async restore(old: ServableVersion): Promise<void> {
    const again = new ServableVersion(old.found);
    this.versions = this.versions.map((version) => (version === old ? again : version));
    await this.load(again, []);
  }

  /** Versions that serve but should not, as soon as one that should does; all of them where none is wanted. */
  private leaving(wanted: readonly FoundVersion[]): readonly ServableVersion[] {
    const isWanted = (version: ServableVersion): boolean => wanted.some((found) => found.version === version.version);
    const available = this.available();
    const successorServes = wanted.length === 0 || available.some(isWanted);
    return successorServes ? available.filter((version) => !isWanted(version)) : [];
  }

  private async drop(version: ServableVersion): Promise<void> {
    const unloading = version.unload();
    this.changed(version);
    await unloading;
    this.changed(version);
  }

  private find(ref: ModelRef, asker?: Asker): ServableVersion | undefined {
    if (ref.version === undefined && ref.label === undefined) return this.answering(asker);
    const wanted = ref.version ?? this.labelled(ref.label ?? '');
    return this.available().find(({ version }) => version === wanted);
  }

  /** Why what is asked for does not serve although it is there: of the version named, or of the newest. Undefined where there is none. */
  private whyNot({ version, label }: ModelRef): string | undefined {
    const wanted = label === undefined ? version : this.labelled(label);
    if (label !== undefined && wanted === undefined) return undefined;
    const asked = this.versions.filter((one) => wanted === undefined || one.version === wanted);
    return asked.findLast(({ whyNot }) => whyNot !== undefined)?.whyNot;
  }

  private answering(asker: Asker | undefined): ServableVersion | undefined {
    const { canary } = this.channels;
    if (this.canary === undefined || canary === undefined || asker === undefined) return this.byDefault;
    return answersFrom(canary, this.name, asker) ? this.canary : this.byDefault;
  }

  private chooseDefault(): void {
    const before = this.byDefault;
    this.byDefault = this.findDefault();
    this.chooseCanary();
    if (this.byDefault !== undefined && this.byDefault !== before)
      this.deps.onDefault?.(this.name, this.byDefault.version);
  }

  private chooseCanary(): void {
    const { version: wanted, percent } = this.channels.canary ?? { version: undefined, percent: 0 };
    const canary = this.available().find(({ version }) => version === wanted);
    this.canary = canary === this.byDefault ? undefined : canary;
    if (this.canary === undefined) this.trial = undefined;
    // What it did is counted from the start of each step.
    else if (this.trial?.version !== wanted || this.trialPercent !== percent) {
      this.trial = new Trial(this.canary.version);
      this.trialPercent = percent;
    }
  }

  private findDefault(): ServableVersion | undefined {
    const available = this.available();
    const versions = available.map(({ version }) => version);
    const wanted = defaultVersion(versions, this.channels);
    return available.find(({ version }) => version === wanted);
  }

  private labelled(label: string): number | undefined {
    // One that somebody gave that very name comes first: they are the usual names of labels in TensorFlow Serving.
    const named = new Map(Object.entries(this.channels.labels)).get(label);
    if (named !== undefined) return named;
    return label === 'stable' ? this.channels.stable : label === 'canary' ? this.channels.canary?.version : undefined;
  }

  private available(): readonly ServableVersion[] {
    return this.versions.filter((version) => version.state === 'AVAILABLE');
  }

  /** A version that failed counts as unknown once its files have changed, or another try is due. */
  private knows({ version, fingerprint }: FoundVersion): boolean {
    if (this.versions.some((known) => known.version === version && known.state !== 'END')) return true;
    const failure = this.failures.get(version);
    return failure?.fingerprint === fingerprint && !isWorthAnotherTry(failure, this.now());
  }

  private failed(failed: ServableVersion, hadOthersGo: boolean): void {
    const { version, fingerprint } = failed.found;
    const before = this.failures.get(version);
    const tries = before?.fingerprint === fingerprint ? before.tries + 1 : 1;
    const { errorCode: code } = failed.status();
    this.failures.set(version, { fingerprint, code, tries, at: this.now(), hadOthersGo });
  }

  private forget(wanted: readonly FoundVersion[]): void {
    for (const version of this.failures.keys())
      if (!wanted.some((found) => found.version === version)) this.failures.delete(version);
    const ended = this.versions.filter((version) => version.state === 'END');
    const forgotten = new Set(ended.slice(0, Math.max(0, ended.length - MOST_ENDED)));
    this.versions = this.versions.filter((version) => !forgotten.has(version));
  }

  private changed(version: ServableVersion): void {
    this.chooseDefault();
    this.deps.onChange(this.name, version.status());
  }
}

/** The same words as TensorFlow Serving's, since its clients look for them. `reason`: why something that is there does not serve. */
export function notFound(ref: ModelRef, reason?: string): FloeError {
  const label = ref.label === undefined ? '' : ` with label ${ref.label}`;
  const servable = ref.version === undefined ? `Latest(${ref.name})` : `Specific(${ref.name}, ${ref.version})`;
  const why = reason === undefined ? {} : { reason };
  return new FloeError('NOT_FOUND', `Servable not found for request: ${servable}${label}`, { field: 'model', ...why });
}

function doesNotFit(found: FoundVersion, policy: SwapPolicy): FloeError {
  const needed = Math.ceil(estimateMemory(found.bytes) / 2 ** 20);
  return new FloeError(
    'RESOURCE_EXHAUSTED',
    `version ${found.version} of ${found.model} needs about ${needed} MiB, which do not fit the memory limit (swap: ${policy})`,
  );
}
