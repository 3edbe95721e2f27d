/** What a real Redis does to the second level of the output cache, and what users must not notice of it. */
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import { RedisProcess } from './redis-process.ts';
import { type Load, Replica } from './replica.ts';

/** Nobody waits for Redis longer than its deadline of 5 ms; the rest is for a busy machine. */
const SLOWEST_MS = 500;

let passed = 0;
let failed = 0;
const unheard: unknown[] = [];
process.on('unhandledRejection', (error) => unheard.push(error));
process.on('uncaughtException', (error) => unheard.push(error));

function check(name: string, found: unknown, expected: unknown): void {
  const isRight = JSON.stringify(found) === JSON.stringify(expected);
  if (isRight) passed++;
  else failed++;
  const difference = isRight ? '' : `: ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`;
  console.log(`${isRight ? 'ok' : 'not ok'} - ${name}${difference}`);
}

function checkLoad(name: string, { asked, wrong, slowest }: Load): void {
  check(`${name}: every one of ${asked} requests was answered rightly`, wrong, 0);
  check(`${name}: none waited (the slowest ${slowest.toFixed(0)} ms)`, slowest < SLOWEST_MS, true);
}

async function replicas(redis: RedisProcess): Promise<void> {
  const [a, b] = await Promise.all([Replica.start(redis.url), Replica.start(redis.url)]);
  check('a question that nobody asked is a miss', [await a.ask(1), await a.ask(2)], ['miss', 'miss']);
  await a.settled();
  check('another replica finds the answer', await b.ask(1), 'hit');
  const c = await Replica.start(redis.url);
  check('so does one that starts later', await c.ask(1), 'hit');
  check('it was computed once', [a.runs, b.runs, c.runs], [2, 0, 0]);
  a.book.state('digits', 1, 0.5);
  a.book.state('digits', 1, 0.9);
  await a.settled();
  check('what one replica closed, the others do not find', await b.ask(2), 'miss');
  check('nor what they had found before, from then on', await b.ask(1), 'miss');
  await b.settled();
  check('they share the new epoch', await a.ask(1), 'hit');
  a.cache.purge('digits', 1);
  a.book.fromManifest('digits', 1, 0.9);
  await a.settled();
  const d = await Replica.start(redis.url);
  check('what was purged is not found', await d.ask(1), 'miss');
  for (const replica of [a, b, c, d]) await replica.close();
}

async function garbage(redis: RedisProcess): Promise<void> {
  const client = await connect(redis.url);
  await client.flushAll();
  const a = await Replica.start(redis.url);
  for (let i = 0; i < 40; i++) await a.ask(100 + i);
  await a.settled();
  const keys = await client.keys('suite:answer:*');
  for (const [i, key] of keys.entries()) await spoil(client, key, i);
  const b = await Replica.start(redis.url);
  const states = new Set<string>();
  for (let i = 0; i < 40; i++) states.add(await b.ask(100 + i));
  check('garbage, cut off, moved and mistyped values are misses', [...states], ['miss']);
  const { garbage: counted, hits } = b.guarded.stats();
  check('they are counted', [counted > 20, hits], [true, 0]);
  await client.del('suite:marks:digits');
  await client.set('suite:marks:digits', 'no set');
  checkLoad('marks of another type', await b.load(1000, 400, () => {}));
  await client.del('suite:marks:digits');
  for (const replica of [a, b]) await replica.close();
  client.destroy();
}

type Client = Awaited<ReturnType<typeof connect>>;

async function connect(url: string) {
  return createClient({ url }).connect();
}

async function spoil(client: Client, key: string, i: number): Promise<void> {
  const value = (await client.get(key)) ?? '';
  await client.del(key);
  if (i % 4 === 0) await client.set(key, 'garbage');
  else if (i % 4 === 1) await client.set(key, value.slice(0, value.length / 2));
  else if (i % 4 === 2) await client.lPush(key, 'a list');
  else await client.set(key, value.replaceAll('"version"', '"vermin"'));
}

async function killed(redis: RedisProcess): Promise<void> {
  const a = await Replica.start(redis.url);
  checkLoad('killed', await a.load(2000, 4000, () => redis.kill()));
  check('it was noticed', [a.guarded.stats().isUp, a.said.length], [false, 2]);
  await redis.start();
  await a.connected();
  await a.ask(9000);
  await a.settled();
  const b = await Replica.start(redis.url);
  check('started again: connected to in the background, and shared again', await b.ask(9000), 'hit');
  for (const replica of [a, b]) await replica.close();
}

/** Stopped, it takes what is sent and says nothing: for a moment, and for longer than the connection is kept. */
async function stopped(redis: RedisProcess, seconds: number): Promise<void> {
  const a = await Replica.start(redis.url);
  const name = `silent for ${seconds} s`;
  checkLoad(name, await a.load(10_000 * seconds, 4000, () => redis.signal('SIGSTOP')));
  const { isUp, skipped } = a.guarded.stats();
  check(`${name}: it is left alone`, [isUp, skipped > 100], [false, true]);
  await sleep(1000 * seconds);
  checkLoad(`${name}, later`, await a.load(10_000 * seconds + 5000, 1000, () => {}));
  redis.signal('SIGCONT');
  await a.connected();
  await a.ask(20_000 * seconds);
  await a.settled();
  const b = await Replica.start(redis.url);
  check(`${name}: used again`, await b.ask(20_000 * seconds), 'hit');
  for (const replica of [a, b]) await replica.close();
}

async function refuses(redis: RedisProcess): Promise<void> {
  await redis.kill();
  await redis.start('--maxmemory', '3mb', '--maxmemory-policy', 'noeviction');
  const a = await Replica.start(redis.url);
  checkLoad('full', await a.load(50_000, 4000, () => {}));
  check('full: refused writes are counted', a.guarded.stats().failures > 0, true);
  await a.close();
  await redis.kill();
  await redis.start('--requirepass', 'secret');
  const b = await Replica.start(redis.url, false);
  checkLoad('without its password', await b.load(60_000, 1000, () => {}));
  await b.close();
  const c = await Replica.start(redis.url.replace('redis://', 'redis://:secret@'));
  check('with its password', [await c.ask(1), c.guarded.stats().isUp], ['miss', true]);
  await c.close();
}

const redis = await RedisProcess.onFreePort();
try {
  await redis.start();
  await replicas(redis);
  await garbage(redis);
  await killed(redis);
  await stopped(redis, 1);
  await stopped(redis, 12);
  await refuses(redis);
} finally {
  await redis.remove();
}
check('no error went unheard', unheard.map(String), []);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
