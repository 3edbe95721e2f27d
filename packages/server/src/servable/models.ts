/** All models of a server, kept at what the registry says should serve. */
import { FloeError } from '@floe/graph/base';
import type { Asker } from '../core/canary.ts';
import type { ModelRef, Models, ServableWork, VersionStatus } from '../core/inference.ts';
import type { Trial } from '../core/trial.ts';
import type { Aspired } from '../registry/selection.ts';
import { LoadGate } from './load-gate.ts';
import { Model, type ModelDeps, notFound } from './model.ts';

export interface ModelsDeps extends Omit<ModelDeps, 'gate'> {
  /** Versions that may load at a time, where memory allows; absent: one. */
  readonly loads?: number;
  /** Told when a model is gone. */
  readonly onGone?: (model: string) => void;
}

export class ServedModels implements Models {
  private readonly deps: ModelDeps & Pick<ModelsDeps, 'onGone'>;
  private readonly models = new Map<string, Model>();
  private looked = false;
  /** Once all that was declared serves; from then on a model that is new, broken or out of service takes nobody else down with it. */
  private wasReady = false;
  private draining = false;
  private blind: FloeError | undefined;
  /** Settles when what was there at the start serves or has failed. */
  private readonly firstLook = Promise.withResolvers<void>();

  private readonly listeners = new Set<() => void>();

  constructor(deps: ModelsDeps) {
    const onChange: ModelsDeps['onChange'] = (model, status) => {
      deps.onChange(model, status);
      this.tell();
    };
    this.deps = { ...deps, onChange, gate: new LoadGate(deps.loads ?? 1, deps.memory) };
  }

  /** Calls the listener whenever what serves may be another; gives what ends that. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }

  /** A request that comes while the server starts waits for the model: the port is open before all are loaded. */
  use<T>(ref: ModelRef, work: ServableWork<T>, asker?: Asker): Promise<T> {
    const model = this.models.get(ref.name);
    if (model?.serves) return model.use(ref, work, asker);
    if (!this.looked) return this.early(ref, work, asker);
    return model === undefined ? Promise.reject(notFound(ref)) : model.use(ref, work, asker);
  }

  private early<T>(ref: ModelRef, work: ServableWork<T>, asker?: Asker): Promise<T> {
    if (this.blind !== undefined) return Promise.reject(this.blind);
    return this.firstLook.promise.then(() => this.use(ref, work, asker));
  }

  /** What is there could not be found out, so far: nobody waits for it. */
  notFoundOut(cause: FloeError): void {
    this.blind = new FloeError('UNAVAILABLE', `the models are not known yet: ${cause.message}`, [], cause);
  }

  /** How the version on trial does; undefined where there is none. */
  trial(model: string): Trial | undefined {
    return this.models.get(model)?.trial;
  }

  names(): readonly string[] {
    return [...this.models.keys()].sort();
  }

  status(ref: ModelRef): readonly VersionStatus[] {
    const statuses = this.models.get(ref.name)?.statuses() ?? [];
    const matching = ref.version === undefined ? statuses : statuses.filter(({ version }) => version === ref.version);
    if (matching.length === 0) throw unknownModel(ref);
    return matching;
  }

  ready(): boolean {
    this.wasReady ||= this.looked && [...this.models.values()].every((model) => model.serves);
    return this.wasReady && !this.draining;
  }

  /** What keeps it from being ready for the first time, in words; empty once it was. */
  missing(): string {
    if (this.ready() || this.wasReady) return '';
    if (this.blind !== undefined) return this.blind.message;
    if (!this.looked) return 'the models are still loading';
    return [...this.models.values()]
      .filter((model) => !model.serves)
      .map(whyNot)
      .join('; ');
  }

  /** From now on it is not ready, and answers all the same. */
  drain(): void {
    this.draining = true;
    this.tell();
  }

  /** What a version holds, beside its state: open sessions, and bytes of its graph and weights on disk. */
  describe(model: string, version: number): { readonly sessions: number; readonly bytes: number } {
    return this.models.get(model)?.describe(version) ?? { sessions: 0, bytes: 0 };
  }

  /** Models are brought up beside each other, as far as the gate allows. */
  async aspire(aspired: ReadonlyMap<string, Aspired>): Promise<void> {
    for (const [name, model] of this.models) {
      if (aspired.has(name)) continue;
      await model.aspire({ versions: [], channels: { labels: {} } });
      this.models.delete(name);
      this.deps.onGone?.(name);
    }
    await Promise.all(
      [...aspired].map(([name, wanted]) => {
        const model = this.models.get(name) ?? new Model(name, this.deps);
        this.models.set(name, model);
        return model.aspire(wanted);
      }),
    );
    this.looked = true;
    this.blind = undefined;
    this.firstLook.resolve();
    this.tell();
  }

  /** Unloads everything, once what is under way is answered. */
  async close(): Promise<void> {
    this.drain();
    await this.aspire(new Map());
  }
}

function whyNot(model: Model): string {
  const failed = model.statuses().find(({ errorCode }) => errorCode !== 'OK');
  const reason =
    failed === undefined ? 'has no version that serves' : `version ${failed.version}: ${failed.errorMessage}`;
  return `model ${model.name} ${reason}`;
}

function unknownModel(ref: ModelRef): FloeError {
  const version = ref.version === undefined ? '' : ` with version ${ref.version}`;
  return new FloeError('NOT_FOUND', `Could not find any versions of model ${ref.name}${version}`, { field: 'model' });
}
