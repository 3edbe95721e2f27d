/** The two steps of the input stage: what is identified, what is decoded, how often and when. */
import { createHash } from 'node:crypto';
import type { Tensor } from '@floe/graph';
import { beforeAll, describe, expect, test } from 'vitest';
import { ByteCache } from '../../src/cache/byte-cache.ts';
import type { EncodedImage, ImageSpec, InferCall, ServableInfo } from '../../src/core/inference.ts';
import { plainTerms, type Terms } from '../../src/core/terms.ts';
import type { IdentifiedImages } from '../../src/input/identify.ts';
import type { Schedule } from '../../src/input/ports.ts';
import { type InputPorts, type InputStage, inputStage } from '../../src/input/stage.ts';
import { plain, SPEC } from './images.ts';
import { fetcherFor, image, startOrigin } from './origin.ts';

const LIMITS = { maxPixels: 10_000, maxTensorBytes: 1000, maxFetchedBytes: 100_000, decodes: 2 };
let red: Buffer;
let blue: Buffer;
beforeAll(async () => {
  red = await plain(8, 8, [255, 0, 0]).png().toBuffer();
  blue = await plain(8, 8, [0, 0, 255]).jpeg({ quality: 100 }).toBuffer();
});

function servable(spec: Partial<ImageSpec> = {}, dtype: Tensor['dtype'] = 'float32'): ServableInfo {
  const inputs = { x: { name: 'x:0', dtype, shape: [-1, 2, 2, 3] }, z: { name: 'z:0', dtype, shape: [-1] } };
  return {
    model: 'm',
    version: 1,
    signatures: { serving_default: { methodName: 'predict', inputs, outputs: {} } },
    defaultSignature: 'serving_default',
    labels: [],
    preprocessing: { serving_default: { x: { ...SPEC, ...spec } } },
    metadata: {},
    deterministic: true,
  };
}

const callOf = (...images: EncodedImage[]): InferCall => ({ inputs: new Map([['x', { images }]]) });
const terms = (signal = new AbortController().signal): Terms => plainTerms(signal);

async function digests(stage: InputStage, call: InferCall, info = servable()): Promise<string> {
  const { inputs } = await stage.identify(call, info, terms());
  return (inputs.get('x') as IdentifiedImages).digest;
}

async function prepare(stage: InputStage, call: InferCall, info = servable(), on = terms()): Promise<Tensor> {
  const tensors = await stage.prepare(await stage.identify(call, info, on), on);
  return tensors.get('x') as Tensor;
}

/** Runs nothing until it is told to. */
function byHand(): { schedule: Schedule; waiting: { seconds: number; terms: Terms; go: () => void }[] } {
  const waiting: { seconds: number; terms: Terms; go: () => void }[] = [];
  const schedule: Schedule = async (seconds, on, work) => {
    await new Promise<void>((go) => waiting.push({ seconds, terms: on, go }));
    return work();
  };
  return { schedule, waiting };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function counting(ports: InputPorts = {}): { stage: InputStage; decoded: () => number } {
  let runs = 0;
  const schedule: Schedule = (seconds, on, work) => {
    runs += 1;
    return ports.schedule === undefined ? work() : ports.schedule(seconds, on, work);
  };
  return { stage: inputStage(LIMITS, { ...ports, schedule }), decoded: () => runs };
}

describe('identifying', () => {
  test('leaves tensors as they are', async () => {
    const x: Tensor = { dtype: 'float32', shape: [1], data: Float32Array.of(1) };
    const call = { inputs: new Map([['x', x]]), outputs: ['y'] };
    const stage = inputStage(LIMITS);
    const identified = await stage.identify(call, servable(), terms());
    expect(identified).toEqual(call);
    expect((await stage.prepare(identified, terms())).get('x')).toBe(x);
  });

  test('names images by contents, order and what they become, and decodes nothing', async () => {
    const { stage, decoded } = counting();
    const one = await digests(stage, callOf(red));
    expect(await digests(stage, callOf(Buffer.from(red)))).toBe(one);
    const others = [
      await digests(stage, callOf(blue)),
      await digests(stage, callOf(red, blue)),
      await digests(stage, callOf(blue, red)),
      await digests(stage, callOf(red), servable({ scale: [2] })),
      await digests(stage, callOf(red), servable({ resize: 'tf-bilinear' })),
      await digests(stage, callOf(red), servable({}, 'uint8')),
    ];
    expect(new Set([one, ...others]).size).toBe(7);
    expect(decoded()).toBe(0);
  });

  test('digests large contents, too', async () => {
    const large = Buffer.concat([red, Buffer.alloc(2 << 20)]);
    const { inputs } = await inputStage(LIMITS).identify(callOf(large), servable(), terms());
    const [source] = (inputs.get('x') as IdentifiedImages).sources;
    expect(source?.digest).toBe(createHash('sha256').update(large).digest('hex'));
  });

  test('predicts the work from the header', async () => {
    const stage = inputStage(LIMITS);
    const large = await plain(100, 100).png().toBuffer();
    const seconds = await Promise.all(
      [callOf(red), callOf(large), callOf(large, large)].map(async (call) =>
        stage.secondsOf(await stage.identify(call, servable(), terms())),
      ),
    );
    expect(seconds[0]).toBeGreaterThan(0);
    expect(seconds[1]).toBeGreaterThan(seconds[0] ?? 0);
    expect(seconds[2]).toBeCloseTo(2 * (seconds[1] ?? 0));
  });

  test.each([
    [
      'for an input without preprocessing',
      { inputs: new Map([['z', { images: [Buffer.alloc(1)] }]]) },
      /input z of m takes no images/,
    ],
    ['of no image', callOf(), /input x: no image was given/],
    ['of what is no image', callOf(Buffer.from('hello')), /input x: the image cannot be decoded: it is no JPEG/],
    [
      'of more images than fit',
      callOf(...new Array<Buffer>(21).fill(Buffer.alloc(9))),
      /21 images are too many for one request; at most 20 fit/,
    ],
    ['of a URL where none is fetched', callOf({ url: 'https://images.test/a' }), /this server fetches no URLs/],
  ])('refuses a request %s', async (_what, call, message) => {
    await expect(inputStage(LIMITS).identify(call, servable(), terms())).rejects.toThrow(message);
  });
});

describe('references', () => {
  test('are fetched, and are then what their bytes are', async () => {
    await using origin = await startOrigin((request, response) =>
      image(request.url === '/red' ? red : blue)(request, response),
    );
    await using fetcher = fetcherFor(origin);
    const { stage, decoded } = counting({ fetcher });
    const urls = callOf({ url: `${origin.url}/red` }, { url: `${origin.url}/blue` });
    expect(await digests(stage, urls)).toBe(await digests(stage, callOf(red, blue)));
    expect(decoded()).toBe(0);
    const { shape, data } = await prepare(stage, urls);
    expect(stage.stats()).toMatchObject({ images: { decoded: 2, hits: 0 }, fetches: { fetched: 4, failed: 0 } });
    expect(shape).toEqual([2, 2, 2, 3]);
    expect([...(data as Float32Array)].slice(0, 3)).toEqual([255, 0, 0]);
  });

  test('may together be no larger than a request', async () => {
    await using origin = await startOrigin((request, response) => image(red)(request, response));
    await using fetcher = fetcherFor(origin);
    const stage = inputStage({ ...LIMITS, maxFetchedBytes: red.length * 2 }, { fetcher });
    const urls = [1, 2, 3].map((i) => ({ url: `${origin.url}/${i}` }));
    await expect(stage.identify(callOf(...urls.slice(1)), servable(), terms())).resolves.toBeDefined();
    await expect(stage.identify(callOf(...urls), servable(), terms())).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/together larger than \d+ bytes/),
    });
  });

  test('that fail stop the others of the request', async () => {
    const closed = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    await using origin = await startOrigin((request, response) => {
      if (request.url === '/slow') {
        response.on('close', () => closed.resolve());
        asked.resolve();
      } else void asked.promise.then(() => response.writeHead(404).end());
    });
    await using fetcher = fetcherFor(origin);
    const stage = inputStage(LIMITS, { fetcher });
    const call = callOf({ url: `${origin.url}/slow` }, { url: `${origin.url}/missing` });
    await expect(stage.identify(call, servable(), terms())).rejects.toThrow(/\/missing: its server answers 404/);
    await closed.promise;
  });
});

describe('preparing', () => {
  test('gives tensors of the dtype that the input has', async () => {
    const stage = inputStage(LIMITS);
    const bytes = await prepare(stage, callOf(red), servable({}, 'uint8'));
    expect(bytes).toMatchObject({
      dtype: 'uint8',
      data: Uint8Array.from([255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0]),
    });
    const small = await prepare(stage, callOf(red), servable({ scale: [1 / 3], offset: [-90] }, 'int8'));
    expect([...(small.data as Int8Array)].slice(0, 3)).toEqual([-5, -90, -90]);
    await expect(prepare(stage, callOf(red), servable({}, 'float16'))).rejects.toThrow(
      'images cannot become tensors of float16',
    );
  });

  test('decodes once for all who ask at the same time', async () => {
    const { schedule, waiting } = byHand();
    const { stage, decoded } = counting({ schedule });
    const both = [prepare(stage, callOf(red)), prepare(stage, callOf(Buffer.from(red)))];
    await expect.poll(() => waiting.length).toBe(1);
    await turn();
    waiting[0]?.go();
    const [first, second] = await Promise.all(both);
    expect(second).toBe(first);
    expect(decoded()).toBe(1);
    expect(stage.stats().images).toMatchObject({ decoded: 1, shared: 1, failed: 0 });
  });

  test('leaves a caller who goes to go alone', async () => {
    const { schedule, waiting } = byHand();
    const stage = inputStage(LIMITS, { schedule });
    const leaving = new AbortController();
    const lent = new Uint8Array(red);
    const gone = prepare(stage, callOf(lent), servable(), terms(leaving.signal));
    const stays = prepare(stage, callOf(red));
    await expect.poll(() => waiting.length).toBe(1);
    await turn();
    leaving.abort();
    await expect(gone).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(waiting[0]?.terms.signal.aborted).toBe(false);
    // Whoever has gone takes the memory of his request with him.
    lent.buffer.transfer(0);
    waiting[0]?.go();
    expect([...((await stays).data as Float32Array)].slice(0, 3)).toEqual([255, 0, 0]);
  });

  test('does not decode what nobody waits for', async () => {
    const { schedule, waiting } = byHand();
    const stage = inputStage(LIMITS, { schedule });
    const leaving = new AbortController();
    const gone = prepare(stage, callOf(red), servable(), terms(leaving.signal));
    await expect.poll(() => waiting.length).toBe(1);
    leaving.abort();
    await expect(gone).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(waiting[0]?.terms).toMatchObject({ deadline: Number.POSITIVE_INFINITY, signal: { aborted: true } });
    waiting[0]?.go();
    await turn();
  });

  test('keeps what it has prepared, by contents and spec', async () => {
    const { stage, decoded } = counting({ cache: new ByteCache<Tensor>(100_000) });
    const first = await prepare(stage, callOf(red));
    expect(await prepare(stage, callOf(Buffer.from(red)))).toBe(first);
    expect(decoded()).toBe(1);
    await prepare(stage, callOf(red, blue));
    expect(decoded()).toBe(2);
    await prepare(stage, callOf(red), servable({ invert: true }));
    expect(decoded()).toBe(3);
    expect([...(first.data as Float32Array)].slice(0, 3)).toEqual([255, 0, 0]);
  });

  test('keeps no failures', async () => {
    const { stage, decoded } = counting({ cache: new ByteCache<Tensor>(100_000) });
    const cut = blue.subarray(0, blue.length - 40);
    for (let i = 0; i < 2; i++) {
      await expect(prepare(stage, callOf(cut))).rejects.toThrow(/input x: the image cannot be decoded/);
    }
    expect(decoded()).toBe(2);
  });

  test('decodes as many at a time as it may', async () => {
    const many = await Promise.all(Array.from({ length: 20 }, (_, i) => plain(9, 9, [i, 0, 0]).png().toBuffer()));
    const { shape, data } = await prepare(inputStage(LIMITS), callOf(...many));
    expect(shape).toEqual([20, 2, 2, 3]);
    expect(many.map((_, i) => (data as Float32Array)[i * 12])).toEqual(many.map((_, i) => i));
  });
});
