/** One run and the tasks that share it: chosen from a lane in heap order, put together, run, and taken apart again. */
import { asFloeError, FloeError, type Tensor } from '@floe/graph/base';
import type { Session } from '../core/engine.ts';
import type { ShapeCost } from '../cost/shape-cost.ts';
import { lateness } from './admission.ts';
import { joins } from './chunks.ts';
import { concatPadded, cutResults } from './padding.ts';
import type { Running } from './slots.ts';
import { concatFeeds, haveRows, sliceFeeds, sliceRows } from './split.ts';
import type { Range, Task } from './task.ts';
import type { Lane, Waiting } from './waiting.ts';
import type { Feeds, Work } from './work.ts';

export interface Member {
  readonly task: Task;
  readonly range: Range;
}

export interface BatchRules {
  readonly chunkSeconds: number;
  readonly slots: number;
  /** Seconds. */
  readonly now: number;
}

/** Takes the next run's members out of a lane; none where all of its tasks have expired, which settles them. */
export function gather(lane: Lane, waiting: Waiting, rules: BatchRules): Member[] {
  const members: Member[] = [];
  for (let next = lane.tasks.first(); next !== undefined; next = lane.tasks.first()) {
    if (dropExpired(next, rules.now)) continue;
    if (members.length > 0 && !mayJoin(next, members, waiting, rules)) break;
    members.push({ task: next, range: next.take() });
    if (next.left === 0) waiting.remove(next);
  }
  return members;
}

export function rowsOfAll(members: readonly Member[]): number {
  return members.reduce((sum, { range }) => sum + range.to - range.from, 0);
}

function dropExpired(task: Task, now: number): boolean {
  const late = lateness(now * 1000, task.terms.deadline, 0);
  if (late !== undefined) task.end('expired', late);
  return late !== undefined;
}

function mayJoin(task: Task, members: readonly Member[], waiting: Waiting, rules: BatchRules): boolean {
  const first = members[0]?.task as Task;
  if (task === members.at(-1)?.task || task.alone || first.alone) return false;
  if (first.job.kind === 'stage' || task.job.kind === 'stage' || !first.job.rows.independent) return false;
  const { cost } = first.job;
  const joint = { rows: rowsOfAll(members), tasks: members.length, behind: waiting.size / rules.slots };
  if (!joins(task.nextRows, joint, cost, rules.chunkSeconds)) return false;
  const end = rules.now + cost.predict(joint.rows + task.nextRows);
  return [...members, { task }].every((member) => keepsDeadline(member.task, end, cost, rules.now));
}

/** A deadline that would be missed alone as well is no reason. */
function keepsDeadline(task: Task, end: number, cost: ShapeCost, now: number): boolean {
  const deadline = task.terms.deadline / 1000;
  return end <= deadline || now + cost.predict(task.nextRows) > deadline;
}

/** The results of each member, in order. Throws what the run throws; INTERNAL where the graph gives other rows than it was sent. */
export async function runTogether(
  members: readonly Member[],
  running: Running,
): Promise<readonly (readonly Tensor[])[]> {
  const works = members.map(({ task }) => (task.job as { readonly work: Work }).work);
  const [{ session, fetches, padding }] = works as [Work];
  const feeds = members.map(({ task, range }, i) => feedsOf(task, range, (works[i] as Work).feeds));
  const longest = padding === undefined ? undefined : longestOf(members);
  const joint =
    padding === undefined || longest === undefined ? concatFeeds(feeds) : concatPadded(feeds, padding, longest);
  const results = await runOn(session, joint, fetches, running);
  if (members.length === 1 && isWhole(members[0] as Member)) return [results];
  if (!haveRows(results, rowsOfAll(members))) {
    throw new FloeError('INTERNAL', 'a graph that was taken to answer row by row does not', {
      tensor: fetches[0] ?? '',
    });
  }
  let at = 0;
  return members.map(({ task, range }) => {
    const from = at;
    at += range.to - range.from;
    const own = results.map((result) => sliceRows(result, from, at));
    if (padding === undefined || longest === undefined) return own;
    return cutResults(own, fetches, padding, longest, lengthIn(task) ?? longest);
  });
}

/** Of members of different lengths; undefined where they are alike. */
function longestOf(members: readonly Member[]): number | undefined {
  const lengths = new Set(members.map(({ task }) => lengthIn(task) ?? 0));
  return lengths.size < 2 ? undefined : Math.max(...lengths);
}

function lengthIn({ job }: Task): number | undefined {
  return job.kind === 'run' ? job.rows.length : undefined;
}

async function runOn(session: Session, feeds: Feeds, fetches: readonly string[], running: Running) {
  if (!running.behind || session.runBehind === undefined) return session.run(feeds, fetches);
  const { results, cpuSeconds } = await session.runBehind(feeds, fetches);
  running.cpuSeconds = cpuSeconds;
  return results;
}

/** Tells the members of a run that failed: who was alone has failed, the others are to run again by themselves. */
export function blame(members: readonly Member[], thrown: unknown): readonly Task[] {
  if (members.length === 1) {
    members[0]?.task.end('failed', asFloeError(thrown));
    return [];
  }
  const again = members.filter(({ task }) => !task.over);
  for (const { task, range } of again) task.giveBack(range);
  return again.map(({ task }) => task);
}

function feedsOf(task: Task, { from, to }: Range, feeds: Work['feeds']): Work['feeds'] {
  return to - from === task.rows ? feeds : sliceFeeds(feeds, from, to);
}

function isWhole({ task, range }: Member): boolean {
  return range.to - range.from === task.rows;
}
