/** Bodies of all kinds: compressed, too large, cut short, lying, in pieces. */
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask as askUrl, type Fixture, INFER, startServer, tfsError } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startServer();
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});

const ask = (path: string, init?: RequestInit & { duplex?: 'half' }) => askUrl(`${fixture.url}${path}`, init);
const post = (path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  ask(path, { method: 'POST', body, headers });

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
    await expect.poll(async () => (await ask('/metrics')).text).toContain('floe_http_in_flight 1\n');
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
