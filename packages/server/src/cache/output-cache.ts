/**
 * The output cache: `answer` gives a stored answer where the 80-20 rule allows it, else computes one, together with everyone who
 * asks the same meanwhile. What the rule went by (version, band, epoch) is fixed before computing and checked again before storing.
 */
import { isDeepStrictEqual } from 'node:util';
import { FloeError } from '@floe/graph/base';
import type { AccuracySource } from '../core/accuracy.ts';
import type { EncodedForm } from '../core/encoded-form.ts';
import type { KnownCall, ModelRef, NamedTensor, ServableInfo } from '../core/inference.ts';
import { andThen, type Later } from '../core/later.ts';
import type { CacheNote, Terms } from '../core/terms.ts';
import { BypassNotes } from './bypass-notes.ts';
import { ByteCache, type CacheStats } from './byte-cache.ts';
import { type Contract, contractOf, expandedOutputs, usesKeysOnly } from './contract.ts';
import { type Entry, isReachable, keepForm, keptForm, makeEntry, select } from './entry.ts';
import { band, type CachePolicy, endsAt, type GateState, gate, reason, type Serving } from './gate.ts';
import { Gatekeeper } from './gatekeeper.ts';
import { keyOf } from './key.ts';
import type { ModelMarks } from './marks.ts';
import { type Rerun, Reruns } from './reruns.ts';
import type { SecondLevel, SecondLevelStats } from './second-level.ts';
import { SharedAnswers } from './shared-answers.ts';
import { type Flight, SingleFlight } from './single-flight.ts';
import { Verification, type VerifyPolicy } from './verification.ts';

/** What was resolved for a request. */
export interface CacheContext {
  readonly servable: ServableInfo;
  readonly ref: ModelRef;
  /** Whether this version serves all who name neither version nor label; false for a canary. */
  readonly isStable: boolean;
}

/**
 * Runs the call on the servable of the context. Where it is shared, its terms are those of the flight: their signal aborts when nobody
 * waits any more, and their deadline is the latest of those who wait, read anew each time.
 */
export type Compute = (terms: Terms) => Later<readonly NamedTensor[]>;

export interface Cached {
  /** As asked for, in that order. Shared with others: only to be read. */
  readonly outputs: readonly NamedTensor[];
  /** Version that computed them. */
  readonly version: number;
  /** Where the answer is stored; absent where it was just computed. */
  readonly stored?: { readonly key: string; readonly entry: Entry };
}

export interface OutputCacheDeps {
  readonly policy: CachePolicy;
  readonly verify: VerifyPolicy;
  readonly limitBytes: number;
  readonly accuracy: AccuracySource;
  readonly second?: SecondLevel;
  /** Absent: nothing is verified. */
  readonly rerun?: Rerun;
}

/** Hits, misses and bypassed requests are all that were answered. */
export interface OutputCacheStats extends CacheStats {
  readonly bypassed: number;
  /** Misses for which an answer was there that had ended. */
  readonly ended: number;
  /** Hits that shared a computation under way. */
  readonly shared: number;
  /** Hits that the second level had. */
  readonly second: number;
  /** Absent where there is none. */
  readonly secondLevel?: SecondLevelStats;
}

/** What holds for one request from beginning to end. */
interface Question {
  readonly call: KnownCall;
  readonly context: CacheContext;
  readonly terms: Terms;
  readonly compute: Compute;
  /** Names of the outputs, in order. */
  readonly names: readonly string[];
  readonly serving: Serving;
  readonly marks: ModelMarks;
  readonly epoch: number;
  readonly purges: number;
  readonly band: number;
}

interface Landing {
  readonly entry: Entry;
  readonly isFromSecond: boolean;
}

export class OutputCache {
  readonly verification: Verification;
  private readonly deps: OutputCacheDeps;
  private readonly store: ByteCache<Entry>;
  private readonly flights = new SingleFlight<Landing>();
  private readonly keeper: Gatekeeper;
  private notes: BypassNotes;
  private readonly reruns: Reruns | undefined;
  private readonly second: SharedAnswers | undefined;
  private readonly counts = { hits: 0, misses: 0, bypassed: 0, ended: 0, shared: 0, second: 0 };

  constructor(given: OutputCacheDeps) {
    // Policies of its own, which `adapt` changes for all its parts at once.
    const deps = { ...given, policy: { ...given.policy }, verify: { ...given.verify } };
    this.deps = deps;
    this.store = new ByteCache(deps.limitBytes);
    this.verification = new Verification(deps.verify);
    this.notes = new BypassNotes(deps.policy);
    if (deps.second !== undefined) this.second = new SharedAnswers(deps.second, deps.policy);
    if (deps.rerun !== undefined) this.reruns = new Reruns(deps.rerun, this.verification);
    this.keeper = new Gatekeeper({
      policy: deps.policy,
      accuracy: deps.accuracy,
      verification: this.verification,
      publish: (model, marks) => deps.second?.publish(model, marks),
    });
  }

  /**
   * Answers `call`, and says in `terms.notes.cache` how. A hit is given at once, without a promise. Settles only when nothing reads the
   * call's inputs any more, so that the body they lie in may be given back. Throws what `compute` throws, CANCELLED, DEADLINE_EXCEEDED.
   */
  answer(call: KnownCall, context: CacheContext, terms: Terms, compute: Compute): Later<Cached> {
    const { model, version } = context.servable;
    const refusal = refusalOf(context, terms, this.deps.limitBytes);
    if (refusal !== undefined)
      return this.bypass(this.notes.refused(context.servable, refusal), context, terms, compute);
    const contract = contractOf(context.servable, call);
    const scope = scopeOf(call, context, terms, contract);
    const serving = this.keeper.admit(model, version, scope);
    if (gate(undefined, serving, this.deps.policy) === 'closed') {
      return this.bypass(this.notes.closed(context.servable, serving), context, terms, compute);
    }
    const marks = this.keeper.marks(model);
    const { epoch } = marks;
    const outputs = expandedOutputs(call, contract);
    const key = keyOf(call, { model, epoch, contract: contract.digest, scope, outputs });
    const question: Question = {
      call,
      context,
      terms,
      compute,
      names: call.outputs ?? contract.outputs,
      serving,
      marks,
      epoch,
      purges: marks.purgesOf(version),
      band: band(serving.accuracy ?? 0, this.deps.policy.milestones),
    };
    return andThen(key, (known) => this.look(known, question));
  }

  /**
   * The reply to `cached` in this form: what is kept, else what `encode` makes, which is kept from the first hit on. Encoding costs more
   * than all the rest of a hit, see `bench/cache-hit.ts`; a form is up to three times the size of its outputs.
   */
  reply<Reply>(cached: Cached, form: EncodedForm<Reply> | undefined, encode: () => Later<Reply>): Later<Reply> {
    const { stored } = cached;
    if (form === undefined || stored === undefined) return encode();
    const { key, entry } = stored;
    const kept = keptForm(entry, form);
    if (kept !== undefined) return kept;
    return andThen(encode(), (reply) => {
      const isStored = this.store.peek(key) === entry;
      if (isStored && keepForm(entry, form, reply, this.store.largest)) this.store.set(key, entry, entry.bytes);
      return reply;
    });
  }

  /** To be told of every change of the version that serves where a request names none. */
  serves(model: string, version: number): void {
    this.keeper.serves(model, version);
  }

  /** To be told when a version is gone for good, or its answers must not be given any more. */
  purge(model: string, version: number): void {
    this.keeper.purge(model, version);
  }

  /** To be told when a model is gone. */
  remove(model: string): void {
    this.keeper.remove(model);
  }

  /** Goes by other policies from now on. Another rule of the gate makes all answers of before unreachable. */
  adapt(policy: CachePolicy, verify: VerifyPolicy): void {
    Object.assign(this.deps.verify, verify);
    if (isDeepStrictEqual(policy, this.deps.policy)) return;
    Object.assign(this.deps.policy, policy);
    this.notes = new BypassNotes(this.deps.policy);
    this.keeper.restart();
  }

  stats(): OutputCacheStats {
    const { second } = this.deps;
    const stats = { ...this.store.stats(), ...this.counts };
    return second === undefined ? stats : { ...stats, secondLevel: second.stats() };
  }

  /** Waits for what is being verified, and closes the second level. */
  async close(): Promise<void> {
    await this.reruns?.settled();
    await this.deps.second?.close();
  }

  private bypass(note: CacheNote, context: CacheContext, terms: Terms, compute: Compute): Later<Cached> {
    const { version } = context.servable;
    terms.notes.cache = note;
    return andThen(compute(terms), (outputs) => {
      this.counts.bypassed++;
      return { outputs, version };
    });
  }

  private look(key: string, question: Question): Later<Cached> {
    const stored = this.store.get(key);
    const entry = stored !== undefined && isReachable(stored, question.marks) ? stored : undefined;
    const state = gate(entry, question.serving, this.deps.policy);
    const outputs = state === 'hit' && entry !== undefined ? select(entry, question.names) : undefined;
    if (outputs === undefined || entry === undefined) return this.share(key, question, state, entry);
    this.hit(question, entry);
    return { outputs, version: entry.version, stored: { key, entry } };
  }

  private hit({ call, context, terms, serving }: Question, entry: Entry): void {
    this.counts.hits++;
    if (entry.note?.accuracy !== serving.accuracy) {
      entry.note = this.note('hit', reason('hit', entry, serving, this.deps.policy), entry, serving);
    }
    terms.notes.cache = entry.note as CacheNote;
    this.reruns?.consider(call, context.servable, entry);
  }

  /** Computes, or waits for whoever computes the same on the same version already. */
  private async share(key: string, question: Question, state: GateState, ended: Entry | undefined): Promise<Cached> {
    const { terms, serving, names } = question;
    const flightKey = `${key}/${serving.version}/${question.purges}`;
    const leads = !this.flights.has(flightKey);
    const why = leads ? reason(state, ended, serving, this.deps.policy) : 'shared with a request under way';
    const stamp = { band: question.band, version: serving.version };
    terms.notes.cache = this.note(leads ? 'miss' : 'hit', why, stamp, serving);
    const { signal, deadline } = terms;
    const { entry, isFromSecond } = await this.flights.run(flightKey, { signal, deadline, lends: true }, (flight) =>
      this.land(key, question, flight),
    );
    this.count(leads, isFromSecond, state);
    if (isFromSecond) {
      terms.notes.cache = this.note(
        'hit',
        `${reason('hit', entry, serving, this.deps.policy)}, from the second level`,
        entry,
        serving,
      );
    }
    const outputs = select(entry, names);
    if (outputs === undefined) throw new FloeError('INTERNAL', `the answer lacks an output: ${names.join(', ')}`);
    return { outputs, version: entry.version };
  }

  private count(leads: boolean, isFromSecond: boolean, state: GateState): void {
    if (leads && !isFromSecond) this.counts.misses++;
    else this.counts.hits++;
    if (!leads) this.counts.shared++;
    else if (isFromSecond) this.counts.second++;
    else if (state === 'ended') this.counts.ended++;
  }

  private async land(key: string, question: Question, flight: Flight): Promise<Landing> {
    const { context, compute, serving, epoch, purges, terms } = question;
    const { model } = context.servable;
    const second = this.second?.isWorthAsking(model) ? this.second : undefined;
    const found = second === undefined ? undefined : await second.find(key, model, question);
    if (found !== undefined) {
      this.keep(key, found, question);
      return { entry: found, isFromSecond: true };
    }
    const began = performance.now();
    const outputs = await compute(termsOf(flight, terms));
    this.second?.computed(model, performance.now() - began);
    const entry = makeEntry({ band: question.band, version: serving.version, epoch, purges }, outputs);
    if (this.keep(key, entry, question)) second?.store(key, entry);
    return { entry, isFromSecond: false };
  }

  /** Stores the entry if all that was fixed still holds and no newer version's answer is there. */
  private keep(key: string, entry: Entry, question: Question): boolean {
    const { marks, epoch, purges, serving, context } = question;
    const now = this.keeper.serving(context.servable.model, serving.version);
    const holds =
      marks.epoch === epoch &&
      marks.purgesOf(serving.version) === purges &&
      gate(undefined, now, this.deps.policy) !== 'closed' &&
      band(now.accuracy ?? 0, this.deps.policy.milestones) === question.band;
    const there = this.store.peek(key);
    if (!holds || (there !== undefined && there.version > entry.version && isReachable(there, marks))) return false;
    marks.noteStored(entry.version);
    return this.store.set(key, entry, entry.bytes);
  }

  private note(
    state: CacheNote['state'],
    why: string,
    stamp: { readonly band: number; readonly version: number },
    { accuracy }: Serving,
  ): CacheNote {
    const end = endsAt(stamp.band, this.deps.policy);
    return {
      state,
      reason: why,
      version: stamp.version,
      ...(accuracy === undefined ? {} : { accuracy }),
      ...(end === undefined ? {} : { endsAt: end }),
    };
  }
}

function refusalOf({ servable }: CacheContext, { cache }: Terms, limitBytes: number): string | undefined {
  if (limitBytes === 0) return 'off';
  if (cache === 'bypass') return 'no-store';
  return servable.deterministic ? undefined : 'not deterministic: the graph draws random numbers';
}

function scopeOf(call: KnownCall, context: CacheContext, terms: Terms, contract: Contract): number | undefined {
  const { ref, isStable, servable } = context;
  const isShared =
    isStable &&
    ref.version === undefined &&
    ref.label === undefined &&
    terms.scope === 'model' &&
    usesKeysOnly(call, contract);
  return isShared ? undefined : servable.version;
}

/** The terms of whoever started the flight, but for what belongs to all who wait. */
function termsOf(flight: Flight, terms: Terms): Terms {
  const { requestId, arrived, caller, priority, cache, scope, notes } = terms;
  return {
    requestId,
    arrived,
    caller,
    priority,
    cache,
    scope,
    notes,
    signal: flight.signal,
    get deadline() {
      return flight.deadline;
    },
  };
}
