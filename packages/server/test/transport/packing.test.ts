/** Compressed answers: who gets them, and that they are what was to be said. */
import { request } from 'node:http';
import { gunzipSync, inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { encodingWanted } from '../../src/transport/http/packing.ts';
import { INFER, startServer } from './fixture.ts';

test.each([
  [undefined, undefined],
  ['', undefined],
  ['gzip', 'gzip'],
  ['GZIP', 'gzip'],
  ['deflate', 'deflate'],
  ['gzip;q=0.5', 'gzip'],
  ['gzip ; q=1.0 , identity; q=0.5', 'gzip'],
  ['gzip;q=0', undefined],
  ['identity', undefined],
  ['*', undefined],
  ['br', undefined],
  // What libraries send by themselves.
  ['gzip, deflate', undefined],
  ['gzip, deflate, br, zstd', undefined],
  ['deflate;q=0, gzip', 'gzip'],
  ['nonsense;;', undefined],
])('accept-encoding %s wants %s', (accepted, encoding) => {
  expect(encodingWanted(accepted)).toBe(encoding);
});

interface Packed {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

/** The answer as it goes over the wire: `fetch` would unpack it. */
function infer(url: string, headers: Record<string, string>, body: string): Promise<Packed> {
  return new Promise((resolve, reject) => {
    const call = request(url, { method: 'POST', headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }));
    });
    call.on('error', reject);
    call.end(body);
  });
}

test.each([
  ['gzip', gunzipSync],
  ['deflate', inflateSync],
] as const)('%s: JSON and raw tensors come as they are without', async (encoding, unpack) => {
  await using server = await startServer();
  const url = `${server.url}/v2/models/adder/infer`;
  for (const body of [INFER, INFER.replace('{', '{"parameters":{"binary_data_output":true},')]) {
    const plain = await infer(url, {}, body);
    const packed = await infer(url, { 'accept-encoding': encoding }, body);
    expect(packed.headers).toMatchObject({ 'content-encoding': encoding, vary: 'Accept-Encoding' });
    expect(packed.headers['content-length']).toBe(String(packed.body.length));
    expect(packed.headers['inference-header-content-length']).toBe(plain.headers['inference-header-content-length']);
    expect(unpack(packed.body)).toEqual(plain.body);
    expect(plain.headers['content-encoding']).toBeUndefined();
  }
});
