import type { FloeError } from '@floe/graph/base';
import { beforeEach, describe, expect, it } from 'vitest';
import type { LiveCount } from '../../src/core/canary-health.ts';
import type { VersionStatus } from '../../src/core/inference.ts';
import { Trial } from '../../src/core/trial.ts';
import type { Channels } from '../../src/registry/aspired.ts';
import type { Actor } from '../../src/registry/audit.ts';
import { RolloutKeeper } from '../../src/servable/rollout-keeper.ts';

const canary = { version: 2, percent: 10, steps: [10, 50] };
let channels: Channels;
let moves: string[];
let errors: string[];
let trial: Trial | undefined;
let statuses: readonly VersionStatus[];
let live: Map<number, LiveCount>;
let isAway = false;

beforeEach(() => {
  channels = { stable: 1, canary, labels: {} };
  moves = [];
  errors = [];
  trial = new Trial(2);
  statuses = [];
  live = new Map();
  isAway = false;
});

const keeper = new RolloutKeeper({
  repository: {
    changeChannels: async (_: string, change: (now: Channels) => Channels | undefined, { by, why = '' }: Actor) => {
      if (isAway) throw new Error('the store is away');
      const after = change(channels);
      if (after !== undefined) moves.push(`${by}: ${why}`);
      channels = after ?? channels;
      return channels;
    },
  },
  trial: () => trial,
  statuses: () => statuses,
  live: async () => live,
  log: () => {},
  onError: ({ message }: FloeError) => errors.push(message),
});

function answers(version: number, count: number, seconds = 0.01): void {
  for (let n = 0; n < count; n++) trial?.answered(version, seconds);
}

describe('a trial that goes by steps', () => {
  it('gets its next share once enough says that it is healthy, and is stable after the last', async () => {
    answers(2, 99);
    answers(1, 900);
    await keeper.look('digits', channels);
    expect(channels.canary?.percent).toBe(10);
    answers(2, 1);
    await keeper.look('digits', channels);
    expect(channels.canary).toEqual({ ...canary, percent: 50 });
    await keeper.look('digits', channels);
    expect(channels).toEqual({ stable: 2, labels: {} });
    expect(moves).toHaveLength(2);
  });

  it('ends where it fails, is slow or is called wrong by users', async () => {
    const before = channels;
    answers(1, 1000);
    answers(2, 100);
    for (let n = 0; n < 20; n++) trial?.failed(2, 'INTERNAL');
    await keeper.look('digits', channels);
    expect(channels).toEqual({ stable: 1, labels: {} });
    channels = before;
    trial = new Trial(2);
    answers(1, 1000);
    answers(2, 100, 0.1);
    await keeper.look('digits', channels);
    expect(channels.canary).toBeUndefined();
    channels = before;
    trial = new Trial(2);
    answers(1, 1000);
    answers(2, 100);
    live = new Map([
      [1, { right: 90, labels: 100 }],
      [2, { right: 50, labels: 100 }],
    ]);
    await keeper.look('digits', channels);
    expect(channels.canary).toBeUndefined();
    expect(moves).toEqual([
      expect.stringMatching(/^rollout: .*fail/),
      expect.stringMatching(/p95/),
      expect.stringMatching(/users call 50\.0 % right/),
    ]);
  });

  it('ends where it cannot be loaded, and waits where that is the trouble of one server', async () => {
    trial = undefined;
    await keeper.look('digits', channels);
    const status = { version: 2, state: 'END', errorMessage: 'no such op' } as const;
    for (const errorCode of ['UNAVAILABLE', 'RESOURCE_EXHAUSTED', 'PERMISSION_DENIED'] as const) {
      statuses = [{ ...status, errorCode }];
      await keeper.look('digits', channels);
      expect(channels.canary).toEqual(canary);
    }
    statuses = [{ ...status, errorCode: 'UNIMPLEMENTED' }];
    await keeper.look('digits', channels);
    expect(channels.canary).toBeUndefined();
    expect(moves).toEqual(['rollout: it cannot be loaded: no such op']);
  });

  it('is left alone where somebody has moved it since it was judged', async () => {
    answers(2, 200);
    const seen = channels;
    channels = { stable: 1, canary: { version: 3, percent: 1, steps: [1] }, labels: {} };
    await keeper.look('digits', seen);
    expect([channels.canary?.version, moves]).toEqual([3, []]);
  });

  it('is tried again at the next look where the store is away', async () => {
    answers(2, 200);
    isAway = true;
    await keeper.look('digits', channels);
    expect(errors).toEqual(['the store is away']);
    isAway = false;
    await keeper.look('digits', channels);
    expect(channels.canary?.percent).toBe(50);
  });
});

it('a trial without steps is left to people', async () => {
  channels = { stable: 1, canary: { version: 2, percent: 10 }, labels: {} };
  answers(2, 1000);
  for (let n = 0; n < 500; n++) trial?.failed(2, 'INTERNAL');
  await keeper.look('digits', channels);
  expect(moves).toEqual([]);
});
