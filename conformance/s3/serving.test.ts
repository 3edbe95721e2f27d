/** A server whose models lie in a bucket: it swaps to what is published, starts while the bucket is away, and is told what was moved where. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningServer, startServer } from '../../packages/server/src/cli/server.ts';
import { resolveConfig } from '../../packages/server/src/core/config.ts';
import { frozenDigits } from '../../packages/server/test/support/frozen-digits.ts';
import { FaultProxy } from './fault-proxy.ts';
import { CREDENTIALS, S3Process } from './s3-process.ts';

const FLOE = new URL('../../floe', import.meta.url).pathname;
let s3: S3Process;
let proxy: FaultProxy;
let folder = '';
let url = '';
beforeAll(async () => {
  Object.assign(process.env, CREDENTIALS);
  folder = await mkdtemp(join(tmpdir(), 'floe-s3-serving-'));
  s3 = await S3Process.start();
  proxy = await FaultProxy.start(s3.port);
  url = s3.bucket('models', proxy.endpoint);
});
afterAll(async () => {
  await proxy.close();
  await s3.remove();
  await rm(folder, { recursive: true, force: true });
});

async function floe(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { stdout } = await promisify(execFile)(FLOE, ['models', ...args, '--models', url, '--json']);
  return JSON.parse(stdout) as Record<string, unknown>;
}

function start(): Promise<RunningServer> {
  const options = {
    models: url,
    httpPort: 0,
    adminPort: 0,
    grpcPort: 'off',
    cacheDir: join(folder, 'cache'),
    pollSeconds: 3600,
  };
  return startServer(resolveConfig(options, {}, {}), pino({ level: 'silent' }));
}

async function versionsAt({ http }: RunningServer): Promise<readonly string[]> {
  const response = await fetch(`${http}/v1/models/digits`);
  const { model_version_status: statuses = [] } = (await response.json()) as {
    model_version_status?: { version: string; state: string }[];
  };
  return statuses.filter(({ state }) => state === 'AVAILABLE').map(({ version }) => version);
}

it('serves what is published and promoted, by a few requests a look, and without the bucket what it has', async () => {
  const digits = await frozenDigits(folder);
  expect(await floe('publish', digits)).toEqual({ model: 'digits', version: 1 });
  const server = await start();
  try {
    expect(await versionsAt(server)).toEqual(['1']);
    expect(await floe('publish', digits)).toEqual({ model: 'digits', version: 2 });
    await floe('promote', 'digits', '2', '--why', 'newer');
    await server.reload();
    expect(await versionsAt(server)).toEqual(['2']);
    proxy.requests = [];
    await server.reload();
    expect(proxy.requests).toEqual([
      'GET /models/models/index.json?x-id=GetObject',
      'GET /models/models/digits/channels.json?x-id=GetObject',
    ]);
    await s3.kill();
    await expect(server.reload()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await versionsAt(server)).toEqual(['2']);
  } finally {
    await server.close();
  }
  const restarted = await start();
  try {
    expect(await versionsAt(restarted)).toEqual(['2']);
    await s3.run();
    await floe('promote', 'digits', '1');
    await restarted.reload();
    expect(await versionsAt(restarted)).toEqual(['1']);
  } finally {
    await restarted.close();
  }
  const shown = await floe('show', 'digits');
  expect(shown['audit']).toMatchObject([
    { action: 'publish', version: 1 },
    { action: 'publish', version: 2 },
    { action: 'channels', to: { stable: 2 }, why: 'newer' },
    { action: 'channels', from: { stable: 2 }, to: { stable: 1 } },
  ]);
  await expect(floe('delete', 'digits', '1')).rejects.toMatchObject({ code: 65 });
  expect(await floe('gc', '--keep', '1', '--min-age-hours', '0')).toEqual({
    deleted: [{ model: 'digits', versions: [] }],
  });
});

it('says at its start what is wrong with the bucket', async () => {
  const other = (models: string): Promise<RunningServer> =>
    startServer(
      resolveConfig({ models, httpPort: 0, adminPort: 0, grpcPort: 'off', cacheDir: folder }, {}, {}),
      pino({ level: 'silent' }),
    );
  await expect(other(s3.bucket('models').replace('models/', 'nothing/'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(other('s3://models?endpoint=nowhere')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
});
