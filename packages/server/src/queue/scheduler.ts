/**
 * All work of the process that takes a slot, across models, in one heap:
 *
 *   const scheduler = new Scheduler({ slots: 2 });
 *   const outputs = await scheduler.run({ session, cost, feeds, fetches, rowIndependent, model }, terms);
 *   const pixels = await scheduler.stage(0.004, 'decode', terms, () => decode(bytes));
 *
 * A task is admitted, gets its key, waits in the heap, and runs: large ones in chunks, small ones of the same graph and shape together
 * where that pays. What is small enough to run inline goes straight to the session, which gathers such runs by turns of the event
 * loop; it is counted like any other (about 1 us).
 */
import type { FloeError, Tensor } from '@floe/graph/base';
import type { Session } from '../core/engine.ts';
import { keyOf } from '../core/order.ts';
import type { Terms } from '../core/terms.ts';
import type { ShapeCost } from '../cost/shape-cost.ts';
import { lateness } from './admission.ts';
import { blame, gather, type Member, rowsOfAll, runTogether } from './batch.ts';
import { chunkRows } from './chunks.ts';
import { Deadlines } from './deadlines.ts';
import { Intake, turnAway } from './intake.ts';
import type { Outcome, Row } from './ledger.ts';
import { Ranks } from './ranks.ts';
import { type SchedulerOptions, type Settings, settingsOf } from './settings.ts';
import { belongsBehind, type Candidate, type Running, Slots } from './slots.ts';
import { type Present, type Snapshot, snapshotOf, Tallies } from './snapshot.ts';
import { type Job, Task } from './task.ts';
import { type Lane, Waiting } from './waiting.ts';
import { type Rows, rowsOf, type Work } from './work.ts';

/** Tasks ahead are counted one by one up to here, 5 us; a position beyond it is told as this. A deadline is worth a longer look. */
const MOST_COUNTED = 200;
const MOST_COUNTED_FOR_DEADLINE = 5000;
/** Of most elements, near enough for a bound. */
const ELEMENT_BYTES = 4;

export class Scheduler {
  private readonly settings: Settings;
  private readonly intake: Intake;
  private readonly waiting = new Waiting();
  private readonly ranks = new Ranks();
  private readonly slots: Slots;
  private readonly deadlines: Deadlines;
  private readonly tallies = new Tallies();
  private readonly sessionNumbers = new WeakMap<Session, number>();
  /** When the work of a request that has several stages came first. */
  private readonly arrivals = new WeakMap<Terms, number>();
  private sessions = 0;
  private orders = 0;

  constructor(options: SchedulerOptions) {
    this.settings = settingsOf(options);
    this.intake = new Intake(this.settings);
    this.slots = new Slots(this.settings);
    this.deadlines = new Deadlines(this.settings);
  }

  /** Throws what the session throws, RESOURCE_EXHAUSTED, DEADLINE_EXCEEDED, CANCELLED, and UNAVAILABLE after `close`. */
  run(work: Work, terms: Terms): Promise<readonly Tensor[]> {
    const row = this.intake.ledger.row(terms.caller.name, work.model);
    const inline = work.session.inlineSeconds(work.feeds);
    if (inline !== undefined) return this.runInline(work, terms, row, inline);
    const rows = rowsOf(work.session.inputs, work.feeds, work.rowIndependent, work.padding);
    const cost = work.cost.shape(rows.shape, rows.elements);
    const lane = `${this.numberOf(work.session)} ${work.fetches.join(',')} ${rows.shape}`;
    const chunk = this.chunkOf(rows, cost);
    const predicted = cost.predict(rows.count);
    const job: Job = { kind: 'run', work, rows, cost };
    const bytes = ELEMENT_BYTES * rows.elements * rows.count;
    return this.enqueue({ job, terms, row, predicted, bytes, lane, rows: rows.count, chunk }) as Promise<
      readonly Tensor[]
    >;
  }

  /** Other work that keeps a CPU busy for about so many seconds, such as decoding an image: the same heap, keys and slots. */
  stage<T>(seconds: number, name: string, terms: Terms, begin: () => Promise<T>): Promise<T> {
    const row = this.intake.ledger.row(terms.caller.name, name);
    const job: Job = { kind: 'stage', begin };
    const lane = `stage ${name}`;
    return this.enqueue({ job, terms, row, predicted: seconds, bytes: 0, lane, rows: 1, chunk: 1 }) as Promise<T>;
  }

  /** Seconds since anything was waiting or under way. */
  idleSeconds(): number {
    return this.intake.idleSeconds;
  }

  /** Goes by other settings from now on; what waits keeps its place. */
  adapt(settings: Pick<Settings, 'policy' | 'chunkSeconds' | 'queueSeconds' | 'delaySeconds'>): void {
    Object.assign(this.settings, settings);
  }

  snapshot(): Snapshot {
    return snapshotOf(this.tallies, this.intake.ledger.labelled(), this.load());
  }

  load(): Present {
    return { waiting: this.waiting.size, running: this.slots.size, queuedSeconds: this.intake.seconds };
  }

  /** Takes no more work; resolves when all that was accepted is settled and no run is under way. */
  close(): Promise<void> {
    const closed = this.intake.close();
    this.waiting.releaseAll();
    this.start();
    return closed;
  }

  private now(): number {
    return this.settings.clock() / 1000;
  }

  private runInline(work: Work, terms: Terms, row: Row, seconds: number): Promise<readonly Tensor[]> {
    const refused = this.intake.beginInline(terms, row, seconds);
    if (refused !== undefined) return Promise.reject(refused);
    const earlier = terms.notes.queue;
    terms.notes.queue =
      earlier === undefined ? row.noteInline(seconds) : { ...earlier, predicted: earlier.predicted + seconds };
    const results = work.session.run(work.feeds, work.fetches);
    results.then(row.inlineDone, row.inlineFailed);
    return results;
  }

  private chunkOf({ count, independent }: Rows, cost: ShapeCost): number {
    const splits = independent && this.settings.policy === 'size-first';
    return splits ? chunkRows(count, cost, this.settings.chunkSeconds) : count;
  }

  private enqueue(options: Omit<ConstructorParameters<typeof Task>[0], 'arrived'>): Promise<unknown> {
    const { terms, row, predicted, bytes } = options;
    const refused = this.intake.refuse(terms, row, predicted, bytes);
    if (refused !== undefined) return Promise.reject(refused);
    const now = this.now();
    const task = new Task({ ...options, arrived: now });
    this.intake.enter(terms.caller, predicted, now, bytes);
    task.key = this.keyOf(task, now);
    task.order = this.orders++;
    const late = this.foresee(task, now);
    if (late !== undefined) {
      this.leave(task);
      return Promise.reject(turnAway(row, 'expired', late));
    }
    row.accepted++;
    task.onSettled = (_, outcome) => this.settled(task, outcome);
    terms.signal.addEventListener('abort', task);
    this.wait(task);
    this.start();
    if (task.left > 0) this.deadlines.watch(task);
    return task.settled;
  }

  private keyOf({ terms, predicted, job, lane, rows }: Task, now: number): number {
    const { policy, queueSeconds, ageing } = this.settings;
    const at = this.arrivals.get(terms) ?? now;
    if (job.kind === 'stage') this.arrivals.set(terms, at);
    const weight = terms.caller.weight * terms.priority;
    // Stages of one name differ in size, such as images to decode; runs of one lane and so many rows do not.
    const cost = job.kind === 'run' ? this.ranks.of(lane, rows, predicted, at, ageing) : predicted;
    const standing = this.intake.callers.standing(terms.caller, cost);
    return keyOf(policy, { at, cost, weight, ...standing }, queueSeconds, ageing);
  }

  /** Looks at what is ahead, notes it, and says if that is too much for the deadline. */
  private foresee(task: Task, now: number): FloeError | undefined {
    let position = 0;
    const candidate = this.candidateOf(task, task.nextSeconds);
    let seconds = this.slots.mayBegin(candidate, now) ? 0 : this.slots.remaining(candidate, now);
    const most = task.terms.deadline === Number.POSITIVE_INFINITY ? MOST_COUNTED : MOST_COUNTED_FOR_DEADLINE;
    this.waiting.before(task, most, (ahead) => {
      position++;
      seconds += (ahead.predicted * ahead.left) / ahead.rows;
    });
    const { terms, predicted, rows, chunk } = task;
    const earlier = terms.notes.queue;
    task.note = {
      predicted: predicted + (earlier?.predicted ?? 0),
      position,
      chunks: Math.ceil(rows / chunk),
      wait: earlier?.wait ?? 0,
      actual: earlier?.actual ?? 0,
      batched: 1,
    };
    terms.notes.queue = task.note;
    return lateness(now * 1000, terms.deadline, seconds / this.settings.slots);
  }

  private wait(task: Task): void {
    const { delaySeconds, chunkSeconds, after } = this.settings;
    const { job } = task;
    const hold =
      delaySeconds > 0 && !this.intake.closed && job.kind === 'run' && job.rows.independent && job.cost.overhead > 0;
    const lane = this.waiting.push(task, hold && task.nextSeconds < chunkSeconds);
    if (!lane.held) return;
    const isFull =
      job.kind === 'run' && (lane.rows >= job.cost.preferredRows || job.cost.predict(lane.rows) >= chunkSeconds);
    if (isFull) this.waiting.release(lane);
    else if (lane.tasks.size === 1) after(delaySeconds, () => this.endHold(lane));
  }

  private endHold(lane: Lane): void {
    this.waiting.release(lane);
    this.start();
  }

  /** Begins as many runs as there is room for. */
  private start(): void {
    for (let lane = this.nextLane(); lane !== undefined; lane = this.nextLane()) {
      const { chunkSeconds, slots } = this.settings;
      const members = gather(lane, this.waiting, { chunkSeconds, slots, now: this.now() });
      if (members.length > 0) this.launch(members);
    }
  }

  private nextLane(): Lane | undefined {
    if (this.waiting.size === 0) return undefined;
    if (this.slots.free) return this.waiting.first();
    const now = this.now();
    return this.waiting.firstThat((task) => this.slots.mayBegin(this.candidateOf(task, task.nextSeconds), now));
  }

  private candidateOf({ job, key, terms }: Task, predicted: number): Candidate {
    const canGoBehind = job.kind === 'run' && job.work.session.runBehind !== undefined;
    return { predicted, key, behind: canGoBehind && belongsBehind(predicted, terms.priority, this.settings) };
  }

  private launch(members: readonly Member[]): void {
    const { task: first } = members[0] as Member;
    const { job } = first;
    const now = this.now();
    const predicted = job.kind === 'run' ? job.cost.predict(rowsOfAll(members)) : first.predicted;
    for (const { task } of members) noteStart(task, members.length, now);
    void this.finish(members, job, this.slots.begin(this.candidateOf(first, predicted), now));
  }

  private async finish(members: readonly Member[], job: Job, running: Running): Promise<void> {
    let again: readonly Task[] = [];
    try {
      if (job.kind === 'stage')
        (members[0] as Member).task.answer(await job.begin().finally(() => this.account(members, running)));
      else {
        const results = await runTogether(members, running).finally(() => this.account(members, running));
        job.work.cost.observe(job.cost, rowsOfAll(members), this.secondsOf(running));
        members.forEach(({ task, range }, i) => void task.deliver(range, results[i] ?? []));
      }
    } catch (error) {
      again = blame(members, error);
    }
    this.slots.end(running);
    for (const { task } of members) this.ended(task);
    for (const task of again) if (task.at < 0) this.waiting.push(task, false);
    this.start();
  }

  private secondsOf({ began, cpuSeconds }: Running): number {
    return cpuSeconds ?? this.now() - began;
  }

  /** What a run took, to each of its tasks by its rows. */
  private account(members: readonly Member[], running: Running): void {
    const seconds = this.secondsOf(running);
    const rows = rowsOfAll(members);
    this.tallies.ran(members.length, running.predicted, seconds);
    for (const { task, range } of members) {
      const part = (seconds * (range.to - range.from)) / rows;
      task.row.workSeconds += part;
      if (task.note !== undefined) task.note.actual = (task.note.actual ?? 0) + part;
    }
  }

  /** A run of the task is over. */
  private ended(task: Task): void {
    task.underWay--;
    if (task.over && task.underWay === 0) this.leave(task);
  }

  private settled(task: Task, outcome: Outcome): void {
    task.row[outcome]++;
    this.waiting.remove(task);
    this.deadlines.forget(task);
    this.tallies.settled(task.note?.wait ?? 0);
    if (task.underWay === 0) this.leave(task);
  }

  private leave(task: Task): void {
    this.intake.leave(task.terms.caller, task.predicted, this.now(), task.bytes);
  }

  private numberOf(session: Session): number {
    const known = this.sessionNumbers.get(session);
    if (known !== undefined) return known;
    this.sessionNumbers.set(session, ++this.sessions);
    return this.sessions;
  }
}

/** The wait of a task is that of its first run. */
function noteStart(task: Task, tasks: number, now: number): void {
  const { note } = task;
  if (note === undefined) return;
  if (!task.started) note.wait = (note.wait ?? 0) + now - task.arrived;
  task.started = true;
  note.batched = Math.max(note.batched ?? 1, tasks);
}
