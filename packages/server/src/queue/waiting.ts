/**
 * The tasks that wait: a heap of lanes, each a heap of the tasks that may share a run. The first task of the first lane is the one with
 * the least key of all, and those behind it in its lane are whom it may share with, in order.
 */
import { type Entry, Heap } from './heap.ts';
import type { Task } from './task.ts';

export class Lane implements Entry {
  key = 0;
  order = 0;
  at = -1;
  readonly name: string;
  readonly tasks = new Heap<Task>();
  /** Waits for company: not in the heap of lanes. */
  held = false;

  constructor(name: string) {
    this.name = name;
  }

  get rows(): number {
    let rows = 0;
    for (const task of this.tasks) rows += task.left;
    return rows;
  }
}

export class Waiting {
  private readonly lanes = new Heap<Lane>();
  private readonly byName = new Map<string, Lane>();
  private tasks = 0;

  get size(): number {
    return this.tasks;
  }

  /** The lane of the least key that is not held. */
  first(): Lane | undefined {
    return this.lanes.first();
  }

  /** The same among lanes whose first task satisfies `fits`. */
  firstThat(fits: (task: Task) => boolean): Lane | undefined {
    let best: Lane | undefined;
    for (const lane of this.lanes) {
      const task = lane.tasks.first();
      if (task === undefined || !fits(task)) continue;
      if (best === undefined || lane.key < best.key || (lane.key === best.key && lane.order < best.order)) best = lane;
    }
    return best;
  }

  /** The lane that the task is in now. `hold`: of a task that is the first of its lane, whether the lane shall wait for company. */
  push(task: Task, hold: boolean): Lane {
    let lane = this.byName.get(task.lane);
    if (lane === undefined) {
      lane = new Lane(task.lane);
      lane.held = hold;
      this.byName.set(task.lane, lane);
    }
    lane.tasks.push(task);
    this.tasks++;
    this.place(lane);
    return lane;
  }

  remove(task: Task): void {
    const lane = this.byName.get(task.lane);
    if (lane === undefined || task.at < 0) return;
    lane.tasks.remove(task);
    this.tasks--;
    this.place(lane);
  }

  release(lane: Lane): void {
    lane.held = false;
    this.place(lane);
  }

  releaseAll(): void {
    for (const lane of this.byName.values()) this.release(lane);
  }

  /** Visits the tasks that go before `entry` would, at most `most`. */
  before(entry: Pick<Entry, 'key' | 'order'>, most: number, visit: (task: Task) => void): void {
    let visited = 0;
    const look = (task: Task): boolean => {
      visit(task);
      visited++;
      return visited < most;
    };
    this.lanes.before(entry, (lane) => lane.tasks.before(entry, look));
  }

  /** Puts a lane where its first task belongs. */
  private place(lane: Lane): void {
    const first = lane.tasks.first();
    if (first === undefined) this.byName.delete(lane.name);
    else {
      lane.key = first.key;
      lane.order = first.order;
    }
    const belongs = first !== undefined && !lane.held;
    if (belongs && lane.at >= 0) this.lanes.moved(lane);
    else if (belongs) this.lanes.push(lane);
    else if (lane.at >= 0) this.lanes.remove(lane);
  }
}
