/**
 * What the gate goes by, kept up to date: the standing of each version, which one serves, and the marks that make answers unreachable. It
 * notices a closure when figures or versions change, not only when a request comes.
 */
import type { AccuracySource } from '../core/accuracy.ts';
import { type CachePolicy, gate, type Serving } from './gate.ts';
import { ModelMarks } from './marks.ts';
import { Standings } from './standing.ts';
import type { Verification } from './verification.ts';

export interface GatekeeperDeps {
  readonly policy: CachePolicy;
  readonly accuracy: AccuracySource;
  readonly verification: Verification;
  /** Called after marks were raised. */
  readonly publish: (model: string, marks: ModelMarks) => void;
}

export class Gatekeeper {
  private readonly deps: GatekeeperDeps;
  private readonly standings: Standings;
  private readonly models = new Map<string, ModelMarks>();
  /** The version that serves where a request names none. */
  private readonly stable = new Map<string, number>();

  constructor(deps: GatekeeperDeps) {
    this.deps = deps;
    this.standings = new Standings(deps.accuracy, deps.policy, (model, version) => {
      this.admit(model, version, version);
      if (this.stable.get(model) === version) this.admit(model, version, undefined);
    });
  }

  /** What is known of a version now. */
  serving(model: string, version: number): Serving {
    const { accuracy, held } = this.standings.of(model, version);
    return { version, accuracy, held: held ?? this.deps.verification.held(model, version) };
  }

  /** The same for a request; a closure that begins with it makes all answers of its scope unreachable. */
  admit(model: string, version: number, scope: number | undefined): Serving {
    const serving = this.serving(model, version);
    const marks = this.marks(model);
    if (gate(undefined, serving, this.deps.policy) !== 'closed') marks.open(scope);
    else if (marks.close(scope)) {
      // What the accuracy closed begins afresh when it opens; what verification closed stays closed.
      if (this.closesByAccuracy(model, version)) this.deps.verification.restart(model, version);
      this.deps.publish(model, marks);
    }
    return serving;
  }

  marks(model: string): ModelMarks {
    const known = this.models.get(model);
    if (known !== undefined) return known;
    const marks = new ModelMarks();
    this.models.set(model, marks);
    return marks;
  }

  /** Another version serves by default now. Where it is an older one, what the newer ones computed goes. */
  serves(model: string, version: number): void {
    const before = this.stable.get(model);
    this.stable.set(model, version);
    const marks = this.marks(model);
    if (before !== undefined && before > version) {
      for (const newer of marks.versionsAfter(version, before)) marks.purge(newer);
      this.deps.publish(model, marks);
    }
    this.admit(model, version, undefined);
  }

  /** What the version computed goes, and so does what is known of it. */
  purge(model: string, version: number): void {
    const marks = this.marks(model);
    marks.purge(version);
    this.standings.forget(model, version);
    this.deps.verification.restart(model, version);
    this.deps.publish(model, marks);
  }

  /** The whole model is gone. Its marks stay: another model of that name must not find its answers. */
  remove(model: string): void {
    const marks = this.marks(model);
    marks.epoch++;
    this.stable.delete(model);
    this.standings.forget(model);
    this.deps.verification.forget(model);
    this.deps.publish(model, marks);
  }

  /** The policy is another: nothing that was kept by the old one is found any more. */
  restart(): void {
    for (const [model, marks] of this.models) {
      marks.epoch++;
      this.standings.forget(model);
      this.deps.publish(model, marks);
    }
  }

  private closesByAccuracy(model: string, version: number): boolean {
    const { accuracy, held } = this.standings.of(model, version);
    return gate(undefined, { version, accuracy, held }, this.deps.policy) === 'closed';
  }
}
