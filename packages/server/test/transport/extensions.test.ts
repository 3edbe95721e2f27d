/** What Triton adds to the Open Inference Protocol, over HTTP: configuration, statistics, the repository, and what is not there. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Caller } from '../../src/core/terms.ts';
import { ask as askUrl, type Fixture, INFER, startServer } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startServer();
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});

const ask = (path: string, init?: RequestInit) => askUrl(`${fixture.url}${path}`, init);
const post = (path: string, body = '') => ask(path, { method: 'POST', body });

test('a model tells its configuration, of the version that is asked for', async () => {
  const { status, text } = await ask('/v2/models/adder/versions/1/config');
  expect([status, JSON.parse(text)]).toEqual([
    200,
    {
      name: 'adder',
      platform: 'tensorflow_graphdef',
      backend: 'onnxruntime',
      version_policy: { specific: { versions: [1, 2] } },
      max_batch_size: 1024,
      input: [{ name: 'x', data_type: 'TYPE_FP32', dims: [2] }],
      output: [{ name: 'y', data_type: 'TYPE_FP32', dims: [2], label_filename: '' }],
    },
  ]);
});

test('statistics are of a version, of a model or of all', async () => {
  const named = async (path: string): Promise<string[]> => {
    const { model_stats: stats } = JSON.parse((await ask(path)).text) as {
      model_stats: { name: string; version: string; inference_stats: Record<string, unknown> }[];
    };
    for (const { inference_stats: counted } of stats) expect(counted).toHaveProperty('cache_hit', { count: 0, ns: 0 });
    return stats.map(({ name, version }) => `${name} ${version}`);
  };
  expect(await named('/v2/models/stats')).toEqual(['adder 1', 'adder 2', 'pictures 1']);
  expect(await named('/v2/models/adder/stats')).toEqual(['adder 1', 'adder 2']);
  expect(await named('/v2/models/adder/versions/2/stats')).toEqual(['adder 2']);
});

test('the index says what is there, and what was unloaded', async () => {
  const index = async (body = ''): Promise<unknown> => JSON.parse((await post('/v2/repository/index', body)).text);
  const ready = [
    { name: 'adder', version: '2', state: 'READY' },
    { name: 'adder', version: '1', state: 'READY' },
    { name: 'pictures', version: '1', state: 'READY' },
  ];
  expect(await index()).toEqual(ready);
  expect(
    (await post('/v2/repository/models/pictures/unload', '{"parameters":{"unload_dependents":true}}')).status,
  ).toBe(200);
  expect(await index('{}')).toEqual([...ready, { name: 'pictures', state: 'UNAVAILABLE', reason: 'unloaded' }]);
  expect(await index('{"ready":true}')).toEqual(ready);
  expect((await post('/v2/repository/models/pictures/load', '{}')).status).toBe(200);
  expect(await index()).toEqual(ready);
});

test.each([
  ['GET', '/v2/models/none/config', '', 404, "Request for unknown model: 'none' is not found"],
  ['GET', '/v2/models/adder/versions/9/stats', '', 404, "Request for unknown model: 'adder' version 9 is not found"],
  ['POST', '/v2/repository/models/none/load', '', 404, "Request for unknown model: 'none' is not found"],
  ['POST', '/v2/repository/models/none/unload', '', 404, "Request for unknown model: 'none' is not found"],
  [
    'POST',
    '/v2/repository/models/adder/load',
    '{"parameters":{"config":"{}"}}',
    501,
    "the parameter 'config' of a load is not supported",
  ],
  [
    'POST',
    '/v2/repository/models/adder/load',
    '{"parameters":{"x":1}}',
    400,
    "the parameter 'x' of a load is not supported",
  ],
  ['POST', '/v2/repository/models/adder/load', '{"parameters":1}', 400, "Unable to parse 'parameters'"],
  ['POST', '/v2/repository/index', '{"ready":1}', 400, "Unable to parse 'ready'"],
  ['POST', '/v2/repository/index', '{} {}', 400, 'unexpected bytes after the JSON at offset: 3'],
  ['POST', '/v2/systemsharedmemory/region/a/register', '{}', 501, 'shared memory is not supported'],
  ['GET', '/v2/logging', '', 501, 'settings of traces and logs are not supported'],
  ['POST', '/v2/models/adder/trace/setting', '{}', 501, 'settings of traces and logs are not supported'],
])('%s %s %s is %i', async (method, path, body, status, error) => {
  const reply = await ask(path, method === 'GET' ? {} : { method, body });
  expect([reply.status, JSON.parse(reply.text)]).toEqual([status, { error }]);
});

test('of shared memory there is nothing to tell and nothing to give back', async () => {
  for (const kind of ['system', 'cuda']) {
    expect((await ask(`/v2/${kind}sharedmemory/status`)).text).toBe('[]');
    expect((await post(`/v2/${kind}sharedmemory/region/a/unregister`)).status).toBe(200);
  }
});

test.each([
  ['/v2/models/adder/infer', 'DELETE', 'POST'],
  ['/v2/models/adder/config', 'POST', 'GET, HEAD'],
  ['/v2/logging', 'PUT', 'GET, HEAD, POST'],
  ['/v2', 'POST', 'GET, HEAD'],
  ['/v1/models/adder:predict', 'PATCH', 'POST'],
  ['/v1/models/adder', 'OPTIONS', 'GET, HEAD'],
  ['/v1/models/adder/feedback', 'GET', 'POST'],
  ['/metrics', 'POST', 'GET, HEAD'],
])('%s: %s is 405, and what is taken is said', async (path, method, allowed) => {
  const reply = await ask(path, { method });
  expect([reply.status, reply.headers.get('allow')]).toEqual([405, allowed]);
});

test('managing needs its own scope', async () => {
  const scopes: string[] = [];
  const authorize = (_credentials: unknown, scope: string): Caller => {
    scopes.push(scope);
    return { name: 'someone', weight: 1 };
  };
  await using watched = await startServer({}, { identity: { authorize } });
  for (const path of ['models/adder/load', 'models/adder/unload', 'index']) {
    await askUrl(`${watched.url}/v2/repository/${path}`, { method: 'POST' });
  }
  await askUrl(`${watched.url}/v2/models/adder/infer`, { method: 'POST', body: INFER });
  expect(scopes).toEqual(['manage', 'manage', 'infer', 'infer']);
});
