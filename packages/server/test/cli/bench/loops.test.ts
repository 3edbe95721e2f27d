import { describe, expect, it } from 'vitest';
import { closedLoop, openLoop, poissonGaps } from '../../../src/cli/bench/loops.ts';
import { random } from '../../../src/cli/made-up.ts';

const goOn = new AbortController().signal;
const forever = Number.POSITIVE_INFINITY;

describe('arrivals of a Poisson process', () => {
  const gaps = (seed: number): number[] => Array.from({ length: 20_000 }, poissonGaps(50, random(seed)));

  it('come at the rate, as irregularly as independent callers', () => {
    const list = gaps(1);
    const mean = list.reduce((sum, gap) => sum + gap, 0) / list.length;
    const deviation = Math.sqrt(list.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / list.length);
    expect(mean / 20).toBeCloseTo(1, 1);
    expect(deviation / mean).toBeCloseTo(1, 1);
  });

  it('are the same for the same seed', () => {
    expect(gaps(7)).toEqual(gaps(7));
    expect(gaps(7)).not.toEqual(gaps(8));
  });
});

/** A server that answers when it is told to. */
function puppet() {
  const due: number[] = [];
  const answers: (() => void)[] = [];
  const sent = new Map<number, () => void>();
  const send = (at: number): Promise<void> => {
    due.push(at);
    sent.get(due.length)?.();
    return new Promise((resolve) => answers.push(resolve));
  };
  const whenSent = (count: number): Promise<void> =>
    new Promise((resolve) => (due.length >= count ? resolve() : sent.set(count, resolve)));
  return { due, send, whenSent, answer: () => answers.shift()?.() };
}

describe('an open loop', () => {
  it('sends without waiting for answers, and counts from when each was due', async () => {
    const server = puppet();
    const over = openLoop(() => 1, 100, { requests: 5, seconds: forever }, server.send, goOn);
    await server.whenSent(5);
    const steps = server.due.slice(1).map((due, i) => due - (server.due[i] ?? 0));
    for (const step of steps) expect(step).toBeCloseTo(1);
    for (let i = 0; i < 5; i++) server.answer();
    expect(await over).toBe(0);
  });

  it('keeps what is due while too many are under way, and does not forgive their wait', async () => {
    const server = puppet();
    const over = openLoop(() => 1, 2, { requests: 4, seconds: forever }, server.send, goOn);
    await server.whenSent(2);
    server.answer();
    await server.whenSent(3);
    server.answer();
    await server.whenSent(4);
    expect((server.due[3] ?? 0) - (server.due[0] ?? 0)).toBeCloseTo(3);
    server.answer();
    server.answer();
    expect(await over).toBe(0);
  });

  it('says how many were due and never sent', async () => {
    const server = puppet();
    const over = openLoop(() => 0.001, 3, { requests: 50, seconds: 0.001 }, server.send, goOn);
    await server.whenSent(3);
    const end = performance.now() + 1;
    while (performance.now() < end) await new Promise((resolve) => setImmediate(resolve));
    for (let i = 0; i < 3; i++) server.answer();
    expect(await over).toBe(47);
    expect(server.due).toHaveLength(3);
  });

  it('ends when it is stopped, once what is under way is over', async () => {
    const server = puppet();
    const stop = new AbortController();
    const over = openLoop(() => 1, 2, { requests: forever, seconds: forever }, server.send, stop.signal);
    await server.whenSent(2);
    stop.abort();
    server.answer();
    server.answer();
    expect(await over).toBe(0);
    expect(server.due).toHaveLength(2);
  });
});

describe('a closed loop', () => {
  it('sends again when it has its answer, so many times', async () => {
    const server = puppet();
    const over = closedLoop(2, { requests: 3, seconds: forever }, server.send, goOn);
    expect(server.due).toHaveLength(2);
    server.answer();
    await server.whenSent(3);
    server.answer();
    server.answer();
    await over;
    expect(server.due).toHaveLength(3);
  });

  it('sends no more once it is stopped', async () => {
    const server = puppet();
    const stop = new AbortController();
    const over = closedLoop(1, { requests: forever, seconds: forever }, server.send, stop.signal);
    stop.abort();
    server.answer();
    await over;
    expect(server.due).toHaveLength(1);
  });
});
