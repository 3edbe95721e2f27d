/** What the server says of itself, and how it treats callers that leave and failures inside. */

import { FloeError } from '@floe/graph';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Terms } from '../../src/core/terms.ts';
import { ask as askUrl, type Fixture, INFER, startServer, tfsError } from './fixture.ts';

const LENGTH = 'Inference-Header-Content-Length';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startServer();
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});

const ask = (path: string, init?: RequestInit & { duplex?: 'half' }) => askUrl(`${fixture.url}${path}`, init);

type Described = Record<number, { headers?: object }>;

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

  test('the description says what an inference may wish for, and what is not taken from it is refused by name', async () => {
    const { paths, components } = JSON.parse((await ask('/openapi.json')).text);
    for (const path of ['/v1/models/{model}:predict', '/v2/models/{model}/infer']) {
      const { parameters, responses } = paths[path].post as {
        parameters: { name: string; in: string }[];
        responses: Described;
      };
      const wishes = parameters.filter((parameter) => parameter.in === 'header').map(({ name }) => name);
      expect(wishes.filter((name) => name !== LENGTH)).toEqual([
        'X-Request-Timeout-Ms',
        'Cache-Control',
        'X-Cache-Scope',
        'X-Sticky-Key',
        'X-Subject',
        'X-Request-Id',
      ]);
      const told = Object.keys(responses[200]?.headers ?? {});
      expect(told.filter((name) => name !== LENGTH)).toEqual(['X-Cache', 'X-Model-Version', 'X-Request-Id']);
      expect(Object.keys(responses[429]?.headers ?? {})).toEqual(['Retry-After']);
      const url = path.replace('{model}', 'adder');
      for (const name of ['X-Request-Timeout-Ms', 'X-Cache-Scope']) {
        const reply = await ask(url, { method: 'POST', headers: { [name]: 'nonsense' }, body: INFER });
        expect([reply.status, reply.text]).toEqual([400, expect.stringContaining(`${name} is nonsense`)]);
      }
    }
    for (const name of ['priority', 'timeout']) {
      expect(components.schemas.InferParameters.properties).toHaveProperty(name);
      const body = JSON.stringify({ ...JSON.parse(INFER), parameters: { [name]: 'nonsense' } });
      const reply = await ask('/v2/models/adder/infer', { method: 'POST', body });
      expect([reply.status, reply.text]).toEqual([400, expect.stringContaining(name)]);
    }
    const refs = JSON.stringify({ paths, components }).match(/(?<="#\/components\/schemas\/)\w+/g) ?? [];
    for (const name of refs) expect(Object.keys(components.schemas)).toContain(name);
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
    const infer = (_codec: unknown, _ref: unknown, _request: unknown, { signal }: Terms): Promise<never> => {
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
    expect(server.terms.map(({ signal }) => signal.aborted)).toEqual([false]);
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

  test('the log has what is our fault, and not what callers bring about', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) });
    const codes = ['DEADLINE_EXCEEDED', 'UNIMPLEMENTED', 'UNAVAILABLE', 'CANCELLED', 'INTERNAL', 'DATA_LOSS'] as const;
    const left = [...codes];
    const infer = (): Promise<never> => Promise.reject(new FloeError(left.shift() ?? 'INTERNAL', 'no'));
    await using server = await startServer({}, { infer, log });
    for (const id of codes) {
      const init = { method: 'POST', body: INFER, headers: { 'x-request-id': id } };
      await askUrl(`${server.url}/v2/models/adder/infer`, init);
    }
    await askUrl(`${server.url}/v1/models/none`);
    expect(lines.map((line) => JSON.parse(line).requestId)).toEqual(['INTERNAL', 'DATA_LOSS']);
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
