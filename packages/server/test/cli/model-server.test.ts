/** TensorFlow Serving's command line and files, in front of a real server. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:http2';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseFlags, usage } from '../../src/cli/model-server/flags.ts';
import { optionsOf, placeOf } from '../../src/cli/model-server/run.ts';
import type { RunningServer } from '../../src/cli/server.ts';
import { ReloadConfigRequest } from '../../src/codec/proto/tensorflow-serving.ts';
import { LOG, serverSuite } from '../support/server-suite.ts';
import { call, encoded } from '../transport/grpc/fixture.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/tensorflow-model-server.js', import.meta.url));
const suite = serverSuite();

async function start(...args: readonly string[]): Promise<RunningServer> {
  const { flags } = parseFlags(args);
  return suite.start({ ...(await optionsOf(flags, suite.folder)), grpcPort: 0 }, await placeOf(flags, LOG));
}

async function configFile(text: string, name = 'models.config'): Promise<string> {
  const file = join(suite.folder, name);
  await writeFile(file, text);
  return file;
}

const entry = (name: string, rest = '', path = join(suite.models.root, 'digits')): string =>
  `config { name: '${name}' base_path: '${path}' model_platform: 'tensorflow' ${rest} }`;

async function statesOf(name: string): Promise<unknown> {
  const reply = await fetch(`${suite.server?.http}/v1/models/${name}`);
  if (reply.status !== 200) return reply.status;
  const { model_version_status: list } = (await reply.json()) as {
    model_version_status: { version: string; state: string }[];
  };
  return list.map(({ version, state }) => `${version} ${state}`);
}

describe('its flags', () => {
  it('are written in every way that it takes', () => {
    const { flags, warnings } = parseFlags([
      '--port=8500',
      '--rest_api_port',
      '8501',
      '-model_name=digits',
      '--model_base_path',
      '/models/digits',
      '--enable_batching',
      '--rest_api_num_threads=16',
      '--allow_version_labels_for_unavailable_models=false',
      '--file_system_poll_wait_seconds=-1',
    ]);
    expect(flags).toEqual({
      port: 8500,
      rest_api_port: 8501,
      model_name: 'digits',
      model_base_path: '/models/digits',
      enable_batching: true,
      allow_version_labels_for_unavailable_models: false,
      file_system_poll_wait_seconds: -1,
    });
    expect(warnings).toEqual(['--rest_api_num_threads has no effect: HTTP needs no threads of its own']);
  });

  it.each([
    [['--prot=1'], '--prot=1: unknown argument'],
    [['stray'], 'stray: unknown argument'],
    [['--port'], '--port: a value is missing'],
    [['--port=many'], '--port: many is no number'],
    [['--enable_batching=perhaps'], '--enable_batching: perhaps is neither true nor false'],
  ])('are refused by name: %j', (args, message) => {
    expect(() => parseFlags(args)).toThrow(message);
  });

  it('become options', async () => {
    const batching = await configFile('max_batch_size { value: 128 }\nbatch_timeout_micros { value: 2500 }');
    const { flags } = parseFlags([
      '--port=0',
      '--enable_batching',
      `--batching_parameters_file=${batching}`,
      '--tensorflow_session_parallelism=2',
      '--rest_api_enable_cors_support',
    ]);
    expect(await optionsOf(flags, suite.folder)).toMatchObject({
      grpcPort: 'off',
      batchDelayMs: 2.5,
      threads: 2,
      corsOrigins: '*',
      pollSeconds: 1,
    });
  });
});

describe('a server of one model', () => {
  it('serves it under its name, whatever its folder is called', async () => {
    await start('--model_name=numbers', `--model_base_path=${join(suite.models.root, 'digits')}`);
    expect(await statesOf('numbers')).toEqual(['1 AVAILABLE']);
    await suite.models.addVersion(2);
    await suite.server?.reload();
    expect(await statesOf('numbers')).toEqual(['2 AVAILABLE', '1 END']);
  });

  it('waits for a place that is not there yet', async () => {
    await start('--model_name=late', `--model_base_path=${join(suite.folder, 'late')}`);
    const ready = async (): Promise<number> => (await fetch(`${suite.server?.http}/v2/health/ready`)).status;
    expect([await statesOf('late'), await ready()]).toEqual([404, 400]);
    expect(suite.server?.missing()).toBe('model late has no version that serves');
    await cp(join(suite.models.root, 'digits'), join(suite.folder, 'late'), { recursive: true });
    await suite.server?.reload();
    expect([await statesOf('late'), await ready()]).toEqual([['1 AVAILABLE'], 200]);
  });

  it('has metrics where its monitoring is configured', async () => {
    const monitoring = await configFile("prometheus_config { enable: true, path: '/monitoring/metrics' }");
    await start(`--model_base_path=${join(suite.models.root, 'digits')}`, `--monitoring_config_file=${monitoring}`);
    const ask = (name: string): Promise<Response> =>
      fetch(`${suite.server?.http}/v1/models/${name}:predict`, { method: 'POST', body: '{"instances": []}' });
    await (await ask('default')).arrayBuffer();
    for (const path of ['/metrics', '/monitoring/metrics']) {
      const text = await (await fetch(`${suite.server?.http}${path}`)).text();
      expect(text).toContain('floe_http_requests_total{');
      expect(text).toContain(':tensorflow:serving:request_count{model_name="default",status="INVALID_ARGUMENT"} 1');
      expect(text).toMatch(
        /:tensorflow:serving:request_latency_bucket\{le="\+Inf",model_name="default",API="predict",entrypoint="REST"\} 1/,
      );
    }
  });
});

describe('a server of a list', () => {
  it('serves each model by its policy and labels', async () => {
    for (const version of [2, 3]) await suite.models.addVersion(version);
    const file = await configFile(`model_config_list {
      ${entry('newest')}
      ${entry('all', 'model_version_policy { all {} }')}
      ${entry('some', "model_version_policy { specific { versions: 1 versions: 3 } } version_labels { key: 'stable' value: 1 }")}
    }`);
    await start(`--model_config_file=${file}`);
    expect([await statesOf('newest'), await statesOf('all'), await statesOf('some')]).toEqual([
      ['3 AVAILABLE'],
      ['3 AVAILABLE', '2 AVAILABLE', '1 AVAILABLE'],
      ['3 AVAILABLE', '1 AVAILABLE'],
    ]);
    const labelled = await fetch(`${suite.server?.http}/v1/models/some/labels/stable/metadata`);
    expect(await labelled.json()).toMatchObject({ model_spec: { version: '1' } });
  });

  it('follows its file where it is told to, and keeps the list where that is wrong', async () => {
    const file = await configFile(`model_config_list { ${entry('one')} }`);
    await start(`--model_config_file=${file}`, '--model_config_file_poll_wait_seconds=0.000001');
    await configFile(`model_config_list { ${entry('one')} ${entry('two')} }`);
    await suite.server?.reload();
    expect([await statesOf('one'), await statesOf('two')]).toEqual([['1 AVAILABLE'], ['1 AVAILABLE']]);
    await configFile('model_config_list { config { name: "three" } }');
    await suite.server?.reload();
    expect(await statesOf('two')).toEqual(['1 AVAILABLE']);
  });

  it('takes another over gRPC', async () => {
    const file = await configFile(`model_config_list { ${entry('one')} }`);
    await start(`--model_config_file=${file}`);
    const other = join(suite.folder, 'elsewhere');
    await mkdir(other);
    await cp(join(suite.models.root, 'digits/1'), join(other, '7'), { recursive: true });
    const config = {
      name: 'two',
      base_path: other,
      model_type: 0,
      model_platform: 'tensorflow',
      model_version_policy: undefined,
      version_labels: new Map(),
    };
    const client = connect(`http://${suite.server?.grpc}`);
    const list = { model_config_list: { config: [config] }, custom_model_config: undefined };
    const message = encoded(ReloadConfigRequest, { config: list });
    const { status } = await call(client, 'tensorflow.serving.ModelService/HandleReloadConfigRequest', message);
    client.close();
    expect([status, await statesOf('one'), await statesOf('two')]).toEqual([0, 404, ['7 AVAILABLE']]);
  });

  it.each([
    ['no base_path', 'model_config_list { config { name: "x" } }', 'INVALID_ARGUMENT', /model x has no base_path/],
    ['a name twice', () => `model_config_list { ${entry('x')} ${entry('x')} }`, 'INVALID_ARGUMENT', /listed twice/],
    ['what is no text', 'model_config_list { config {', 'DATA_LOSS', /models\.config:1:/],
  ])('is refused with %s', async (_what, text, code, message) => {
    const file = await configFile(typeof text === 'string' ? text : text());
    await expect(start(`--model_config_file=${file}`)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});

it('takes its certificates from the text of a file', async () => {
  const [key, cert] = [join(suite.folder, 'key.pem'), join(suite.folder, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-days', '2', '-nodes'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-keyout', key, '-out', cert, ...subject], {
    stdio: 'ignore',
  });
  const quoted = async (file: string): Promise<string> => JSON.stringify(await readFile(file, 'utf8'));
  const ssl = await configFile(
    `server_key: ${await quoted(key)}\nserver_cert: ${await quoted(cert)}\nclient_verify: false`,
    'ssl',
  );
  await start(`--model_base_path=${join(suite.models.root, 'digits')}`, `--ssl_config_file=${ssl}`);
  expect(suite.server?.http).toMatch(/^https:/);
});

describe('the command', () => {
  async function run(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
    const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, FLOE_LOG_LEVEL: 'warn' } });
    let [out, err] = ['', ''];
    child.stdout.on('data', (text) => (out += text));
    child.stderr.on('data', (text) => (err += text));
    const [code] = (await once(child, 'close')) as [number];
    return { code, out, err };
  }

  it('says its version', async () => {
    expect(await run('--version')).toMatchObject({ code: 0, out: expect.stringContaining('TensorFlow ModelServer') });
  });

  it('says how it is used where a flag is wrong', async () => {
    const { code, err } = await run('--no_such_flag=1');
    expect([code, err]).toEqual([
      64,
      expect.stringMatching(/usage: tensorflow_model_server[\s\S]*--no_such_flag=1: unknown argument/),
    ]);
  });

  it('wants a model', async () => {
    const { code, err } = await run('--port=0');
    expect([code, err]).toEqual([64, expect.stringContaining('model_base_path')]);
  });
});

it('has its flags in docs/tensorflow-serving.md, every one that means something', async () => {
  const text = await readFile(new URL('../../../../docs/tensorflow-serving.md', import.meta.url), 'utf8');
  const table = new Set([...text.matchAll(/`--(\w+)`/g)].map(([, name]) => name));
  const known = usage().matchAll(/^ {2}--(\w+)=</gm);
  expect([...known].map(([, name]) => name).filter((name) => !table.has(name))).toEqual([]);
});
