/**
 * Takes a version on trial from step to step, and back where it does worse: each server judges by what it sees itself, and moves the channels by a
 * conditional write, so that of several one is the first. A trial without steps is a person's to decide.
 */
import { asFloeError, type FloeError } from '@floe/graph/base';
import type { Canary } from '../core/canary.ts';
import { CANARY_LIMITS, type CanaryLimits, type LiveCount } from '../core/canary-health.ts';
import type { VersionStatus } from '../core/inference.ts';
import { isOwnTrouble } from '../core/own-trouble.ts';
import { nextStep, type RolloutStep } from '../core/rollout.ts';
import type { Trial } from '../core/trial.ts';
import type { Channels } from '../registry/aspired.ts';
import { type ModelRepository, withoutCanary } from '../registry/repository.ts';

export interface RolloutDeps {
  readonly repository: Pick<ModelRepository, 'changeChannels'>;
  readonly trial: (model: string) => Trial | undefined;
  readonly statuses: (model: string) => readonly VersionStatus[];
  /** Labels by version that answered; absent where no feedback is kept. */
  readonly live?: (model: string) => Promise<ReadonlyMap<number, LiveCount>>;
  readonly log: (model: string, canary: Canary, step: RolloutStep) => void;
  readonly onError: (error: FloeError) => void;
  readonly limits?: CanaryLimits;
}

const BY = 'rollout';

export class RolloutKeeper {
  private readonly deps: RolloutDeps;

  constructor(deps: RolloutDeps) {
    this.deps = deps;
  }

  /** Looks at the trial of a model, if it has one that goes by steps. Never throws. */
  async look(model: string, { stable, canary }: Channels): Promise<void> {
    if (canary?.steps === undefined) return;
    try {
      const step = await this.judge(model, canary, canary.steps, stable);
      if (step.action === 'stay') return;
      await this.deps.repository.changeChannels(
        model,
        // Where somebody has moved it meanwhile, nothing that was counted holds any more.
        (now) => (isSame(now.canary, canary) ? moved(now, canary, step) : undefined),
        { by: BY, why: step.reasons.join('; ') },
      );
      this.deps.log(model, canary, step);
    } catch (error) {
      this.deps.onError(asFloeError(error));
    }
  }

  private async judge(
    model: string,
    canary: Canary,
    steps: readonly number[],
    stable: number | undefined,
  ): Promise<RolloutStep> {
    const { errorCode = 'OK', errorMessage } =
      this.deps.statuses(model).find(({ version }) => version === canary.version) ?? {};
    if (errorCode !== 'OK' && !isOwnTrouble(errorCode))
      return { action: 'roll-back', reasons: [`it cannot be loaded: ${errorMessage}`] };
    const trial = this.deps.trial(model);
    if (trial?.version !== canary.version) return { action: 'stay', reasons: ['it does not serve here'] };
    const live = stable === undefined ? undefined : await this.liveCounts(model, canary.version, stable);
    const facts = { ...trial.health(), ...(live === undefined ? {} : { live }) };
    return nextStep({ percent: canary.percent, facts }, { steps, limits: this.deps.limits ?? CANARY_LIMITS });
  }

  private async liveCounts(
    model: string,
    canary: number,
    stable: number,
  ): Promise<{ canary: LiveCount; stable: LiveCount } | undefined> {
    const counts = await this.deps.live?.(model);
    const [own, other] = [counts?.get(canary), counts?.get(stable)];
    return own === undefined || other === undefined ? undefined : { canary: own, stable: other };
  }
}

function isSame(one: Canary | undefined, other: Canary): boolean {
  return one?.version === other.version && one.percent === other.percent;
}

function moved(now: Channels, canary: Canary, step: RolloutStep): Channels {
  switch (step.action) {
    case 'advance':
      return { ...now, canary: { ...canary, percent: step.percent } };
    case 'finish':
      return { ...withoutCanary(now), stable: canary.version };
    default:
      return withoutCanary(now);
  }
}
