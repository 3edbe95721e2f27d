/** Pages of other origins: what a browser is told before and with its requests. */
import { describe, expect, test } from 'vitest';
import { ask, INFER, startServer } from './fixture.ts';

const PAGE = 'https://app.example.com';
const INFERENCE = '/v2/models/adder/infer';
const QUESTION = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' };

/** What a `fetch` in this process may send: the headers of CORS are a browser's own. */
function allowed(headers: Headers): (string | null)[] {
  return ['access-control-allow-origin', 'vary'].map((name) => headers.get(name));
}

test('without origins nothing is said, and the question is no method', async () => {
  await using server = await startServer();
  const reply = await ask(`${server.url}${INFERENCE}`, { method: 'POST', body: INFER, headers: { origin: PAGE } });
  expect([reply.status, ...allowed(reply.headers)]).toEqual([200, null, null]);
  const question = await ask(`${server.url}${INFERENCE}`, {
    method: 'OPTIONS',
    headers: { origin: PAGE, ...QUESTION },
  });
  expect(question.status).toBe(405);
});

describe('with one origin', () => {
  test('it may ask and read, errors and pages too', async () => {
    await using server = await startServer({ corsOrigins: [PAGE] });
    for (const [path, body, status] of [
      [INFERENCE, INFER, 200],
      [INFERENCE, '{', 400],
    ] as const) {
      const reply = await ask(`${server.url}${path}`, { method: 'POST', body, headers: { origin: PAGE } });
      expect([reply.status, ...allowed(reply.headers)]).toEqual([status, PAGE, 'Origin']);
      expect(reply.headers.get('access-control-expose-headers')).toContain('X-Request-Id');
    }
    const page = await ask(`${server.url}/healthz/live`, { headers: { origin: PAGE } });
    expect(allowed(page.headers)).toEqual([PAGE, 'Origin']);
  });

  test('its question is answered without a key', async () => {
    const refuse = (): never => {
      throw new Error('nobody is asked who they are');
    };
    await using server = await startServer({ corsOrigins: [PAGE] }, { identity: { authorize: refuse } });
    for (const path of [INFERENCE, '/v1/models/adder:predict', '/metrics']) {
      const { status, headers } = await ask(`${server.url}${path}`, {
        method: 'OPTIONS',
        headers: { origin: PAGE, ...QUESTION },
      });
      expect([status, ...allowed(headers)]).toEqual([200, PAGE, 'Origin']);
      expect(headers.get('access-control-allow-methods')).toBe('GET, HEAD, POST');
      expect(headers.get('access-control-allow-headers')).toBe('authorization');
    }
  });

  test('another is told nothing, and caches that the answer depends on it', async () => {
    await using server = await startServer({ corsOrigins: [PAGE] });
    const url = `${server.url}${INFERENCE}`;
    const other = { origin: 'https://evil.example' };
    const reply = await ask(url, { method: 'POST', body: INFER, headers: other });
    expect([reply.status, ...allowed(reply.headers)]).toEqual([200, null, 'Origin']);
    const question = await ask(url, { method: 'OPTIONS', headers: { ...other, ...QUESTION } });
    expect([question.status, ...allowed(question.headers)]).toEqual([405, null, 'Origin']);
    // Nor may a cache give a page what somebody else was answered.
    expect(allowed((await ask(`${server.url}/v2`)).headers)).toEqual([null, 'Origin']);
  });
});

test('a star stands for all', async () => {
  await using server = await startServer({ corsOrigins: ['*'] });
  const reply = await ask(`${server.url}/v2`, { headers: { origin: 'http://anywhere' } });
  expect(allowed(reply.headers)).toEqual(['*', null]);
});
