/**
 * The rule is measured, not believed: one in so many hits is computed again and compared. Where too many of the latest differ, answers are
 * no longer cached until another version serves or a new epoch begins.
 */

export interface VerifyPolicy {
  /** One hit in so many is computed again; 0 for none. */
  readonly every: number;
  /** Greatest share of differing answers that is put up with. */
  readonly bound: number;
}

export const DEFAULT_VERIFY: VerifyPolicy = { every: 200, bound: 0.2 };

/** How many of the latest comparisons count. */
const WINDOW = 100;
/** Fewer prove nothing. */
const FEWEST = 20;

export interface VerifyStats {
  readonly compared: number;
  readonly differed: number;
  /** Of the latest comparisons; undefined before the first. */
  readonly share: number | undefined;
}

/** Comparisons with what one version says. */
interface Tally {
  readonly latest: boolean[];
  held: string | undefined;
}

interface ModelTally {
  hits: number;
  compared: number;
  differed: number;
  /** Version of the latest comparison. */
  version: number;
  readonly versions: Map<number, Tally>;
}

export class Verification {
  private readonly policy: VerifyPolicy;
  private readonly models = new Map<string, ModelTally>();

  constructor(policy: VerifyPolicy) {
    this.policy = policy;
  }

  /** Counts a hit. True for those that should be computed again. */
  shouldVerify(model: string): boolean {
    const { every } = this.policy;
    if (every === 0) return false;
    const tally = this.tallyOf(model);
    tally.hits++;
    return tally.hits % every === 0;
  }

  /** Notes whether a stored answer differed from what `version` says now. */
  verified(model: string, version: number, differed: boolean): void {
    const tally = this.tallyOf(model);
    tally.compared++;
    if (differed) tally.differed++;
    tally.version = version;
    const { latest, held } = tally.versions.get(version) ?? { latest: [], held: undefined };
    latest.push(differed);
    if (latest.length > WINDOW) latest.shift();
    tally.versions.set(version, { latest, held: held ?? this.judge(latest) });
  }

  /** Why nothing is cached while this version of the model serves; undefined where nothing speaks against it. */
  held(model: string, version: number): string | undefined {
    return this.models.get(model)?.versions.get(version)?.held;
  }

  /** Forgets what was compared with a version: a new epoch has begun, or the version is gone. */
  restart(model: string, version: number): void {
    this.models.get(model)?.versions.delete(version);
  }

  forget(model: string): void {
    this.models.delete(model);
  }

  stats(model: string): VerifyStats {
    const tally = this.models.get(model);
    if (tally === undefined) return { compared: 0, differed: 0, share: undefined };
    const { compared, differed, versions, version } = tally;
    const latest = versions.get(version)?.latest ?? [];
    return { compared, differed, share: latest.length === 0 ? undefined : shareOf(latest) };
  }

  private judge(latest: readonly boolean[]): string | undefined {
    const share = shareOf(latest);
    if (latest.length < FEWEST || share <= this.policy.bound) return undefined;
    return `${percent(share)} of ${latest.length} answers differ when computed again, more than ${percent(this.policy.bound)}`;
  }

  private tallyOf(model: string): ModelTally {
    const known = this.models.get(model);
    if (known !== undefined) return known;
    const tally: ModelTally = { hits: 0, compared: 0, differed: 0, version: 0, versions: new Map() };
    this.models.set(model, tally);
    return tally;
  }
}

function shareOf(latest: readonly boolean[]): number {
  return latest.filter(Boolean).length / latest.length;
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`;
}
