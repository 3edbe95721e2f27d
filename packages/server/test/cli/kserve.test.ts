/** One model as KServe wants it served, in front of a real server. */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freezeVersion } from '../../src/build/freeze-version.ts';
import { kservePlace, kserveSettings } from '../../src/cli/kserve.ts';
import type { RunningServer } from '../../src/cli/server.ts';
import { FREEZE } from '../support/digits.ts';
import { serverSuite } from '../support/server-suite.ts';

const suite = serverSuite();

function start(modelDir: string): Promise<RunningServer> {
  return suite.start(
    { models: modelDir, httpPort: 0, grpcPort: 'off' },
    kservePlace('numbers', modelDir, () => {}),
  );
}

async function ask(path: string, method = 'GET'): Promise<{ status: number; body: unknown }> {
  const reply = await fetch(`${suite.server?.http}${path}`, { method, ...(method === 'POST' ? { body: '{}' } : {}) });
  return { status: reply.status, body: await reply.json() };
}

const serving = (version: string) => ({
  name: 'numbers',
  ready: true,
  model_version_status: [{ version, state: 'AVAILABLE', status: { error_code: 'OK', error_message: '' } }],
});

describe('its flags', () => {
  it('are those of its own servers, and others are passed over', () => {
    const flags = [
      '--model_name=numbers',
      '--model_dir',
      '/models/numbers',
      '--workers',
      '2',
      '--enable_docs_url=true',
    ];
    const { config, ...rest } = kserveSettings([...flags, '--http_port=9000'], { FLOE_CACHE_DIR: '/cache' });
    expect(config).toMatchObject({ host: '0.0.0.0', httpPort: 9000, grpcPort: 8081, cacheDir: '/cache' });
    expect(rest).toEqual({ model: 'numbers', folder: '/models/numbers', ignored: ['workers', 'enable_docs_url'] });
  });

  it('default to where it puts a model, and to its ports', () => {
    const { config, model, folder: place } = kserveSettings(['--enable_grpc=false'], {});
    expect([model, place, config.httpPort, config.grpcPort]).toEqual(['model', '/mnt/models', 8080, 'off']);
  });

  it('name certificates, or its variables do', () => {
    const variables = { KSERVE_TLS_CERT_FILE: '/tls/tls.crt', KSERVE_TLS_KEY_FILE: '/tls/tls.key' };
    const { config } = kserveSettings(['--ssl_keyfile=/other/tls.key'], variables);
    expect(config).toMatchObject({ httpPort: 8443, tlsCert: '/tls/tls.crt', tlsKey: '/other/tls.key' });
  });

  it.each([
    [['--model_name=a/b'], '--model_name: a/b is no model name'],
    [['--model_dir'], '--model_dir: a value is missing'],
    [['--enable_grpc=perhaps'], '--enable_grpc: perhaps is neither true nor false'],
    [['--http_port=many'], '--http-port: '],
  ])('are refused by name: %j', (args, message) => {
    expect(() => kserveSettings(args, {})).toThrow(message);
  });
});

describe('a model', () => {
  it('lies in numbered folders', async () => {
    await start(join(suite.models.root, 'digits'));
    expect(await ask('/v1/models/numbers')).toEqual({ status: 200, body: serving('1') });
  });

  it('lies straight in the folder, and has the version of its manifest', async () => {
    await freezeVersion({ ...FREEZE, root: suite.folder, version: 7 });
    await start(join(suite.folder, 'digits', '7'));
    expect(await ask('/v1/models/numbers')).toEqual({ status: 200, body: serving('7') });
  });

  it('may come later', async () => {
    await start(join(suite.folder, 'late'));
    expect([(await ask('/v1/models/numbers')).status, (await ask('/v2/health/ready')).status]).toEqual([503, 400]);
    await cp(join(suite.models.root, 'digits'), join(suite.folder, 'late'), { recursive: true });
    await suite.server?.reload();
    expect(await ask('/v1/models/numbers')).toEqual({ status: 200, body: serving('1') });
  });

  it('that is damaged is not ready, and says why', async () => {
    await cp(join(suite.models.root, 'digits', '1'), join(suite.folder, 'damaged'), { recursive: true });
    await writeFile(join(suite.folder, 'damaged', 'model.json'), '{}');
    await start(join(suite.folder, 'damaged'));
    const { status, body } = await ask('/v1/models/numbers');
    expect([status, JSON.stringify(body)]).toEqual([503, expect.stringMatching(/"ready":false.*model\.json/)]);
  });
});

describe('what its clients ask', () => {
  it.each([
    ['/', 200, { status: 'alive' }],
    ['/v1/models', 200, { models: ['numbers'] }],
    ['/v2/models', 200, { models: ['numbers'] }],
    ['/v2/health/live', 200, { live: true }],
    ['/v2/health/ready', 200, { ready: true }],
    ['/v2/models/numbers/ready', 200, { name: 'numbers', ready: true }],
    ['/v1/models/other', 404, { error: 'Model with name other does not exist.' }],
  ])('%s', async (path, status, body) => {
    await start(join(suite.models.root, 'digits'));
    expect(await ask(path)).toEqual({ status, body });
  });

  it('is refused clearly where it is an explanation', async () => {
    await start(join(suite.models.root, 'digits'));
    const { status, body } = await ask('/v1/models/numbers:explain', 'POST');
    expect([status, body]).toEqual([501, { error: expect.stringContaining('nothing explains what numbers predicts') }]);
  });

  it('is answered by a plain server as TensorFlow Serving does', async () => {
    await suite.start({ models: suite.models.root, httpPort: 0, grpcPort: 'off' });
    const { model_version_status: status } = serving('1');
    expect(await ask('/v1/models/digits')).toEqual({ status: 200, body: { model_version_status: status } });
    expect((await ask('/v1/models')).status).toBe(400);
    expect((await ask('/v1/models/digits:explain', 'POST')).status).toBe(400);
  });
});

it('has its flags in docs/kserve.md', async () => {
  const text = await readFile(new URL('../../../../docs/kserve.md', import.meta.url), 'utf8');
  const source = await readFile(new URL('../../src/cli/kserve.ts', import.meta.url), 'utf8');
  const flags = [...source.matchAll(/^ {2}(\w+): \{ type: 'string' \},$/gm)].map(([, name]) => name);
  expect(flags.length).toBeGreaterThan(5);
  expect(flags.filter((name) => !text.includes(`\`--${name}\``))).toEqual([]);
});
