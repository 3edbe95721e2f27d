import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { HeldBytes } from '../../src/transport/held-bytes.ts';
import { startServer } from './fixture.ts';

function begin(held: HeldBytes) {
  const holder = { heldBytes: 0 };
  return { add: (bytes: number) => held.take(holder, bytes), release: () => held.release(holder) };
}

describe('bytes that are held', () => {
  it('are refused beyond the most, with when to come again, and given back', () => {
    const held = new HeldBytes(100);
    const [first, second] = [begin(held), begin(held)];
    first.add(60);
    expect(() => second.add(41)).toThrow(
      expect.objectContaining({ code: 'RESOURCE_EXHAUSTED', details: [{ retryAfterSeconds: 1 }] }),
    );
    second.add(40);
    first.release();
    first.release();
    second.add(60);
  });

  it('of one alone may be more than the most', () => {
    const held = new HeldBytes(100);
    begin(held).add(1000);
    expect(() => begin(held).add(1)).toThrow('no room');
  });

  it('never add up to more than the most, unless one has them all', () => {
    const step = fc.record({ who: fc.nat(4), bytes: fc.integer({ min: 1, max: 80 }), ends: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const held = new HeldBytes(100);
        const holdings = Array.from({ length: 5 }, () => ({ holding: begin(held), bytes: 0 }));
        for (const { who, bytes, ends } of steps) {
          const one = holdings[who] as (typeof holdings)[number];
          if (ends) {
            one.holding.release();
            one.bytes = 0;
            continue;
          }
          try {
            one.holding.add(bytes);
            one.bytes += bytes;
          } catch {}
          const all = holdings.map((other) => other.bytes);
          const sum = all.reduce((a, b) => a + b, 0);
          expect(sum <= 100 || all.filter((count) => count > 0).length === 1).toBe(true);
        }
      }),
    );
  });
});

test('a body for which there is no room is refused while another is read, and taken when that is over', async () => {
  await using server = await startServer({ bodyLimit: 1 << 22 });
  const path = `${server.url}/v2/models/adder/infer`;
  // Spaces are no JSON: what is read is refused with 400.
  const body = new Uint8Array(1_500_000).fill(32);
  const headers = { 'content-length': body.length, expect: '100-continue' };
  const first = request(path, { method: 'POST', headers });
  first.flushHeaders();
  await once(first, 'continue');
  const refused = await fetch(path, { method: 'POST', body });
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
  expect(await refused.text()).toContain('no room');
  first.end(body);
  const [answer] = (await once(first, 'response')) as [IncomingMessage];
  expect(answer.statusCode).toBe(400);
  await once(answer.resume(), 'end');
  expect((await fetch(path, { method: 'POST', body })).status).toBe(400);
});

test('a connection goes on after a body that was refused while it came', async () => {
  await using server = await startServer({ bodyLimit: 1 << 22 }, { held: new HeldBytes(1 << 20) });
  const first = request(`${server.url}/v2/models/adder/infer`, {
    method: 'POST',
    headers: { 'content-length': 1 << 19, expect: '100-continue' },
  });
  first.on('error', () => {}).flushHeaders();
  await once(first, 'continue');
  const socket = connect(server.server.port, '127.0.0.1').setEncoding('latin1');
  let answers = '';
  socket.on('data', (text: string) => {
    answers += text;
    if (answers.includes('"name":"floe"')) socket.end();
  });
  const chunk = `100000\r\n${' '.repeat(1 << 20)}\r\n`;
  socket.write('POST /v2/models/adder/infer HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
  socket.write(`${chunk.repeat(3)}0\r\n\r\nGET /v2 HTTP/1.1\r\nHost: x\r\n\r\n`);
  await once(socket, 'close');
  expect([...answers.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status)).toEqual(['429', '200']);
  first.destroy();
});
