/** The admin API's explanations and statements. */
import { FloeError } from '@floe/graph';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { ModelRepository } from '../../src/registry/repository.ts';
import { MemoryObjects } from '../../src/store/objects/memory.ts';
import { createAdminServer } from '../../src/transport/http/admin.ts';
import { openIdentity } from '../../src/transport/identity/identity.ts';
import { RecentRequests } from '../../src/transport/recent-requests.ts';
import { Adders, ask, NOTHING_OBSERVED } from './fixture.ts';

async function admin(stated: unknown[] = []) {
  const recent = new RecentRequests();
  const server = await createAdminServer({
    models: new Adders(),
    identity: openIdentity,
    log: pino({ level: 'silent' }),
    rescan: async () => {},
    recent,
    releases: async () => new ModelRepository(new MemoryObjects()),
    observed: NOTHING_OBSERVED,
    setAccuracy: (...statement) => void stated.push(statement),
    options: { host: '127.0.0.1', port: 0 },
  });
  return { recent, url: server.address, [Symbol.asyncDispose]: () => server.close() };
}

test('explains a request by its id, and says so where it does not know it', async () => {
  await using server = await admin();
  server.recent.add({ requestId: 'a', model: 'm', caller: 'c', status: 200, seconds: 1, notes: {} });
  expect(JSON.parse((await ask(`${server.url}/admin/requests/a`)).text)).toMatchObject({ model: 'm', seconds: 1 });
  server.recent.add({ requestId: 'a/b', model: 'n', caller: 'c', status: 200, seconds: 1, notes: {} });
  expect(JSON.parse((await ask(`${server.url}/admin/requests/a%2Fb`)).text)).toMatchObject({ model: 'n' });
  expect(JSON.parse((await ask(`${server.url}/admin/requests`)).text).requests).toHaveLength(2);
  expect(await ask(`${server.url}/admin/requests/b`)).toMatchObject({
    status: 404,
    text: expect.stringContaining('request b'),
  });
});

test('shows queue and caches', async () => {
  await using server = await admin();
  expect(JSON.parse((await ask(`${server.url}/admin/queue`)).text)).toMatchObject({ waiting: 0, accepted: 0 });
  expect(JSON.parse((await ask(`${server.url}/admin/cache`)).text)).toMatchObject({
    outputs: { hits: 0 },
    verified: [],
  });
});

test('takes statements of accuracy and takes them back', async () => {
  const stated: unknown[] = [];
  await using server = await admin(stated);
  const url = `${server.url}/admin/models/adder/versions/1/accuracy`;
  expect((await ask(url, { method: 'PUT', body: '{"accuracy": 0.83}' })).status).toBe(200);
  expect((await ask(url, { method: 'DELETE' })).status).toBe(200);
  expect(stated).toEqual([
    ['adder', 1, 0.83],
    ['adder', 1, undefined],
  ]);
});

test.each([
  ['a share over 1', 'adder/versions/1', '{"accuracy": 83}', 400],
  ['no number', 'adder/versions/1', '{"accuracy": "0.8"}', 400],
  ['no JSON', 'adder/versions/1', 'accuracy=1', 400],
  ['JSON that is null', 'adder/versions/1', 'null', 400],
  ['a version that is no number', 'adder/versions/one', '{"accuracy": 0.8}', 400],
  ['a version that is not there', 'adder/versions/9', '{"accuracy": 0.8}', 404],
  ['a model that is not there', 'nobody/versions/1', '{"accuracy": 0.8}', 404],
])('refuses a statement with %s', async (_, version, body, status) => {
  const stated: unknown[] = [];
  await using server = await admin(stated);
  const reply = await ask(`${server.url}/admin/models/${version}/accuracy`, { method: 'PUT', body });
  expect([reply.status, stated]).toEqual([status, []]);
});

test('errors of statements are the manager’s own', async () => {
  await using server = await admin();
  const { text } = await ask(`${server.url}/admin/models/adder/versions/1/accuracy`, { method: 'PUT', body: '{}' });
  expect(JSON.parse(text).error.code).toBe(new FloeError('INVALID_ARGUMENT', '').code);
});
