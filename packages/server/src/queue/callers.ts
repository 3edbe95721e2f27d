/** Who has how much unfinished work, now: what order and admission know of callers. A caller without any is not remembered. */
import type { Caller } from '../core/terms.ts';
import { Unfinished } from './unfinished.ts';

interface Holder {
  readonly work: Unfinished;
  readonly weight: number;
}

export class Callers {
  readonly all = new Unfinished();
  private readonly byName = new Map<string, Holder>();
  private weights = 0;

  /** Callers with unfinished work, `name` included whether it has any or not. */
  activeWith(name: string): number {
    return this.byName.size + (this.byName.has(name) ? 0 : 1);
  }

  secondsOf(name: string): number {
    return this.byName.get(name)?.work.seconds ?? 0;
  }

  add({ name, weight }: Caller, cost: number): void {
    let holder = this.byName.get(name);
    if (holder === undefined) {
      holder = { work: new Unfinished(), weight };
      this.byName.set(name, holder);
      this.weights += weight;
    }
    holder.work.add(cost);
    this.all.add(cost);
  }

  remove({ name }: Caller, cost: number): void {
    const holder = this.byName.get(name);
    if (holder === undefined) return;
    holder.work.remove(cost);
    this.all.remove(cost);
    if (holder.work.count > 0) return;
    this.byName.delete(name);
    this.weights = this.byName.size === 0 ? 0 : this.weights - holder.weight;
  }

  /** A task's place among the unfinished, once it is added: what `keyOf` asks for. */
  standing({ name }: Caller, cost: number): { readonly own: number; readonly all: number; readonly share: number } {
    const holder = this.byName.get(name);
    if (holder === undefined || this.byName.size === 1) return { own: cost, all: cost, share: 1 };
    return { own: holder.work.upTo(cost), all: this.all.upTo(cost), share: holder.weight / this.weights };
  }
}
