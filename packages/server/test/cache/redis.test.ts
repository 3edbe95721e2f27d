import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Entry, makeEntry } from '../../src/cache/entry.ts';
import { openRedis } from '../../src/cache/redis.ts';
import { GuardedStore, type RemoteStore } from '../../src/cache/second-level.ts';
import { floats } from './fixture.ts';
import { type Mode, RespServer } from './resp-server.ts';

const ENTRY: Entry = makeEntry({ band: 1, version: 2, epoch: 3, purges: 4 }, [{ name: 'y', tensor: floats(1, 2) }]);
/** Long enough that only what hangs has no answer. */
const PATIENT = { deadline: 500, pause: 20 };

let server: RespServer;
let remote: RemoteStore;
let guarded: GuardedStore;
let said: string[];
let port: number;

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
};

beforeEach(async () => {
  said = [];
  server = new RespServer();
  port = await server.listen();
  remote = await openRedis({
    url: `redis://127.0.0.1:${port}`,
    namespace: 'test',
    log: (level, message) => said.push(`${level}: ${message}`),
  });
  guarded = new GuardedStore(remote, PATIENT);
  await until(() => remote.isReady);
});
afterEach(async () => {
  await guarded.close();
  await server.close();
});

it('stores, finds, and shares marks', async () => {
  guarded.publish('digits', { epoch: 3, purges: new Map([[2, 4]]) });
  guarded.store('key', ENTRY);
  const marks = { epoch: 3, purges: new Map([[2, 4]]) };
  expect(await guarded.find('digits', 'key')).toEqual({ entry: ENTRY, marks });
  expect(await guarded.find('digits', 'other')).toEqual({ marks });
  guarded.publish('digits', { epoch: 1, purges: new Map() });
  expect(await guarded.find('digits', 'other')).toEqual({ marks });
  expect([...server.values.keys()]).toEqual(['test:answer:key']);
  expect(said).toEqual(['info: Redis is connected']);
});

it('takes what others have written there for a miss', async () => {
  server.values.set('test:answer:key', Buffer.from('{"json": true}'));
  expect(await guarded.find('digits', 'key')).toMatchObject({ marks: { epoch: 0 } });
  expect(guarded.stats().garbage).toBe(1);
});

describe('a server that misbehaves', () => {
  it.each<[string, Mode]>([
    ['says what is no protocol', 'garbage'],
    ['closes the connection', 'closes'],
    ['answers with errors', 'errors'],
    ['stops in the middle of an answer', 'half'],
    ['says nothing', 'hangs'],
  ])('that %s is no answer, and is used again when it has come round', async (_, mode) => {
    const quick = new GuardedStore(remote, { deadline: 20, pause: 20 });
    server.mode = mode;
    for (let i = 0; i < 3; i++) {
      quick.store(`key ${i}`, ENTRY);
      expect(await quick.find('digits', `key ${i}`)).toBeUndefined();
    }
    expect(quick.stats()).toMatchObject({ hits: 0 });
    server.mode = 'answers';
    // What hangs on a connection that is half spoken for is found out by the client's own time limit, seconds later.
    if (mode !== 'half' && mode !== 'hangs') {
      await until(() => remote.isReady);
      quick.store('key', ENTRY);
      await until(() => server.values.has('test:answer:key'));
    }
    await quick.close();
  });

  it('that goes away is connected to again in the background', async () => {
    await server.close();
    await until(() => !remote.isReady);
    expect(await guarded.find('digits', 'key')).toBeUndefined();
    server = new RespServer();
    await server.listen(port);
    await until(() => remote.isReady);
    expect(await guarded.find('digits', 'key')).toBeDefined();
    expect(said).toEqual([
      'info: Redis is connected',
      expect.stringContaining('warn: Redis is away'),
      'info: Redis is connected',
    ]);
  });
});

it('refuses a URL that is none', async () => {
  const log = (): void => {};
  await expect(openRedis({ url: 'http://127.0.0.1', namespace: 'test', log })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  });
  await expect(openRedis({ url: 'nonsense', namespace: 'test', log })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  });
});
