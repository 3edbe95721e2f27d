import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, startServer } from '../../server/src/cli/server.ts';
import { resolveConfig } from '../../server/src/core/config.ts';
import { digitsFolder, EXAMPLE, holdout, type ModelsFolder } from '../../server/test/support/digits.ts';
import { Floe, FloeClientError, fromNested, numbers, tensor, toNested } from '../src/index.ts';

let folder: ModelsFolder;
let server: RunningServer;
let floe: Floe;
let pixels: Float32Array;
let labels: ArrayLike<number>;
beforeAll(async () => {
  folder = await digitsFolder();
  const flags = {
    models: folder.root,
    httpPort: 0,
    adminPort: 0,
    grpcPort: 'off',
    pollSeconds: 3600,
    cacheDir: join(folder.root, '.cache'),
  };
  const config = resolveConfig({ ...flags, sql: join(folder.root, '.sql') }, {}, {});
  server = await startServer(config, pino({ level: 'silent' }), { inContainer: false });
  floe = new Floe(`${server.http}/`);
  const held = await holdout(10);
  pixels = held.images.data as Float32Array;
  labels = held.labels as ArrayLike<number>;
});
afterAll(async () => {
  await server.close();
  await folder.remove();
});

const digit = (row: number): Float32Array => pixels.slice(row * 784, (row + 1) * 784);

describe('a client', () => {
  it('infers with tensors, and names the answer for feedback', async () => {
    const x = tensor(digit(0), [1, 28, 28, 1]);
    const answer = await floe.infer('digits', { x }, { outputs: ['probs', 'klass'], requestId: 'one' });
    expect(answer).toMatchObject({ requestId: 'one', version: '1' });
    expect(answer.cache).toMatch(/^(miss|hit)/);
    expect(answer.outputs['probs']).toMatchObject({ dtype: 'FP32', shape: [1, 10] });
    expect(toNested(answer.outputs['klass'] as never)).toEqual([BigInt(labels[0] as number)]);
    expect([...numbers(answer.outputs['probs'] as never)].reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    expect(await floe.feedback('digits', { requestId: 'one', label: labels[0] as number })).toMatchObject({
      rows: 1,
      right: 1,
    });
    expect((await floe.infer('digits', { x })).cache).toMatch(/^hit/);
    expect((await floe.infer('digits', { x }, { cache: 'bypass' })).cache).toMatch(/^bypass/);
  });

  it('gives all outputs where none is named, of a version too, from lists in lists', async () => {
    const x = fromNested([
      Array.from({ length: 28 }, (_, y) => Array.from({ length: 28 }, (_, z) => [digit(1)[y * 28 + z] as number])),
    ]);
    expect(x).toMatchObject({ dtype: 'FP32', shape: [1, 28, 28, 1] });
    const { outputs } = await floe.infer('digits', { x }, { version: 1, priority: 2 });
    expect(Object.keys(outputs).sort()).toEqual(['klass', 'probs']);
  });

  it('predicts as TensorFlow Serving does, from JSON and from pictures', async () => {
    const rows = [Array.from({ length: 28 }, () => Array.from({ length: 28 }, () => [0]))];
    expect(await floe.predict('digits', { instances: rows })).toMatchObject({
      predictions: [{ klass: expect.any(Number) as number }],
      version: '1',
    });
    const image = await readFile(join(EXAMPLE, 'images/7-a.png'));
    expect(await floe.predictImage('digits', new Blob([new Uint8Array(image)]), 'image/png')).toMatchObject({
      predictions: [{ label: '7' }],
    });
  });

  it('asks about models', async () => {
    expect(await floe.ready()).toBe(true);
    expect(await floe.ready('digits')).toBe(true);
    expect(await floe.ready('unknown')).toBe(false);
    expect(await new Floe('http://127.0.0.1:9').ready()).toBe(false);
    expect(await floe.metadata('digits')).toMatchObject({ name: 'digits', inputs: [{ name: 'x', datatype: 'FP32' }] });
  });

  it.each([
    ['an unknown model', () => floe.infer('unknown', {}), 'NOT_FOUND', 404],
    ['an unknown version', () => floe.predict('digits', { instances: [] }, { version: 7 }), 'NOT_FOUND', 404],
    ['an unknown label', () => floe.predict('digits', { instances: [] }, { label: 'none' }), 'INVALID_ARGUMENT', 400],
    ['a wrong shape', () => floe.infer('digits', { x: tensor(new Float32Array(4), [2, 2]) }), 'INVALID_ARGUMENT', 400],
    [
      'a wrong dtype',
      () => floe.infer('digits', { x: tensor(new Int32Array(784), [1, 28, 28, 1]) }),
      'INVALID_ARGUMENT',
      400,
    ],
    ['no class', () => floe.feedback('digits', { requestId: 'one', label: 'eleven' }), 'INVALID_ARGUMENT', 400],
    ['no request', () => floe.feedback('digits', { requestId: 'none', label: 1 }), 'NOT_FOUND', 404],
  ])('says what is wrong with %s', async (_, ask, code, status) => {
    const error = await ask().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FloeClientError);
    expect(error).toMatchObject({ code, status, message: expect.stringMatching(/\w/) as string });
  });

  it('ends when it is cancelled, and when its time is over', async () => {
    const x = tensor(pixels.slice(0, 7840), [10, 28, 28, 1]);
    const cancelled = floe.infer('digits', { x }, { signal: AbortSignal.abort() });
    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' });
    const never = new Floe(server.http, {
      fetch: (_, init) =>
        new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason))),
    });
    await expect(never.infer('digits', { x }, { timeoutMs: 5 })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    // An answer that begins and does not end.
    const half = new Floe(server.http, {
      fetch: async (_, init) =>
        new Response(
          new ReadableStream({
            start: (body) => {
              body.enqueue(Buffer.from('{'));
              init?.signal?.addEventListener('abort', () => body.error(init.signal?.reason));
            },
          }),
        ),
    });
    await expect(half.infer('digits', { x }, { timeoutMs: 5 })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await expect(new Floe('http://127.0.0.1:9', { retries: 0 }).infer('digits', { x })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('127.0.0.1:9') as string,
    });
  });
});

it('weighs less than 15 KB, gzipped, and needs nothing else', async () => {
  const folder = fileURLToPath(new URL('../src/', import.meta.url));
  const sources = new Map<string, Buffer>();
  for (const name of await readdir(folder)) sources.set(name, await readFile(join(folder, name)));
  // The sources are longer than what is built of them.
  expect(gzipSync(Buffer.concat([...sources.values()])).length).toBeLessThan(15_000);
  for (const [file, source] of sources)
    for (const [, name = ''] of source.toString('utf8').matchAll(/from '([^']+)'/g))
      expect(
        name.startsWith('./') || name.startsWith('@floe/client') || (file === 'grpc.ts' && name === 'node:http2'),
      ).toBe(true);
});
