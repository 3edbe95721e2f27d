import { FloeError } from '@floe/graph';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Flight, SingleFlight, type Waiter } from '../../src/cache/single-flight.ts';

/** A computation that is finished by hand. */
class Puppet {
  readonly flights: Flight[] = [];
  private readonly settle: { resolve(value: string): void; reject(error: Error): void }[] = [];

  readonly start = (flight: Flight): Promise<string> => {
    this.flights.push(flight);
    return new Promise((resolve, reject) => this.settle.push({ resolve, reject }));
  };

  finish(at: number, value: string): void {
    this.settle[at]?.resolve(value);
  }

  fail(at: number, error: Error): void {
    this.settle[at]?.reject(error);
  }
}

const waiter = (change: Partial<Waiter> = {}): Waiter => ({
  signal: new AbortController().signal,
  deadline: Number.POSITIVE_INFINITY,
  ...change,
});

/** What became of a promise so far. */
function outcome(promise: Promise<string>): { now: string } {
  const seen = { now: 'waits' };
  promise.then(
    (value) => (seen.now = value),
    (error: FloeError) => (seen.now = error.code ?? error.message),
  );
  return seen;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a flight', () => {
  it('is computed once for all who ask meanwhile, and again afterwards', async () => {
    const puppet = new Puppet();
    const flights = new SingleFlight<string>();
    const asked = [1, 2, 3].map(() => flights.run('k', waiter(), puppet.start));
    expect([flights.size, flights.has('k'), flights.has('other')]).toEqual([1, true, false]);
    puppet.finish(0, 'answer');
    expect(await Promise.all(asked)).toEqual(['answer', 'answer', 'answer']);
    expect([puppet.flights.length, flights.size]).toEqual([1, 0]);
    const again = flights.run('k', waiter(), puppet.start);
    puppet.finish(1, 'another');
    expect(await again).toBe('another');
  });

  it('fails for all who wait, and the next one tries again', async () => {
    const puppet = new Puppet();
    const flights = new SingleFlight<string>();
    const asked = [1, 2].map(() => outcome(flights.run('k', waiter(), puppet.start)));
    puppet.fail(0, new FloeError('UNAVAILABLE', 'no'));
    await turn();
    expect(asked.map(({ now }) => now)).toEqual(['UNAVAILABLE', 'UNAVAILABLE']);
    const again = flights.run('k', waiter(), puppet.start);
    puppet.finish(1, 'answer');
    expect(await again).toBe('answer');
  });

  it('fails where its start throws', async () => {
    const flights = new SingleFlight<string>();
    const start = (): Promise<string> => {
      throw new FloeError('INTERNAL', 'at once');
    };
    await expect(flights.run('k', waiter(), start)).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(flights.size).toBe(0);
  });

  it.each(['leader', 'follower'])('goes on when its %s leaves', async (who) => {
    const puppet = new Puppet();
    const flights = new SingleFlight<string>();
    const leaving = new AbortController();
    const signals = who === 'leader' ? [leaving.signal, waiter().signal] : [waiter().signal, leaving.signal];
    const asked = signals.map((signal) => outcome(flights.run('k', waiter({ signal }), puppet.start)));
    leaving.abort();
    await turn();
    expect(asked.map(({ now }) => now).sort()).toEqual(['CANCELLED', 'waits']);
    expect(puppet.flights[0]?.signal.aborted).toBe(false);
    puppet.finish(0, 'answer');
    await turn();
    expect(asked.map(({ now }) => now).sort()).toEqual(['CANCELLED', 'answer']);
  });

  it('is aborted when all have left, and who comes then starts another', async () => {
    const puppet = new Puppet();
    const flights = new SingleFlight<string>();
    const leaving = new AbortController();
    const asked = [1, 2].map(() => outcome(flights.run('k', waiter({ signal: leaving.signal }), puppet.start)));
    leaving.abort();
    const late = flights.run('k', waiter(), puppet.start);
    expect(puppet.flights[0]?.signal.aborted).toBe(true);
    // The abandoned one lands late, well or badly: nobody hears of it.
    puppet.fail(0, new FloeError('CANCELLED', 'aborted'));
    await turn();
    expect(asked.map(({ now }) => now)).toEqual(['CANCELLED', 'CANCELLED']);
    expect(flights.has('k')).toBe(true);
    puppet.finish(1, 'answer');
    expect(await late).toBe('answer');
  });

  it('does not start for a caller who has gone or is too late', async () => {
    const puppet = new Puppet();
    const flights = new SingleFlight<string>();
    await expect(flights.run('k', waiter({ signal: AbortSignal.abort() }), puppet.start)).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    await expect(flights.run('k', waiter({ deadline: performance.now() }), puppet.start)).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
    expect(puppet.flights).toEqual([]);
  });

  it('keeps a lender until it has landed', async () => {
    const puppet = new Puppet();
    const flights = new SingleFlight<string>();
    const leaving = new AbortController();
    const lender = outcome(flights.run('k', waiter({ signal: leaving.signal, lends: true }), puppet.start));
    const follower = outcome(flights.run('k', waiter({ lends: true }), puppet.start));
    leaving.abort();
    await turn();
    expect([lender.now, follower.now]).toEqual(['waits', 'waits']);
    puppet.finish(0, 'answer');
    await turn();
    expect([lender.now, follower.now]).toEqual(['CANCELLED', 'answer']);
  });
});

describe('deadlines', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('are kept by each waiter for itself, and the flight knows the latest', async () => {
    const puppet = new Puppet();
    const flights = new SingleFlight<string>();
    const now = performance.now();
    const short = outcome(flights.run('k', waiter({ deadline: now + 100 }), puppet.start));
    expect(puppet.flights[0]?.deadline).toBe(now + 100);
    const long = outcome(flights.run('k', waiter({ deadline: now + 300 }), puppet.start));
    expect(puppet.flights[0]?.deadline).toBe(now + 300);
    vi.advanceTimersByTime(100);
    await turn();
    expect([short.now, long.now]).toEqual(['DEADLINE_EXCEEDED', 'waits']);
    expect(puppet.flights[0]?.signal.aborted).toBe(false);
    vi.advanceTimersByTime(200);
    await turn();
    expect([long.now, puppet.flights[0]?.signal.aborted]).toEqual(['DEADLINE_EXCEEDED', true]);
    expect(flights.size).toBe(0);
  });

  it('may move while a flight waits for another', async () => {
    const [outer, inner] = [new Puppet(), new Puppet()];
    const [outers, inners] = [new SingleFlight<string>(), new SingleFlight<string>()];
    const now = performance.now();
    const nested = (flight: Flight): Promise<string> => {
      void outer.start(flight);
      return inners.run('part', flight, inner.start);
    };
    const short = outcome(outers.run('k', waiter({ deadline: now + 100 }), nested));
    const long = outcome(outers.run('k', waiter({ deadline: now + 300 }), nested));
    vi.advanceTimersByTime(200);
    await turn();
    expect([short.now, long.now, outer.flights.length]).toEqual(['DEADLINE_EXCEEDED', 'waits', 1]);
    inner.finish(0, 'answer');
    await turn();
    expect(long.now).toBe('answer');
  });

  it('leave no timer behind, and those beyond what a timer can do are none', async () => {
    const puppet = new Puppet();
    const flights = new SingleFlight<string>();
    const asked = [1000, 1e12].map((ms) =>
      flights.run('k', waiter({ deadline: performance.now() + ms }), puppet.start),
    );
    expect(vi.getTimerCount()).toBe(1);
    puppet.finish(0, 'answer');
    expect(await Promise.all(asked)).toEqual(['answer', 'answer']);
    expect(vi.getTimerCount()).toBe(0);
  });
});

it('whoever comes, leaves and fails in whatever order: all are settled, and only an abandoned flight is aborted', async () => {
  const step = fc.oneof(
    fc.record({ act: fc.constant('ask' as const), key: fc.constantFrom('a', 'b') }),
    fc.record({ act: fc.constant('leave' as const), who: fc.nat(9) }),
    fc.record({ act: fc.constant('finish' as const), which: fc.nat(5) }),
    fc.record({ act: fc.constant('fail' as const), which: fc.nat(5) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const puppet = new Puppet();
      const flights = new SingleFlight<string>();
      const callers: { readonly controller: AbortController; readonly seen: { now: string } }[] = [];
      for (const one of steps) {
        if (one.act === 'ask') {
          const controller = new AbortController();
          const asked = flights.run(one.key, waiter({ signal: controller.signal }), puppet.start);
          callers.push({ controller, seen: outcome(asked) });
        } else if (one.act === 'leave') callers[one.who]?.controller.abort();
        else if (one.act === 'finish') puppet.finish(one.which, 'answer');
        else puppet.fail(one.which, new FloeError('INTERNAL', 'failed'));
        await turn();
      }
      const aborted = puppet.flights.filter(({ signal }) => signal.aborted).length;
      for (const [at] of puppet.flights.entries()) puppet.finish(at, 'answer');
      await turn();
      expect(callers.filter(({ seen }) => seen.now === 'waits')).toEqual([]);
      expect(callers.filter(({ seen }) => seen.now === 'CANCELLED').length).toBeGreaterThanOrEqual(aborted);
      expect(flights.size).toBe(0);
    }),
    { numRuns: 60 },
  );
});
