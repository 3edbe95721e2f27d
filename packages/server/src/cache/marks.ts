/**
 * Two counters that make stored answers unreachable at once, without looking for them: an epoch for each model, part of every key and
 * raised once per closure, and a purge count for each version, raised when what that version computed must go.
 *
 * Replicas share them through the second level, where the greater count wins. A process that closed before it knew the shared epoch
 * raises that one too: answers from before a restart must not come back.
 */

export interface Marks {
  readonly epoch: number;
  /** By version; absent is 0. */
  readonly purges: ReadonlyMap<number, number>;
}

export class ModelMarks implements Marks {
  epoch = 0;
  readonly purges = new Map<number, number>();
  /** Scopes that are closed: that of all versions (undefined), and single versions. */
  private readonly closed = new Set<number | undefined>();
  /** Versions that answers were stored of. */
  private readonly stored = new Set<number>();
  private isShared = false;

  purgesOf(version: number): number {
    return this.purges.get(version) ?? 0;
  }

  /** True where the closure begins now. A version that closes takes along what it computed for all. */
  close(scope: number | undefined): boolean {
    if (this.closed.has(scope)) return false;
    this.closed.add(scope);
    if (scope === undefined) this.epoch++;
    else this.purge(scope);
    return true;
  }

  open(scope: number | undefined): void {
    if (this.closed.size > 0) this.closed.delete(scope);
  }

  noteStored(version: number): void {
    this.stored.add(version);
  }

  /** Versions newer than `version` that answers may be stored of, `newest` among them. */
  versionsAfter(version: number, newest: number): readonly number[] {
    return [...new Set([...this.stored, newest])].filter((one) => one > version);
  }

  purge(version: number): void {
    this.stored.delete(version);
    this.purges.set(version, this.purgesOf(version) + 1);
  }

  /** Takes over what others have raised. True where others do not know all of ours yet. */
  adopt(shared: Marks): boolean {
    const missed = this.isShared ? 0 : this.epoch;
    this.isShared = true;
    this.epoch = Math.max(this.epoch, shared.epoch + missed);
    let isAhead = this.epoch > shared.epoch;
    for (const [version, count] of this.purges) isAhead ||= count > (shared.purges.get(version) ?? 0);
    for (const [version, count] of shared.purges) this.purges.set(version, Math.max(count, this.purgesOf(version)));
    return isAhead;
  }
}
