/** One version of a model on its way through its life, counted by those who use it. */
import { asFloeError, FloeError } from '@floe/graph/base';
import type { ServableWork, VersionState, VersionStatus } from '../core/inference.ts';
import { holding, promised } from '../core/later.ts';
import type { FoundVersion } from '../registry/scan.ts';
import { step } from './lifecycle.ts';
import type { LoadedServable } from './loaded.ts';

export class ServableVersion {
  readonly found: FoundVersion;
  state: VersionState = 'START';
  private servable: LoadedServable | undefined;
  private error: FloeError | undefined;
  private users = 0;
  private whenUnused: (() => void) | undefined;

  constructor(found: FoundVersion) {
    this.found = found;
  }

  get version(): number {
    return this.found.version;
  }

  /** Why it does not serve yet, or never will; undefined where it does, or did. */
  get whyNot(): string | undefined {
    if (this.error !== undefined) return `version ${this.version} did not load: ${this.error.message}`;
    return this.state === 'START' || this.state === 'LOADING' ? `version ${this.version} is loading` : undefined;
  }

  get openSessions(): number {
    return this.servable?.openSessions ?? 0;
  }

  status(): VersionStatus {
    return {
      version: this.version,
      state: this.state,
      errorCode: this.error?.code ?? 'OK',
      errorMessage: this.error?.message ?? '',
    };
  }

  /** Loads; on failure the version ends with the error in its status. Returns whether it serves now. */
  async load(load: (found: FoundVersion) => Promise<LoadedServable>): Promise<boolean> {
    this.state = step(this.state, 'LOADING');
    try {
      this.servable = await load(this.found);
      this.state = step(this.state, 'AVAILABLE');
    } catch (error) {
      this.fail(asFloeError(error));
    }
    return this.state === 'AVAILABLE';
  }

  /** Ends the version before it was loaded. */
  fail(error: FloeError): void {
    this.error = error;
    this.state = step(this.state, 'END');
  }

  /** Holds the version while `work` runs. */
  use<T>(work: ServableWork<T>, isStable: boolean): Promise<T> {
    const { servable } = this;
    if (servable === undefined || this.state !== 'AVAILABLE') {
      const message = `version ${this.version} of ${this.found.model} is not available`;
      return Promise.reject(new FloeError('UNAVAILABLE', message));
    }
    this.users++;
    return promised(() =>
      holding(
        () => work(servable, isStable),
        () => this.release(),
      ),
    );
  }

  private release(): void {
    this.users--;
    if (this.users === 0) this.whenUnused?.();
  }

  /** Takes no new work, waits for what is under way, then closes. */
  async unload(): Promise<void> {
    this.state = step(this.state, 'UNLOADING');
    if (this.users > 0) await new Promise<void>((resolve) => (this.whenUnused = resolve));
    await this.servable?.close();
    this.servable = undefined;
    this.state = step(this.state, 'END');
  }
}
