/** API keys: who may do what, files that change, and each protocol's way to refuse. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FloeError } from '@floe/graph';
import { pino } from 'pino';
import { afterAll, describe, expect, test } from 'vitest';
import { ModelRepository } from '../../src/registry/repository.ts';
import { MemoryObjects } from '../../src/store/objects/memory.ts';
import { createAdminServer } from '../../src/transport/http/admin.ts';
import { openIdentity, type Scope } from '../../src/transport/identity/identity.ts';
import { KeyFileIdentity } from '../../src/transport/identity/key-file.ts';
import { RecentRequests } from '../../src/transport/recent-requests.ts';
import { Adders, NOTHING_OBSERVED, startServer } from './fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'floe-keys-'));
afterAll(() => rmSync(folder, { recursive: true }));

const log = { info: () => undefined, error: () => undefined };
const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex');

function keyFile(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const entry = (caller: string, key: string, scopes: string): string =>
  `  - {caller: ${caller}, sha256: ${sha256(key)}, scopes: [${scopes}]}\n`;

function outcome(run: () => unknown): string {
  try {
    run();
    return 'allowed';
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(FloeError);
    return (thrown as FloeError).code;
  }
}

describe('without keys', () => {
  test.each([
    ['infer', '203.0.113.9', 'allowed'],
    ['feedback', '203.0.113.9', 'allowed'],
    ['manage', '203.0.113.9', 'PERMISSION_DENIED'],
    ['manage', undefined, 'PERMISSION_DENIED'],
    ['manage', '127.0.0.1', 'allowed'],
    ['manage', '::1', 'allowed'],
    ['manage', '::ffff:127.0.0.1', 'allowed'],
    ['manage', '127.0.0.1.evil', 'PERMISSION_DENIED'],
  ] as const)('%s from %s is %s', (scope, remoteAddress, wanted) => {
    expect(outcome(() => openIdentity.authorize({ authorization: undefined, remoteAddress }, scope))).toBe(wanted);
  });

  test.each([
    ['infer', 'https://evil.test', 'allowed'],
    ['manage', 'https://evil.test', 'PERMISSION_DENIED'],
    ['manage', 'http://localhost.evil.test:8502', 'PERMISSION_DENIED'],
    ['manage', 'null', 'PERMISSION_DENIED'],
    ['manage', 'http://localhost:8502', 'allowed'],
    ['manage', 'http://127.0.0.1:8502', 'allowed'],
    ['manage', 'http://[::1]:8502', 'allowed'],
  ] as const)('%s from this machine by a page of %s is %s', (scope, origin, wanted) => {
    const credentials = { authorization: undefined, remoteAddress: '127.0.0.1', origin };
    expect(outcome(() => openIdentity.authorize(credentials, scope))).toBe(wanted);
  });

  test('a page from elsewhere unloads no model', async () => {
    await using server = await startServer();
    const unload = (headers: Record<string, string>) =>
      fetch(`${server.url}/v2/repository/models/adder/unload`, { method: 'POST', body: '{}', headers });
    expect((await unload({ origin: 'https://evil.test' })).status).toBe(403);
    expect((await unload({})).status).toBe(200);
  });
});

describe('with keys', () => {
  const path = keyFile('keys.yaml', `keys:\n${entry('shop', 'k1', 'infer')}${entry('ops', 'k2', 'infer, manage')}`);
  const identity = new KeyFileIdentity(path, log);
  const ask = (authorization: string | undefined, scope: Scope) =>
    identity.authorize({ authorization, remoteAddress: '127.0.0.1' }, scope);

  test.each([
    [undefined, 'infer', 'UNAUTHENTICATED'],
    ['Bearer wrong', 'infer', 'UNAUTHENTICATED'],
    ['Basic k1', 'infer', 'UNAUTHENTICATED'],
    ['Bearer k1', 'infer', 'allowed'],
    ['bearer k1', 'infer', 'allowed'],
    ['Bearer k1', 'manage', 'PERMISSION_DENIED'],
    ['Bearer k2', 'manage', 'allowed'],
    [undefined, 'manage', 'UNAUTHENTICATED'],
  ] as const)('%s for %s is %s', (authorization, scope, wanted) => {
    expect(outcome(() => ask(authorization, scope))).toBe(wanted);
  });

  test('the caller is named', () => {
    expect(ask('Bearer k1', 'infer')).toMatchObject({ name: 'shop', weight: 1 });
  });
});

describe('a key file', () => {
  test('that changes is read again, and one that breaks leaves the last good keys', () => {
    const path = keyFile('changing.json', JSON.stringify({ keys: [] }));
    const errors: object[] = [];
    const identity = new KeyFileIdentity(path, { ...log, error: (fields) => void errors.push(fields) });
    const allowed = (key: string): string =>
      outcome(() => identity.authorize({ authorization: `Bearer ${key}`, remoteAddress: undefined }, 'infer'));
    expect(allowed('new')).toBe('UNAUTHENTICATED');
    writeFileSync(
      path,
      JSON.stringify({
        keys: [{ caller: 'a', sha256: sha256('new'), scopes: ['infer'], weight: 2, requestsPerSecond: 9 }],
      }),
    );
    expect([identity.reload(), allowed('new')]).toEqual([true, 'allowed']);
    const caller = identity.authorize({ authorization: 'Bearer new', remoteAddress: undefined }, 'infer');
    expect(caller).toMatchObject({ weight: 2, requestsPerSecond: 9 });
    writeFileSync(path, '{"keys": [{"caller": "a"');
    expect([identity.reload(), allowed('new'), errors.length]).toEqual([false, 'allowed', 1]);
    rmSync(path);
    expect([identity.reload(), allowed('new'), errors.length]).toEqual([false, 'allowed', 2]);
  });

  test.each([
    ['missing', undefined, 'ENOENT'],
    ['no hash', 'keys: [{caller: a, sha256: abc, scopes: [infer]}]', 'keys.0.sha256: 64 hex digits are expected'],
    ['an unknown scope', `keys: [{caller: a, sha256: ${sha256('k')}, scopes: [all]}]`, 'keys.0.scopes.0'],
    ['an unknown field', `keys: [{caller: a, sha256: ${sha256('k')}, scopes: [infer], key: k}]`, 'keys.0'],
    ['no list', 'hello', 'expected object'],
  ])('with %s does not start a server', (name, text, words) => {
    const path = text === undefined ? join(folder, 'missing') : keyFile(`${name}.yaml`, text);
    expect(() => new KeyFileIdentity(path, log)).toThrow(words);
  });
});

describe('over HTTP', () => {
  const path = keyFile('http.yaml', `keys:\n${entry('shop', 'k1', 'infer')}${entry('app', 'k3', 'feedback')}`);
  const identity = new KeyFileIdentity(path, log);

  test('every protocol refuses in its own shape, before it reads a body, and health stays open', async () => {
    await using server = await startServer({}, { identity });
    const call = async (url: string, key?: string): Promise<[number, string]> => {
      const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
      const response = await fetch(server.url + url, { method: 'POST', body: '{}', headers });
      return [response.status, await response.text()];
    };
    const need = 'an API key is needed: Authorization: Bearer <key>';
    expect(await call('/v1/models/adder:predict')).toEqual([401, `{\n    "error": "${need}"\n}`]);
    expect(await call('/v2/models/adder/infer')).toEqual([401, `{"error":"${need}"}`]);
    expect(await call('/v2/models/adder/infer', 'k3')).toEqual([
      403,
      '{"error":"the API key of app lacks the scope infer"}',
    ]);
    expect((await call('/v2/models/adder/infer', 'k1'))[0]).toBe(400);
    for (const open of ['/healthz/live', '/v2/health/ready', '/metrics', '/openapi.json']) {
      expect((await fetch(server.url + open)).status).toBe(200);
    }
  });

  test('the admin API lists and rescans, from this machine or with the scope manage', async () => {
    const models = new Adders();
    let scans = 0;
    const deps = {
      models,
      log: pino({ level: 'silent' }),
      rescan: async () => {
        scans += 1;
      },
      describe: () => ({ memoryBytes: 7 }),
      recent: new RecentRequests(),
      releases: async () => new ModelRepository(new MemoryObjects()),
      observed: NOTHING_OBSERVED,
      setAccuracy: () => {},
      options: { host: '127.0.0.1', port: 0 },
    };
    const open = await createAdminServer({ ...deps, identity: openIdentity });
    const reply = await fetch(`${open.address}/admin/models/reload`, { method: 'POST' });
    const { models: listed } = (await reply.json()) as { models: unknown[] };
    expect([reply.status, scans, listed.length]).toEqual([200, 1, 2]);
    expect(listed[1]).toEqual({
      name: 'pictures',
      versions: [{ version: 1, state: 'AVAILABLE', errorCode: 'OK', errorMessage: '', memoryBytes: 7 }],
    });
    const page = { method: 'POST', headers: { origin: 'https://evil.test' } };
    expect([(await fetch(`${open.address}/admin/models/reload`, page)).status, scans]).toEqual([403, 1]);
    await open.close();
    const closed = await createAdminServer({ ...deps, identity });
    expect((await fetch(`${closed.address}/admin/models`)).status).toBe(401);
    expect((await fetch(`${closed.address}/admin/models`, { headers: { authorization: 'Bearer k1' } })).status).toBe(
      403,
    );
    expect((await fetch(`${closed.address}/healthz/live`)).status).toBe(200);
    await closed.close();
  });
});
