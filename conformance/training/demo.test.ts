/** The demo with a database, a bucket and a Redis of its own: the same story, the training by a worker process. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { server } from '../postgres/server.ts';
import { RedisProcess } from '../redis/redis-process.ts';
import { CREDENTIALS, S3Process } from '../s3/s3-process.ts';
import { floe } from './processes.ts';

const postgres = server();
let s3: S3Process;
let redis: RedisProcess;
beforeAll(async () => {
  Object.assign(process.env, CREDENTIALS);
  s3 = await S3Process.start();
  redis = await RedisProcess.onFreePort();
  await redis.start();
});
afterAll(async () => {
  await redis.remove();
  await s3.remove();
});

it('grows on real parts', async () => {
  const places = [
    '--postgres',
    await postgres.process.database('demo'),
    '--s3',
    s3.bucket('demo'),
    '--redis',
    redis.url,
  ];
  const said = await floe('demo', '--http-port', '0', ...places);
  expect(said).toMatchObject({ versions: [1, 2, 3], cache_entries_ended: 40, failed_requests: 0 });
  const [before = 1, between = 0, after = 0] = said['accuracy'] as number[];
  expect([before < 0.8, between >= 0.8, after >= 0.9]).toEqual([true, true, true]);
  expect(said['cache_opened_at']).toBe(between);
});
