import { cp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:http2';
import { basename, join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type RunningServer, startServer } from '../../src/cli/server.ts';
import {
  ModelInferRequest,
  ModelInferResponse,
  RepositoryModelUnloadRequest,
} from '../../src/codec/proto/inference.ts';
import { resolveConfig } from '../../src/core/config.ts';
import { ModelRepository } from '../../src/registry/repository.ts';
import { MemoryObjects } from '../../src/store/objects/memory.ts';
import { startOrigin } from '../input/origin.ts';
import { digitsFolder, EXAMPLE, holdout, type ModelsFolder } from '../support/digits.ts';
import { call, encoded } from '../transport/grpc/fixture.ts';

let folder: ModelsFolder;
let server: RunningServer;

async function start(options: Record<string, unknown> = {}, log = pino({ level: 'silent' })): Promise<void> {
  const base = {
    models: folder.root,
    httpPort: 0,
    adminPort: 0,
    grpcPort: 0,
    pollSeconds: 3600,
    cacheDir: join(folder.root, '.cache'),
  };
  server = await startServer(resolveConfig({ ...base, ...options }, {}, {}), log);
}

beforeEach(async () => {
  folder = await digitsFolder();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server?.close();
  await folder.remove();
});

const get = (path: string): Promise<Response> => fetch(`${server.http}${path}`);
const json = async (path: string): Promise<unknown> => (await get(path)).json();

async function predict(path = '/v1/models/digits'): Promise<Response> {
  const { images } = await holdout(1);
  const rows = Array.from({ length: 28 }, (_, y) => Array.from({ length: 28 }, (_, x) => [images.data[y * 28 + x]]));
  return fetch(`${server.http}${path}:predict`, { method: 'POST', body: JSON.stringify({ instances: [rows] }) });
}

const states = async (): Promise<unknown> => {
  const { model_version_status: list } = (await json('/v1/models/digits')) as {
    model_version_status: { version: string; state: string }[];
  };
  return list.map(({ version, state }) => `${version} ${state}`);
};

describe('a server', () => {
  it('answers about a picture with its label', async () => {
    await start();
    const body = new Uint8Array(await readFile(join(EXAMPLE, 'images/7-a.png')));
    const reply = await fetch(`${server.http}/v1/models/digits:predict`, {
      method: 'POST',
      headers: { 'content-type': 'image/png' },
      body,
    });
    expect(await reply.json()).toMatchObject({ predictions: [{ label: '7' }], model: { name: 'digits', version: 1 } });
  });

  it('answers about pictures that it fetches, uploaded ones beside them, and says what it may not fetch', async () => {
    await using origin = await startOrigin((request, response) => {
      void readFile(join(EXAMPLE, 'images', basename(request.url ?? ''))).then((body) =>
        response.writeHead(200, { 'content-type': 'image/png', 'cache-control': 'max-age=60' }).end(body),
      );
    });
    const base = `http://127.0.0.1:${origin.port}`;
    await start({ fetchHosts: base, fetchNetworks: '127.0.0.0/8' });
    const form = new FormData();
    form.append('x', new Blob([new Uint8Array(await readFile(join(EXAMPLE, 'images/7-a.png')))]), 'seven.png');
    form.append('x', `${base}/3-a.png`);
    const uploaded = await fetch(`${server.http}/v1/models/digits:predict`, { method: 'POST', body: form });
    expect(await uploaded.json()).toMatchObject({ predictions: [{ label: '7' }, { label: '3' }] });
    const rows = (...urls: string[]): Promise<Response> =>
      fetch(`${server.http}/v1/models/digits:predict`, {
        method: 'POST',
        body: JSON.stringify({ instances: urls.map((url) => ({ url })) }),
      });
    const fetched = await rows(`${base}/3-a.png`, `${base}/7-a.png`);
    expect(await fetched.json()).toMatchObject({ predictions: [{ klass: 3 }, { klass: 7 }] });
    expect(origin.asked).toEqual(['/3-a.png', '/7-a.png']);
    const metrics = await (await get('/metrics')).text();
    // The upload of 7 is the image that was fetched later: its bytes are the same.
    for (const line of ['floe_images_total{outcome="decoded"} 2', 'floe_fetches_total{outcome="fetched"} 2']) {
      expect(metrics.split('\n')).toContain(line);
    }
    const refused = await rows('https://elsewhere.test/a.png?key=secret');
    expect([refused.status, await refused.text()]).toEqual([
      403,
      expect.stringMatching(/input x: https:\/\/elsewhere\.test\/a\.png\?…: the server may not fetch from there/),
    ]);
  });

  it('stops fetching for a caller who has gone', async () => {
    const [asked, closed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await using origin = await startOrigin((_request, response) => {
      response.on('close', () => closed.resolve());
      asked.resolve();
    });
    const base = `http://127.0.0.1:${origin.port}`;
    await start({ fetchHosts: base, fetchNetworks: '127.0.0.0/8' });
    const caller = new AbortController();
    const waiting = fetch(`${server.http}/v1/models/digits:predict`, {
      method: 'POST',
      body: JSON.stringify({ instances: [{ url: `${base}/slow.png` }] }),
      signal: caller.signal,
    });
    await asked.promise;
    caller.abort();
    await expect(waiting).rejects.toThrow('aborted');
    await closed.promise;
  });

  it('answers TensorFlow Serving clients', async () => {
    await start();
    const reply = await predict();
    expect(reply.status).toBe(200);
    expect(await reply.json()).toMatchObject({
      predictions: [{ klass: expect.any(Number), probs: expect.any(Array) }],
    });
    expect(await states()).toEqual(['1 AVAILABLE']);
  });

  it('answers over gRPC, takes a model out of service and back, and drains', async () => {
    await start();
    const client = connect(`http://${server.grpc}`);
    const ask = async (method: string, message: Uint8Array) =>
      call(client, `inference.GRPCInferenceService/${method}`, message);
    const { images } = await holdout(1);
    const input = { name: 'x', datatype: 'FP32', shape: images.shape, parameters: new Map(), contents: undefined };
    const { buffer, byteOffset, byteLength } = images.data as Float32Array;
    const raw = new Uint8Array(buffer, byteOffset, byteLength);
    const request = encoded(ModelInferRequest, { model_name: 'digits', inputs: [input], raw_input_contents: [raw] });
    const answer = ModelInferResponse.decode((await ask('ModelInfer', request)).reply, 'x');
    expect(answer.outputs.map(({ name }) => name)).toEqual(['probs', 'klass']);
    const named = encoded(RepositoryModelUnloadRequest, { model_name: 'digits' });
    expect((await ask('RepositoryModelUnload', named)).status).toBe(0);
    expect([(await ask('ModelInfer', request)).status, (await get('/v2/models/digits')).status]).toEqual([5, 404]);
    expect((await ask('RepositoryModelLoad', named)).status).toBe(0);
    expect((await ask('ModelInfer', request)).status).toBe(0);
    const metrics = await (await get('/metrics')).text();
    expect(metrics).toContain(
      'floe_grpc_requests_total{method="inference.GRPCInferenceService/ModelInfer",model="digits",code="OK"} 2',
    );
    const closed = new Promise((resolve) => client.on('close', resolve));
    await server.close();
    await closed;
  });

  it('answers V2 clients, and fetches any node for them', async () => {
    await start();
    const { images } = await holdout(1);
    const input = { name: 'x', shape: images.shape, datatype: 'FP32', data: Array.from(images.data as Float32Array) };
    const ask = (outputs?: object[]): Promise<Response> =>
      fetch(`${server.http}/v2/models/digits/infer`, {
        method: 'POST',
        body: JSON.stringify({ inputs: [input], outputs }),
      });
    expect(await (await ask()).json()).toMatchObject({
      model_version: '1',
      outputs: [{ name: 'probs', shape: [1, 10] }, { name: 'klass' }],
    });
    expect(await (await ask([{ name: 'pool1:0' }])).json()).toMatchObject({
      outputs: [{ name: 'pool1:0', shape: [1, 14, 14, 8] }],
    });
    expect((await ask([{ name: 'nowhere' }])).status).toBe(400);
  });

  it('is ready only when its models are', async () => {
    await start();
    expect((await get('/healthz/ready')).status).toBe(200);
    expect((await get('/v2/models/digits/ready')).status).toBe(200);
    expect((await get('/v2/models/other/ready')).status).not.toBe(200);
  });

  it('does not start without a models folder', async () => {
    await expect(start({ models: join(folder.root, 'nowhere') })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await start();
  });
});

describe('a server that drains', () => {
  it('is not ready, ends connections with their answers, and answers whoever comes', async () => {
    await start();
    const before = await predict();
    expect([before.headers.get('connection'), await before.text()]).toEqual(['keep-alive', expect.any(String)]);
    server.drain();
    const after = await predict();
    expect([after.status, after.headers.get('connection')]).toEqual([200, 'close']);
    await after.arrayBuffer();
    expect((await get('/v2/health/ready')).status).toBe(400);
    expect((await get('/v2/health/live')).status).toBe(200);
    const ready = await get('/healthz/ready');
    expect([ready.status, await ready.text()]).toEqual([503, 'draining\n']);
  });
});

describe('a server whose stores are away', () => {
  it('serves without its database', async () => {
    await start({ sql: 'postgres://floe@127.0.0.1:9/floe' });
    expect((await predict()).status).toBe(200);
    const label = await fetch(`${server.http}/v1/models/digits:feedback`, { method: 'POST', body: '{}' });
    expect(label.status).toBeGreaterThanOrEqual(400);
  });

  it('waits for its bucket, says so, and keeps nobody waiting', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    await start({ models: 's3://models?endpoint=http://127.0.0.1:9&region=r' });
    expect((await get('/v2/health/live')).status).toBe(200);
    const ready = await get('/healthz/ready');
    expect([ready.status, await ready.text()]).toEqual([
      503,
      expect.stringMatching(/^the models are not known yet: .+/),
    ]);
    expect((await predict()).status).toBe(503);
    expect(server.missing()).toContain('not known yet');
  });

  it('says when its bucket is there and it is ready, once, and what it waited for', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    const objects = new MemoryObjects();
    await new ModelRepository(objects).publish('digits', join(folder.root, 'digits/1'), { by: 'ann' });
    await using origin = await startOrigin((_request, response) => void response.writeHead(503).end());
    const said: { msg: string; waitedFor?: string }[] = [];
    const log = pino({ level: 'info' }, { write: (line: string) => said.push(JSON.parse(line)) });
    await start({ models: `s3://models?endpoint=http://127.0.0.1:${origin.port}&region=r` }, log);
    const ready = () => said.filter(({ msg }) => msg === 'ready');
    expect(ready()).toEqual([]);
    origin.handler = async ({ url = '' }, response) => {
      const found = await objects.get(new URL(url, 'http://bucket').pathname.slice('/models/'.length));
      if (found === undefined || found === 'unchanged') response.writeHead(404).end();
      else response.writeHead(200, { etag: `"${found.etag}"` }).end(found.bytes);
    };
    await server.reload();
    await server.reload();
    expect(ready()).toMatchObject([{ waitedFor: expect.stringMatching(/^the models are not known yet: .+/) }]);
    expect((await predict()).status).toBe(200);
  });
});

describe('a new version', () => {
  it('takes over without a failed request, and the old one is unloaded', async () => {
    await start();
    let asking = true;
    let answered = 0;
    const failures: number[] = [];
    const clients = Array.from({ length: 4 }, async () => {
      while (asking) {
        const { status } = await predict();
        if (status === 200) answered++;
        else failures.push(status);
      }
    });
    for (const version of [2, 3, 4]) {
      await folder.addVersion(version);
      await server.reload();
    }
    asking = false;
    await Promise.all(clients);
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(10);
    expect(await states()).toEqual(['4 AVAILABLE', '3 END', '2 END', '1 END']);
  });

  it('leaves no count of requests for the one before', async () => {
    await start();
    const counted = async (): Promise<unknown> => {
      const { model_stats: list } = (await json('/v2/models/digits/stats')) as {
        model_stats: { version: string; inference_stats: { success: { count: number } } }[];
      };
      return list.map(({ version, inference_stats: { success } }) => `${version} ${success.count}`);
    };
    await predict();
    expect(await counted()).toEqual(['1 1']);
    await folder.addVersion(2);
    await server.reload();
    await rm(join(folder.root, 'digits/2'), { recursive: true });
    await server.reload();
    expect(await counted()).toEqual(['1 0']);
  });

  it('that is broken leaves the old one serving, and is tried again once its files change', async () => {
    await start();
    await folder.addVersion(2);
    const manifest = join(folder.root, 'digits/2/model.json');
    const good = await readFile(manifest);
    await writeFile(manifest, '{"schemaVersion": "9.0"}');
    await server.reload();
    expect(await states()).toEqual(['2 END', '1 AVAILABLE']);
    expect((await predict()).status).toBe(200);
    await writeFile(manifest, good);
    await server.reload();
    expect(await states()).toEqual(['2 AVAILABLE', '1 END']);
  });

  it('with damaged artefacts has them made again', async () => {
    await folder.addVersion(2);
    const compiled = join(folder.root, 'digits/2/compiled');
    const [artefact] = await readdir(compiled);
    await writeFile(join(compiled, artefact as string, 'model.onnx'), 'not a model');
    await start();
    expect(await states()).toEqual(['2 AVAILABLE']);
    expect((await predict()).status).toBe(200);
  });

  it('is pinned by a channel and reached by a label', async () => {
    await folder.addVersion(2);
    await writeFile(join(folder.root, 'digits/channels.json'), '{"stable": 1, "labels": {"next": 2}}');
    await start();
    expect(await states()).toEqual(['2 AVAILABLE', '1 AVAILABLE']);
    const reply = await fetch(`${server.http}/v2/models/digits`);
    expect(await reply.json()).toMatchObject({ name: 'digits' });
    expect((await predict('/v1/models/digits/labels/next')).status).toBe(200);
    expect((await predict('/v1/models/digits/labels/other')).status).toBe(400);
    expect((await predict('/v1/models/digits/versions/9')).status).toBe(404);
  });

  it('that disappears is unloaded with its model', async () => {
    await start();
    await rename(join(folder.root, 'digits'), join(folder.root, '.gone'));
    await server.reload();
    expect((await predict()).status).toBe(404);
    await cp(join(folder.root, '.gone'), join(folder.root, 'digits'), { recursive: true });
    await rm(join(folder.root, '.gone'), { recursive: true });
    await server.reload();
    expect((await predict()).status).toBe(200);
  });
});
