/** Computes one in so many hits again, on a copy of its inputs, and tells verification whether the answer would differ now. */
import type { InferCall, KnownCall, NamedTensor, ServableInfo } from '../core/inference.ts';
import { differs } from './compare.ts';
import { bytesToCopy, copyCall } from './copy-call.ts';
import type { Entry } from './entry.ts';
import type { Verification } from './verification.ts';

/** Runs the call at idle priority on a version that may have gone meanwhile. Its failures are nobody's. */
export type Rerun = (model: string, version: number, call: InferCall) => Promise<readonly NamedTensor[]>;

/** A hit that finds so many under way is not verified. */
const MOST = 2;
/** Larger calls are not copied. */
const LARGEST = 4 * 2 ** 20;

export class Reruns {
  private readonly rerun: Rerun;
  private readonly verification: Verification;
  private readonly running = new Set<Promise<void>>();

  constructor(rerun: Rerun, verification: Verification) {
    this.rerun = rerun;
    this.verification = verification;
  }

  /** Computes the call of a hit again where it is its turn. */
  consider(call: KnownCall, servable: ServableInfo, entry: Entry): void {
    if (!this.verification.shouldVerify(servable.model)) return;
    if (this.running.size >= MOST || bytesToCopy(call) > LARGEST) return;
    const running = this.compare(copyCall(call), servable, entry).finally(() => this.running.delete(running));
    this.running.add(running);
  }

  async settled(): Promise<void> {
    await Promise.all(this.running);
  }

  private async compare(call: InferCall, servable: ServableInfo, entry: Entry): Promise<void> {
    const { model, version, labels } = servable;
    // A version that has gone, or a queue that is full, says nothing about the answer.
    const now = await this.rerun(model, version, call).catch(() => undefined);
    if (now === undefined) return;
    const stored = entry.outputs.filter(({ name }) => now.some((output) => output.name === name));
    const how = { isSameVersion: version === entry.version, labels: labels.length };
    this.verification.verified(model, version, differs(stored, now, how));
  }
}
