/**
 * From figures to what the gate goes by. The live figure may close the cache and lower an accuracy, never raise it: within one version
 * a live rise would end answers by noise alone. What it has closed it opens again a little above `open`, for the same reason.
 */
import type { AccuracyFigures, AccuracySource } from '../core/accuracy.ts';
import { type CachePolicy, shown } from './gate.ts';

/** Labels from which on the live figure counts. */
const FEWEST_LABELS = 200;
/** How far above `open` the live figure has to come back. */
const REOPEN_MARGIN = 0.01;

export interface Standing {
  readonly accuracy?: number;
  readonly held?: string;
  /** What led here, for the next step. */
  readonly stated?: number;
  readonly lowestLive?: number;
}

/** The standing of a version after a change of its figures. */
export function nextStanding(
  figures: AccuracyFigures,
  before: Standing | undefined,
  { open }: Pick<CachePolicy, 'open'>,
): Standing {
  const { stated, live } = figures;
  if (stated === undefined) return {};
  if (live === undefined || live.labels < FEWEST_LABELS) return { accuracy: stated, stated };
  const now = live.lowerBound;
  const wasClosed = before?.held !== undefined;
  const reopensAt = open + REOPEN_MARGIN;
  if (now < open || (wasClosed && now < reopensAt)) {
    const held = `live accuracy ${shown(now)} is below ${shown(wasClosed ? reopensAt : open)}`;
    return { accuracy: Math.min(stated, now), held, stated };
  }
  const goesOn = before?.stated === stated && !wasClosed;
  const lowestLive = goesOn ? Math.min(before?.lowestLive ?? now, now) : now;
  return { accuracy: Math.min(stated, lowestLive), stated, lowestLive };
}

const UNKNOWN: Standing = {};

/** The standing of every version, kept up to date. */
export class Standings {
  private readonly source: AccuracySource;
  private readonly policy: CachePolicy;
  private readonly models = new Map<string, Map<number, Standing>>();

  /** `onChange` is called after a standing has changed. */
  constructor(source: AccuracySource, policy: CachePolicy, onChange: (model: string, version: number) => void) {
    this.source = source;
    this.policy = policy;
    source.subscribe((model, version) => {
      this.update(model, version);
      onChange(model, version);
    });
  }

  of(model: string, version: number): Standing {
    return this.models.get(model)?.get(version) ?? this.update(model, version);
  }

  /** Lets go of a version, or of the whole model. */
  forget(model: string, version?: number): void {
    if (version === undefined) this.models.delete(model);
    else this.models.get(model)?.delete(version);
  }

  private update(model: string, version: number): Standing {
    const versions = this.models.get(model) ?? new Map<number, Standing>();
    const standing = nextStanding(this.source.of(model, version), versions.get(version), this.policy);
    if (standing.stated === undefined) {
      versions.delete(version);
      return UNKNOWN;
    }
    this.models.set(model, versions.set(version, standing));
    return standing;
  }
}
