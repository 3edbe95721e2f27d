/** The HTTP server on a real socket: every protocol's answers and errors, bodies of all kinds, and what it says of itself. */
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { FloeError } from '@floe/graph';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fixture, startServer } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startServer();
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});

async function ask(
  path: string,
  init?: RequestInit & { duplex?: 'half' },
): Promise<{ status: number; text: string; headers: Headers }> {
  const response = await fetch(`${fixture.url}${path}`, init);
  return { status: response.status, text: await response.text(), headers: response.headers };
}

const post = (path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  ask(path, { method: 'POST', body, headers });
const tfsError = (message: string): string => `{\n    "error": ${JSON.stringify(message)}\n}`;
const INFER = JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] });

/** Writes raw bytes and gives all that comes back. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(fixture.server.port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

describe('TensorFlow Serving', () => {
  test.each([
    ['/v1/models/adder:predict', '{"instances": [[1, 2]]}'],
    ['/v1/models/adder/versions/1:predict', '{"instances": [[1, 2]]}'],
    ['/v1/models/adder/labels/stable:predict', '{"instances": [[1, 2]]}'],
    ['/V1/models/adder:PREDICT', '{"instances": [[1, 2]]}'],
    ['/v1/models/%61dder:predict?x=1', '{"instances": [[1, 2]]}'],
  ])('answers %s', async (path, body) => {
    const { status, text, headers } = await post(path, body);
    expect([status, text]).toEqual([200, '{\n    "predictions": [[2.0, 3.0]\n    ]\n}']);
    expect(headers.get('content-type')).toContain('application/json');
  });

  test.each([
    ['POST', '/v1/models/none:predict', 404, 'Servable not found for request: Latest(none)'],
    ['POST', '/v1/models/adder/versions/9:predict', 404, 'Servable not found for request: Specific(adder, 9)'],
    ['POST', '/v1/models/adder/labels/none:predict', 400, 'Unrecognized servable version label: none'],
    ['POST', '/v1/models/adder:predict', 400, "Missing 'inputs' or 'instances' key"],
    ['POST', '/v1/models/adder:classify', 501, 'classify is not supported; use predict'],
    ['POST', '/v1/models/adder', 400, 'Malformed request: POST /v1/models/adder'],
    ['POST', '/v1/foo', 400, 'Malformed request: POST /v1/foo'],
    ['PUT', '/v1/models/adder:predict', 400, 'Malformed request: PUT /v1/models/adder:predict'],
    ['GET', '/v1/models/adder:predict', 400, 'Malformed request: GET /v1/models/adder:predict'],
    ['GET', '/v1/models', 400, 'Missing model name in request.'],
    ['GET', '/v1/models/none', 404, 'Could not find any versions of model none'],
    ['GET', '/v1/models/adder/versions/9', 404, 'Could not find version 9 of model adder'],
    [
      'GET',
      '/v1/models/adder/versions/99999999999999999999',
      400,
      'Failed to convert version: 99999999999999999999 to numeric.',
    ],
    ['GET', '/v1/models/none/metadata', 404, 'Servable not found for request: Latest(none)'],
  ])('%s %s is %i', async (method, path, status, message) => {
    const reply = await ask(path, method === 'GET' ? {} : { method, body: '{}' });
    expect([reply.status, reply.text]).toEqual([status, tfsError(message)]);
  });

  test('tells the states of versions', async () => {
    const { text } = await ask('/v1/models/adder/versions/1');
    expect(text).toBe(
      '{\n "model_version_status": [\n  {\n   "version": "1",\n   "state": "AVAILABLE",\n   "status": {\n    "error_code": "OK",\n    "error_message": ""\n   }\n  }\n ]\n}\n',
    );
  });

  test('tells signatures', async () => {
    const { model_spec, metadata } = JSON.parse((await ask('/v1/models/adder/metadata')).text);
    expect(model_spec).toEqual({ name: 'adder', signature_name: '', version: '2' });
    expect(metadata.signature_def.signature_def.serving_default.inputs.x).toEqual({
      dtype: 'DT_FLOAT',
      tensor_shape: {
        dim: [
          { size: '-1', name: '' },
          { size: '2', name: '' },
        ],
        unknown_rank: false,
      },
      name: 'x:0',
    });
  });
});

describe('pictures', () => {
  test('are answered with labels', async () => {
    const { status, text } = await post('/v1/models/pictures:predict', 'jpeg', { 'content-type': 'image/jpeg' });
    expect([status, JSON.parse(text)]).toEqual([
      200,
      {
        predictions: [
          {
            label: 'large',
            index: 1,
            score: 1001,
            top: [
              { label: 'large', index: 1, score: 1001 },
              { label: 'small', index: 0, score: 5 },
            ],
          },
        ],
        model: { name: 'pictures', version: 1 },
      },
    ]);
  });

  test('for a model that takes none are refused in our own shape, with the way to add it', async () => {
    const { status, text } = await post('/v1/models/adder:predict', 'jpeg', {
      'content-type': 'image/png',
      'x-request-id': 'r1',
    });
    const { error } = JSON.parse(text);
    expect([status, error.code, error.requestId, error.details]).toEqual([
      400,
      'FAILED_PRECONDITION',
      'r1',
      [{ field: 'preprocessing.serving_default' }],
    ]);
    expect(error.message).toContain('floe.json');
  });

  test('of a type that is not decoded are 415', async () => {
    const { status } = await post('/v1/models/pictures:predict', 'x', { 'content-type': 'image/tiff' });
    expect(status).toBe(415);
  });
});

describe('Open Inference Protocol V2', () => {
  test.each(['/v2/models/adder/infer', '/v2/models/adder/versions/1/infer'])('answers %s', async (path) => {
    const { status, text } = await post(path, INFER);
    expect([status, JSON.parse(text).outputs]).toEqual([
      200,
      [{ name: 'y', datatype: 'FP32', shape: [1, 2], data: [2, 3] }],
    ]);
  });

  test('takes and gives raw tensors', async () => {
    const header = JSON.stringify({
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], parameters: { binary_data_size: 8 } }],
      parameters: { binary_data_output: true },
    });
    const body = Buffer.concat([Buffer.from(header), Buffer.from(Float32Array.of(1, 2).buffer)]);
    const response = await fetch(`${fixture.url}/v2/models/adder/infer`, {
      method: 'POST',
      body,
      headers: { 'inference-header-content-length': String(header.length), 'content-type': 'application/octet-stream' },
    });
    const reply = Buffer.from(await response.arrayBuffer());
    const at = Number(response.headers.get('inference-header-content-length'));
    expect([...new Float32Array(reply.buffer.slice(reply.byteOffset + at, reply.byteOffset + at + 8))]).toEqual([2, 3]);
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
  });

  test.each([
    ['/v2/health/live', 200, ''],
    ['/v2/health/ready', 200, ''],
    ['/v2/models/adder/ready', 200, ''],
    ['/v2/models/adder/versions/2/ready', 200, ''],
    ['/v2', 200, '{"name":"floe","version":"0.0.0","extensions":["binary_tensor_data","classification"]}'],
    [
      '/v2/models/adder',
      200,
      '{"name":"adder","versions":["1","2"],"platform":"tensorflow_graphdef","inputs":[{"name":"x","datatype":"FP32","shape":[-1,2]}],"outputs":[{"name":"y","datatype":"FP32","shape":[-1,2]}]}',
    ],
    ['/v2/models/none', 404, `{"error":"Request for unknown model: 'none' is not found"}`],
    ['/v2/models/none/ready', 404, `{"error":"Request for unknown model: 'none' is not found"}`],
    ['/v2/models/adder/versions/9', 404, `{"error":"Request for unknown model: 'adder' version 9 is not found"}`],
    ['/v2/models/adder/versions/x', 400, `{"error":"failed to get model version from specified version string 'x'"}`],
    ['/v2/models/adder/infer', 405, '{"error":"Method Not Allowed"}'],
    ['/v2/nothing', 404, '{"error":"there is nothing at GET /v2/nothing"}'],
  ])('GET %s is %i', async (path, status, text) => {
    const reply = await ask(path);
    expect([reply.status, reply.text]).toEqual([status, text]);
  });

  test.each([
    ['/v2/models/none/infer', INFER, 404, "Request for unknown model: 'none' is not found"],
    ['/v2/models/adder/infer', '{', 400, 'JSON Parse error: Missing a name for object member. at offset: 1'],
    ['/v2/models/adder/infer', '{}', 400, "Unable to parse 'inputs'"],
  ])('POST %s %s is %i', async (path, body, status, error) => {
    const reply = await post(path, body);
    expect([reply.status, JSON.parse(reply.text)]).toEqual([status, { error }]);
  });
});

describe('bodies', () => {
  test('may be compressed', async () => {
    const gzip = new Uint8Array(gzipSync(INFER));
    const { status } = await post('/v2/models/adder/infer', gzip, { 'content-encoding': 'gzip' });
    expect(status).toBe(200);
  });

  test('that blow up when decompressed are 413', async () => {
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(64 << 20)));
    const { status, text } = await post('/v2/models/adder/infer', bomb, { 'content-encoding': 'gzip' });
    expect([status, text]).toEqual([413, '{"error":"the body is larger than the limit of 1048576 bytes"}']);
  });

  test('that are not what their encoding says are 400 or 415, and never anything else', async () => {
    const good = gzipSync(INFER);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: good.length - 1 }), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const bad = new Uint8Array(good);
        bad[at] = ((bad[at] ?? 0) + change) % 256;
        const { status } = await post('/v2/models/adder/infer', bad, { 'content-encoding': 'gzip' });
        expect([200, 400]).toContain(status);
      }),
      { numRuns: 60 },
    );
    expect((await post('/v2/models/adder/infer', INFER, { 'content-encoding': 'br' })).status).toBe(415);
  });

  test('over the limit are 413 in the shape of the protocol, declared or not', async () => {
    const large = 'x'.repeat((1 << 20) + 1);
    const reply = await post('/v1/models/adder:predict', large);
    expect([reply.status, reply.text]).toEqual([413, tfsError('the body is larger than the limit of 1048576 bytes')]);
    const chunked = new ReadableStream({
      start: (controller) => {
        for (let i = 0; i < 3; i++) controller.enqueue(Buffer.alloc(1 << 19));
        controller.close();
      },
    });
    const unknown = await ask('/v2/models/adder/infer', { method: 'POST', body: chunked, duplex: 'half' }).catch(
      () => undefined,
    );
    if (unknown !== undefined) expect(unknown.status).toBe(413);
    expect((await ask('/v2/health/live')).status).toBe(200);
  });

  test('of a declared length that is a lie do not disturb others', async () => {
    const head = 'POST /v2/models/adder/infer HTTP/1.1\r\nHost: x\r\nConnection: close\r\n';
    expect(await raw(`${head}Content-Length: 99999999999\r\n\r\n{}`)).toMatch(/^HTTP\/1.1 413 /);
    expect(await raw(`${head}Content-Length: -5\r\n\r\n{}`)).toMatch(/^HTTP\/1.1 400 /);
    const socket = connect(fixture.server.port, '127.0.0.1');
    await new Promise<void>((resolve) => socket.write(`${head}Content-Length: 500\r\n\r\n{`, () => resolve()));
    socket.destroy();
    expect((await post('/v2/models/adder/infer', INFER)).status).toBe(200);
  });

  test('that cannot hold tensors are 415', async () => {
    const { status, text } = await post('/v2/models/adder/infer', 'x', { 'content-type': 'video/mp4' });
    expect([status, text]).toEqual([415, '{"error":"content-type video/mp4 is not supported here"}']);
  });

  test('in many pieces come together', async () => {
    const rows = JSON.stringify({ instances: Array.from({ length: 20_000 }, (_, i) => [i, 0.5]) });
    const { status, text } = await post('/v1/models/adder:predict', rows);
    expect([status, JSON.parse(text).predictions.at(-1)]).toEqual([200, [20_000, 1.5]]);
  });
});

describe('request ids', () => {
  test('are the caller’s where sane, else ours', async () => {
    const echo = async (id: string): Promise<string | null> =>
      (await ask('/healthz/live', { headers: { 'x-request-id': id } })).headers.get('x-request-id');
    expect(await echo('abc-1.2:3')).toBe('abc-1.2:3');
    expect(await echo('a b')).toMatch(/^[\w-]{8}-\w+$/);
    expect(await echo('x'.repeat(129))).toMatch(/^[\w-]{8}-\w+$/);
  });

  test('are in the access log, once for each request', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
    await using server = await startServer({ accessLog: true }, { log });
    await fetch(`${server.url}/v2/models/adder/infer`, {
      method: 'POST',
      body: INFER,
      headers: { 'x-request-id': 'r7' },
    });
    await server.server.close();
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { requestId: 'r7', method: 'POST', url: '/v2/models/adder/infer', protocol: 'v2', model: 'adder', status: 200 },
    ]);
  });
});

describe('what the server says of itself', () => {
  test('readiness follows the models', async () => {
    await using server = await startServer();
    server.models.isReady = false;
    const codes = ['/healthz/live', '/healthz/ready', '/v2/health/live', '/v2/health/ready'].map(
      async (path) => (await fetch(server.url + path)).status,
    );
    expect(await Promise.all(codes)).toEqual([200, 503, 200, 400]);
  });

  test('metrics count by protocol, model and code, and unknown models are one', async () => {
    await using server = await startServer();
    const send = (model: string) => fetch(`${server.url}/v2/models/${model}/infer`, { method: 'POST', body: INFER });
    for (const model of ['adder', 'adder', 'nope1', 'nope2']) await (await send(model)).text();
    const text = await (await fetch(`${server.url}/metrics`)).text();
    expect(text).toContain('floe_http_requests_total{protocol="v2",model="adder",code="200"} 2');
    expect(text).toContain('floe_http_requests_total{protocol="v2",model="unknown",code="404"} 2');
    expect(text).toContain('floe_http_in_flight 1');
    expect(text).not.toContain('nope');
    for (const name of [
      'floe_process_cpu_seconds_total',
      'floe_cpu_seconds_per_1000_answers',
      'floe_event_loop_delay_p99_seconds',
    ]) {
      expect(text).toMatch(new RegExp(`^${name} [0-9.e+-]+$`, 'm'));
    }
  });

  test('the description names only paths that exist, and all assets of its page are local', async () => {
    const document = JSON.parse((await ask('/openapi.json')).text);
    for (const path of Object.keys(document.paths)) {
      const url = path.replace('{model}', 'adder').replace('{version}', '1').replace('{label}', 'stable');
      const [method = 'get'] = Object.keys(document.paths[path]);
      const { status } = await ask(url, { method: method.toUpperCase(), ...(method === 'post' ? { body: '{}' } : {}) });
      expect([path, [200, 400].includes(status)]).toEqual([path, true]);
    }
    const page = await ask('/docs');
    expect(page.status).toBe(200);
    const assets = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, asset = '']) => asset);
    expect(assets.length).toBeGreaterThan(3);
    for (const asset of assets) expect([asset, (await ask(asset)).status]).toEqual([asset, 200]);
    const metrics = await ask('/metrics');
    expect(metrics.text).toContain('floe_http_in_flight 1\n');
  });

  test('what is nowhere is an error in our own shape', async () => {
    const { status, text } = await ask('/nothing', { headers: { 'x-request-id': 'q' } });
    expect([status, JSON.parse(text)]).toEqual([
      404,
      { error: { code: 'NOT_FOUND', message: 'there is nothing at GET /nothing', details: [], requestId: 'q' } },
    ]);
  });
});

describe('callers that leave, and failures inside', () => {
  test('a caller that goes away aborts its signal', async () => {
    const aborted = Promise.withResolvers<string>();
    const started = Promise.withResolvers<void>();
    const infer = (_codec: unknown, _ref: unknown, _request: unknown, signal: AbortSignal): Promise<never> => {
      signal.addEventListener('abort', () => aborted.resolve('aborted'));
      started.resolve();
      return aborted.promise.then(() => Promise.reject(new FloeError('CANCELLED', 'the caller has gone')));
    };
    await using server = await startServer({}, { infer });
    const controller = new AbortController();
    const call = fetch(`${server.url}/v2/models/adder/infer`, {
      method: 'POST',
      body: INFER,
      signal: controller.signal,
    });
    await started.promise;
    controller.abort();
    await expect(call).rejects.toThrow();
    expect(await aborted.promise).toBe('aborted');
  });

  test('an answered call’s signal stays quiet', async () => {
    await using server = await startServer();
    await (await fetch(`${server.url}/v2/models/adder/infer`, { method: 'POST', body: INFER })).text();
    await server.server.close();
    expect(server.signals.map(({ aborted }) => aborted)).toEqual([false]);
  });

  test('what goes wrong inside is not shown', async () => {
    const infer = (): Promise<never> => Promise.reject(new Error('secret path /etc'));
    await using server = await startServer({}, { infer });
    const response = await fetch(`${server.url}/v1/models/adder:predict`, { method: 'POST', body: '{}' });
    expect([response.status, await response.text()]).toEqual([
      500,
      tfsError('internal error; the server log has it under this request id'),
    ]);
  });

  test('closing lets a request under way finish', async () => {
    const go = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const infer = async (): Promise<never> => {
      started.resolve();
      await go.promise;
      throw new FloeError('UNAVAILABLE', 'too late');
    };
    await using server = await startServer({}, { infer });
    const call = fetch(`${server.url}/v2/models/adder/infer`, { method: 'POST', body: INFER });
    await started.promise;
    const closed = server.server.close();
    go.resolve();
    expect((await call).status).toBe(503);
    await closed;
  });

  test('an address in use is an error that names it', async () => {
    await expect(startServer({ port: fixture.server.port })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${fixture.server.port}`,
    );
  });
});
