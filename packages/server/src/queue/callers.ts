/**
 * Who has how much unfinished work, and who had some a moment ago: what order and admission know of callers. One that asks now and then
 * is remembered in between, or a flood would count as nobody's harm whenever the others have just been answered.
 */
import type { Caller } from '../core/terms.ts';
import { Unfinished } from '../core/unfinished.ts';

interface Holder {
  readonly work: Unfinished;
  readonly weight: number;
  /** When its last task ended. */
  idleSince: number;
}

/** Seconds for which a caller without work is remembered. */
const REMEMBERED = 30;

export class Callers {
  readonly all = new Unfinished();
  private readonly busy = new Map<string, Holder>();
  /** In the order in which they became idle. */
  private readonly idle = new Map<string, Holder>();
  private weights = 0;

  /** Callers that are remembered, `name` included whether it is or not. */
  countWith(name: string): number {
    const isKnown = this.busy.has(name) || this.idle.has(name);
    return this.busy.size + this.idle.size + (isKnown ? 0 : 1);
  }

  secondsOf(name: string): number {
    return this.busy.get(name)?.work.seconds ?? 0;
  }

  /** `now`: seconds. */
  add({ name, weight }: Caller, cost: number, now: number): void {
    this.forget(now);
    const holder = this.busy.get(name) ?? this.wake(name, weight);
    holder.work.add(cost);
    this.all.add(cost);
  }

  remove({ name }: Caller, cost: number, now: number): void {
    const holder = this.busy.get(name);
    if (holder === undefined) return;
    holder.work.remove(cost);
    this.all.remove(cost);
    if (holder.work.count > 0) return;
    holder.idleSince = now;
    this.busy.delete(name);
    this.idle.set(name, holder);
  }

  /** A task's place among the unfinished, once it is added: what `keyOf` asks for. */
  standing({ name }: Caller, cost: number): { readonly own: number; readonly all: number; readonly share: number } {
    const holder = this.busy.get(name);
    if (holder === undefined || this.countWith(name) === 1) return { own: cost, all: cost, share: 1 };
    return { own: holder.work.upTo(cost), all: this.all.upTo(cost), share: holder.weight / this.weights };
  }

  private wake(name: string, weight: number): Holder {
    const known = this.idle.get(name);
    const holder = { work: known?.work ?? new Unfinished(), weight, idleSince: 0 };
    this.weights += weight - (known?.weight ?? 0);
    this.idle.delete(name);
    this.busy.set(name, holder);
    return holder;
  }

  private forget(now: number): void {
    for (const [name, { idleSince, weight }] of this.idle) {
      if (now - idleSince < REMEMBERED) return;
      this.idle.delete(name);
      this.weights -= weight;
    }
  }
}
