import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LoadGate } from '../../src/servable/load-gate.ts';

/** Loads that end when they are told to. */
function loads(gate: LoadGate, sizes: readonly number[]) {
  const running: number[] = [];
  const order: number[] = [];
  const ends = new Map<number, () => void>();
  const all = sizes.map((bytes, index) =>
    gate.through(bytes, async () => {
      running.push(index);
      order.push(index);
      await new Promise<void>((end) => ends.set(index, end));
      running.splice(running.indexOf(index), 1);
    }),
  );
  return { running, order, all: Promise.all(all), end: (index: number) => ends.get(index)?.() };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the gate of loads', () => {
  it('lets as many in as it was told', async () => {
    const gate = new LoadGate(2, () => ({ limitBytes: 100, usedBytes: 0 }));
    const { running, all, end } = loads(gate, [1, 1, 1]);
    await turn();
    expect(running).toEqual([0, 1]);
    end(1);
    await turn();
    expect(running).toEqual([0, 2]);
    end(0);
    end(2);
    await all;
  });

  it('lets a load in alone that fits nowhere, for another decides about it', async () => {
    const gate = new LoadGate(4, () => ({ limitBytes: 10, usedBytes: 9 }));
    const { running, all, end } = loads(gate, [1000, 1]);
    await turn();
    expect(running).toEqual([0]);
    end(0);
    await turn();
    expect(running).toEqual([1]);
    end(1);
    await all;
  });

  it('goes on after a load that fails', async () => {
    const gate = new LoadGate(1, () => ({ limitBytes: 10, usedBytes: 0 }));
    await expect(gate.through(1, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await gate.through(1, async () => 'fine')).toBe('fine');
  });

  it('keeps the order, the number and the memory, whatever comes and ends', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 1, max: 4 }), fc.array(fc.nat(3)), async (bytes, most, choices) => {
        const gate = new LoadGate(most, () => ({ limitBytes: 100, usedBytes: 20 }));
        const { running, order, all, end } = loads(gate, bytes);
        for (let step = 0; ; step++) {
          await turn();
          if (running.length === 0) break;
          expect(running.length).toBeLessThanOrEqual(most);
          const held = running.reduce((sum, index) => sum + (bytes[index] ?? 0), 0);
          if (running.length > 1) expect(held + 20).toBeLessThanOrEqual(100);
          end(running[(choices[step] ?? 0) % running.length] ?? 0);
        }
        await all;
        expect(order).toEqual(bytes.map((_, index) => index));
      }),
    );
  });
});
