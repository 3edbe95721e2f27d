/**
 * What is known of each version's accuracy in this process: the manifest's figure, which an explicit call overrides, and the live one.
 */
import { invalid } from '@floe/graph/base';
import type { AccuracyFigures, AccuracySource, LiveFigure } from '../core/accuracy.ts';

interface Page {
  manifest?: number;
  explicit?: number;
  live?: LiveFigure;
}

export class AccuracyBook implements AccuracySource {
  private readonly models = new Map<string, Map<number, Page>>();
  private readonly listeners: ((model: string, version: number) => void)[] = [];

  of(model: string, version: number): AccuracyFigures {
    const { manifest, explicit, live } = this.models.get(model)?.get(version) ?? {};
    const stated = explicit ?? manifest;
    return { ...(stated === undefined ? {} : { stated }), ...(live === undefined ? {} : { live }) };
  }

  subscribe(listener: (model: string, version: number) => void): void {
    this.listeners.push(listener);
  }

  /** From `model.json`, when a version is loaded; undefined where it says nothing. */
  fromManifest(model: string, version: number, accuracy: number | undefined): void {
    this.write(model, version, ({ manifest: _, ...page }) =>
      accuracy === undefined ? page : { ...page, manifest: accuracy },
    );
  }

  /** An explicit call; undefined takes it back. Throws INVALID_ARGUMENT for what is no share. */
  state(model: string, version: number, accuracy: number | undefined): void {
    if (accuracy !== undefined && !(accuracy >= 0 && accuracy <= 1)) {
      throw invalid(`an accuracy lies between 0 and 1, not ${accuracy}`, { field: 'accuracy' });
    }
    this.write(model, version, ({ explicit: _, ...page }) =>
      accuracy === undefined ? page : { ...page, explicit: accuracy },
    );
  }

  /** What feedback says by now. */
  live(model: string, version: number, figure: LiveFigure): void {
    this.write(model, version, (page) => ({ ...page, live: figure }));
  }

  /** Lets go of a version that is gone for good, or of the whole model. */
  forget(model: string, version?: number): void {
    if (version === undefined) this.models.delete(model);
    else this.models.get(model)?.delete(version);
  }

  private write(model: string, version: number, change: (page: Page) => Page): void {
    const versions = this.models.get(model) ?? new Map<number, Page>();
    this.models.set(model, versions.set(version, change(versions.get(version) ?? {})));
    for (const listener of this.listeners) listener(model, version);
  }
}
