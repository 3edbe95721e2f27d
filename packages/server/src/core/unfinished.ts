/**
 * The unfinished work of one caller, or of all: how much of it would go before a task of a given cost, if each piece counts for at most
 * as much as that task. A flooding caller's tasks see a large sum, everybody else's a small one.
 *
 * Costs are kept by powers of two, so that asking costs the same for one unfinished task or for thousands (about 40 ns). Within the
 * task's own power of two the sum is at most a factor of two off.
 */
const CELLS = 40;
/** The first cell holds everything under 61 us, the last everything over 9 hours. */
const LOWEST_POWER = -14;

export class Unfinished {
  private readonly counts = new Float64Array(CELLS);
  private readonly sums = new Float64Array(CELLS);
  private tasks = 0;
  private total = 0;

  get count(): number {
    return this.tasks;
  }

  get seconds(): number {
    return this.total;
  }

  add(cost: number, tasks = 1): void {
    this.change(cost, tasks);
  }

  remove(cost: number): void {
    this.change(cost, -1);
  }

  /** The sum over all tasks of min(their cost, `cost`). */
  upTo(cost: number): number {
    const own = cellOf(cost);
    let sum = Math.min(this.sums[own] ?? 0, (this.counts[own] ?? 0) * cost);
    for (let cell = 0; cell < own; cell++) sum += this.sums[cell] ?? 0;
    for (let cell = own + 1; cell < CELLS; cell++) sum += (this.counts[cell] ?? 0) * cost;
    return sum;
  }

  private change(cost: number, by: number): void {
    const cell = cellOf(cost);
    const count = (this.counts[cell] ?? 0) + by;
    this.counts[cell] = count;
    // Sums of floating-point numbers do not come back to zero by themselves.
    this.sums[cell] = count === 0 ? 0 : (this.sums[cell] ?? 0) + by * cost;
    this.tasks += by;
    this.total = this.tasks === 0 ? 0 : this.total + by * cost;
  }
}

function cellOf(cost: number): number {
  if (!(cost > 0)) return 0;
  return Math.min(CELLS - 1, Math.max(0, Math.ceil(Math.log2(cost)) - LOWEST_POWER));
}
