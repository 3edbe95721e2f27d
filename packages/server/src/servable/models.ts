/** All models of a server, kept at what the registry says should serve. */
import { FloeError } from '@floe/graph/base';
import type { Asker } from '../core/canary.ts';
import type { ModelRef, Models, ServableWork, VersionStatus } from '../core/inference.ts';
import type { Trial } from '../core/trial.ts';
import type { Aspired } from '../registry/selection.ts';
import { Model, type ModelDeps, notFound } from './model.ts';

export interface ModelsDeps extends ModelDeps {
  /** Told when a model is gone. */
  readonly onGone?: (model: string) => void;
}

export class ServedModels implements Models {
  private readonly deps: ModelsDeps;
  private readonly models = new Map<string, Model>();
  private looked = false;
  private closed = false;
  /** Settles when what was there at the start serves or has failed. */
  private readonly firstLook = Promise.withResolvers<void>();

  private readonly listeners = new Set<() => void>();

  constructor(deps: ModelsDeps) {
    const onChange: ModelsDeps['onChange'] = (model, status) => {
      deps.onChange(model, status);
      this.tell();
    };
    this.deps = { ...deps, onChange };
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
    if (!this.looked) return this.firstLook.promise.then(() => this.use(ref, work, asker));
    return model === undefined ? Promise.reject(notFound(ref)) : model.use(ref, work, asker);
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
    return this.looked && !this.closed && [...this.models.values()].every((model) => model.serves);
  }

  /** What a version holds, beside its state: open sessions, and bytes of its graph and weights on disk. */
  describe(model: string, version: number): { readonly sessions: number; readonly bytes: number } {
    return this.models.get(model)?.describe(version) ?? { sessions: 0, bytes: 0 };
  }

  /** Models are brought up one after another: each load uses all cores, and memory is judged one load at a time. */
  async aspire(aspired: ReadonlyMap<string, Aspired>): Promise<void> {
    for (const [name, model] of this.models) {
      if (aspired.has(name)) continue;
      await model.aspire({ versions: [], channels: { labels: {} } });
      this.models.delete(name);
      this.deps.onGone?.(name);
    }
    for (const [name, wanted] of aspired) {
      const model = this.models.get(name) ?? new Model(name, this.deps);
      this.models.set(name, model);
      await model.aspire(wanted);
    }
    this.looked = true;
    this.firstLook.resolve();
    this.tell();
  }

  /** Unloads everything, once what is under way is answered. */
  async close(): Promise<void> {
    this.closed = true;
    this.tell();
    await this.aspire(new Map());
  }
}

function unknownModel(ref: ModelRef): FloeError {
  const version = ref.version === undefined ? '' : ` with version ${ref.version}`;
  return new FloeError('NOT_FOUND', `Could not find any versions of model ${ref.name}${version}`, { field: 'model' });
}
