import { describe, expect, it } from 'vitest';
import { mebibytes, resolveConfig } from '../../src/core/config.ts';
import { memoryShares } from '../../src/core/memory-shares.ts';

const GIB = 1024;

describe('of its memory a server gives', () => {
  const table: [what: string, options: object, containerMb: number, shares: object][] = [
    ['each cache a small part of 512 MB', {}, 512, { outputCache: 16, inputCache: 16, fetchCache: 16 }],
    ['each cache less of 128 MB', {}, 128, { outputCache: 4, inputCache: 4, fetchCache: 4 }],
    ['each cache 64 MB from 2 GB on', {}, 2 * GIB, { outputCache: 64, inputCache: 64, fetchCache: 64 }],
    ['each cache no more of a large machine', {}, 256 * GIB, { outputCache: 64, inputCache: 64, fetchCache: 64 }],
    ['a cache what it was told, however small the container', { outputCacheMb: '300' }, 512, { outputCache: 300 }],
    ['a cache nothing where it was told so', { inputCacheMb: 0 }, 512, { inputCache: 0, outputCache: 16 }],
    ['parts of the limit that was set, not of the container', { memoryLimitMb: 512 }, 64 * GIB, { outputCache: 16 }],
    ['a quarter each to the queue and to bodies', { bodyLimitMb: 8 }, 512, { limit: 512, queue: 128, heldBodies: 128 }],
    ['bodies a part of the limit that was set', { memoryLimitMb: 1024 }, 64 * GIB, { heldBodies: 256, limit: 1024 }],
    ['bodies as much as one may have', { bodyLimitMb: 200 }, 512, { heldBodies: 200 }],
  ];
  it.each(table)('%s', (_, options, containerMb, expected) => {
    const config = resolveConfig({ models: '/models', ...options }, {}, {});
    const bytes = Object.entries(expected).map(([name, mb]) => [name, mebibytes(mb)]);
    expect(memoryShares(config, mebibytes(containerMb))).toMatchObject(Object.fromEntries(bytes));
  });
});
