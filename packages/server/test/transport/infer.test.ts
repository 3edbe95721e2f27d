/** What a request says of its terms in headers and parameters, and what it is told of how it was answered. */
import { FloeError } from '@floe/graph';
import { describe, expect, test } from 'vitest';
import type { Terms } from '../../src/core/terms.ts';
import type { HttpDeps } from '../../src/transport/http/deps.ts';
import { RecentRequests } from '../../src/transport/recent-requests.ts';
import { ask, INFER, startServer } from './fixture.ts';

const post = (headers: Record<string, string> = {}, body = INFER): RequestInit => ({ method: 'POST', headers, body });
const path = '/v2/models/adder/infer';

/** An inference that does not get as far as a model. */
function infer(of: (terms: Terms) => unknown): HttpDeps['infer'] {
  return (async (_codec: unknown, _ref: unknown, _request: unknown, terms: Terms) => of(terms)) as HttpDeps['infer'];
}

const EMPTY = { body: Buffer.from('{}') };

describe('terms', () => {
  test('of a request that says nothing are the usual ones', async () => {
    await using server = await startServer();
    expect((await ask(`${server.url}${path}`, post())).status).toBe(200);
    const [terms] = server.terms;
    expect(terms).toMatchObject({ caller: { name: 'anonymous' }, priority: 1, cache: 'use', scope: 'model' });
    expect(terms?.deadline).toBe(Number.POSITIVE_INFINITY);
  });

  test('take deadline, cache and scope from headers', async () => {
    await using server = await startServer();
    const headers = {
      'x-request-timeout-ms': '250.5',
      'cache-control': 'max-age=0, No-Store',
      'x-cache-scope': 'version',
    };
    expect((await ask(`${server.url}${path}`, post(headers))).status).toBe(200);
    const [terms] = server.terms;
    expect(terms).toMatchObject({ cache: 'bypass', scope: 'version' });
    expect((terms?.deadline ?? 0) - (terms?.arrived ?? 0)).toBeCloseTo(250.5, 6);
  });

  test.each([
    ['x-request-timeout-ms', 'soon'],
    ['x-request-timeout-ms', '-1'],
    ['x-request-timeout-ms', '1e999'],
    ['x-cache-scope', 'all'],
  ])('are refused where %s is %s', async (name, value) => {
    await using server = await startServer();
    const { status, text } = await ask(`${server.url}${path}`, post({ [name]: value }));
    expect([status, text.toLowerCase()]).toEqual([400, expect.stringContaining(name)]);
  });
});

describe('an answer', () => {
  test('says whether it was computed, why, and by which version', async () => {
    const answered = infer(({ notes }) => {
      notes.cache = { state: 'hit', reason: 'computed by version 4', version: 4, accuracy: 0.9 };
      return EMPTY;
    });
    await using server = await startServer({}, { infer: answered });
    const { headers } = await ask(`${server.url}${path}`, post());
    expect([headers.get('x-cache'), headers.get('x-model-version')]).toEqual(['hit; computed by version 4', '4']);
  });

  test('is remembered with its notes, by its id', async () => {
    const recent = new RecentRequests();
    const answered = infer(({ notes }) => {
      notes.queue = { predicted: 0.5, position: 3, chunks: 2 };
      return EMPTY;
    });
    await using server = await startServer({}, { infer: answered, recent });
    const { headers } = await ask(`${server.url}${path}`, post());
    await server.server.close();
    const found = recent.find(headers.get('x-request-id') ?? '');
    expect(found).toMatchObject({ model: 'adder', status: 200, notes: { queue: { position: 3, chunks: 2 } } });
    expect(recent.find('another')).toBeUndefined();
  });

  test.each([
    ['text', 'TEXT named_metrics.queue_seconds=0.25, named_metrics.running=1, named_metrics.waiting=3'],
    ['json', 'JSON {"named_metrics":{"queue_seconds":0.25,"running":1,"waiting":3}}'],
    ['bin', null],
    ['', null],
  ])('reports the load to who asks for it as %j', async (format, report) => {
    await using server = await startServer();
    const { status, headers } = await ask(`${server.url}${path}`, post({ 'endpoint-load-metrics-format': format }));
    expect([status, headers.get('endpoint-load-metrics')]).toEqual([200, report]);
    expect((await ask(`${server.url}${path}`, post())).headers.has('endpoint-load-metrics')).toBe(false);
  });

  test('that is refused says when to come again', async () => {
    const refused = infer(() => {
      throw new FloeError('RESOURCE_EXHAUSTED', 'the queue is full', { retryAfterSeconds: 1.2 });
    });
    await using server = await startServer({}, { infer: refused });
    const { status, headers } = await ask(`${server.url}${path}`, post());
    expect([status, headers.get('retry-after')]).toEqual([429, '2']);
  });
});

test('the ring of recent requests keeps the latest', () => {
  const recent = new RecentRequests();
  const requestOf = (i: number) => ({ requestId: `${i}`, model: 'm', caller: 'c', status: 200, seconds: 0, notes: {} });
  for (let i = 0; i < 5000; i++) recent.add(requestOf(i));
  const latest = recent.latest().map(({ requestId }) => Number(requestId));
  expect([latest[0], latest.at(-1), latest.length]).toEqual([4999, 5000 - 2048, 2048]);
  expect(recent.find('100')).toBeUndefined();
});

describe('whom a caller asks for', () => {
  test('goes along, is a name of its own, and is nothing where it is not said', async () => {
    await using server = await startServer();
    const send = (headers: Record<string, string>) =>
      ask(`${server.url}/v2/models/adder/infer`, { method: 'POST', body: INFER, headers });
    await send({ 'x-sticky-key': 'ann' });
    await send({});
    expect(server.terms.map(({ sticky }) => sticky)).toEqual(['ann', undefined]);
    const { status, text } = await send({ 'x-sticky-key': 'a'.repeat(257) });
    expect([status, text]).toEqual([400, expect.stringContaining('x-sticky-key')]);
  });
});
