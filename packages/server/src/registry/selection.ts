/**
 * What somebody told the server about what it serves, beside what lies in its models folder: models that are taken out of service, and a list
 * of those to serve with their versions and labels. It holds until the server ends.
 */
import { aspiredVersions, type Channels } from './aspired.ts';
import type { FoundVersion } from './scan.ts';
import type { FoundModel } from './source.ts';

export interface Aspired {
  readonly versions: readonly FoundVersion[];
  readonly channels: Channels;
}

/** How a model is served that somebody listed. */
export interface Choice {
  /** The newest so many, these ones, or all; absent: as channels and the server's options say. */
  readonly versions?: { readonly latest: number } | { readonly these: readonly number[] } | 'all';
  /** Beside those of its channels. */
  readonly labels: Readonly<Record<string, number>>;
}

const PLAIN: Choice = { labels: {} };

export class Selection {
  private readonly out = new Set<string>();
  /** Absent where nobody gave a list: then every model is served. */
  private list: Map<string, Choice> | undefined;

  /** Models that were taken out of service. */
  get hidden(): readonly string[] {
    return [...this.out].sort();
  }

  hide(model: string): void {
    this.out.add(model);
  }

  /** Takes it back into service, on the list or not. */
  show(model: string): void {
    this.out.delete(model);
    if (this.list?.has(model) === false) this.list.set(model, PLAIN);
  }

  /** From now on these are served, and no others. */
  choose(choices: ReadonlyMap<string, Choice>): void {
    this.out.clear();
    this.list = new Map(choices);
  }

  /** What should serve of a model; undefined where it shall not. */
  of(model: string, { versions, channels }: FoundModel, keep: number): Aspired | undefined {
    const choice = this.list === undefined ? PLAIN : this.list.get(model);
    if (choice === undefined || this.out.has(model)) return undefined;
    // One that is listed is waited for, and the server is not ready without it.
    if (versions.length === 0 && this.list === undefined) return undefined;
    const labels = { ...channels.labels, ...choice.labels };
    if (choice.versions === undefined) {
      const pointed = { ...channels, labels };
      return { channels: pointed, versions: aspiredVersions(versions, pointed, keep) };
    }
    return { channels: { labels }, versions: chosen(versions, choice.versions) };
  }
}

/** Ascending. */
function chosen(found: readonly FoundVersion[], policy: NonNullable<Choice['versions']>): readonly FoundVersion[] {
  const ascending = [...found].sort((a, b) => a.version - b.version);
  if (policy === 'all') return ascending;
  if ('latest' in policy) return ascending.slice(Math.max(0, ascending.length - policy.latest));
  return ascending.filter(({ version }) => policy.these.includes(version));
}
