/** A real server under callers that leave whenever they like, over every protocol: all that came is settled, and the counts add up. */
import type { EventEmitter } from 'node:events';
import { request } from 'node:http';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import type { RunningServer } from '../../src/cli/server.ts';
import { ModelInferRequest } from '../../src/codec/proto/inference.ts';
import { holdout } from '../support/digits.ts';
import { serverSuite } from '../support/server-suite.ts';
import { encoded, frame, INFERENCE } from '../transport/grpc/fixture.ts';

const suite = serverSuite();
const STAYS = 60;

const asking = fc.record({
  protocol: fc.constantFrom('v1' as const, 'v2' as const, 'grpc' as const),
  /** Equal ones share a flight, or an answer that is known. */
  first: fc.nat(4),
  rows: fc.constantFrom(1, 1, 1, 40),
  /** Turns of the event loop after which the caller leaves, if there is no answer by then. */
  patience: fc.oneof(fc.nat(STAYS), fc.constant(Number.POSITIVE_INFINITY)),
  millis: fc.constantFrom('0', '1', '5', undefined, undefined, undefined),
  cache: fc.constantFrom('no-store', 'max-age=0'),
  /** One row says that it is more. */
  isWrong: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});
type Asking = typeof asking extends fc.Arbitrary<infer T> ? T : never;

let images: Awaited<ReturnType<typeof holdout>>['images'];

const pixelsOf = ({ first, rows }: Asking): Float32Array =>
  (images.data as Float32Array).subarray(first * 784, (first + rows) * 784);
const shapeOf = ({ rows, isWrong }: Asking): number[] => [isWrong ? rows + 1 : rows, 28, 28, 1];
const headersOf = ({ cache, millis }: Asking): Record<string, string> => ({
  'cache-control': cache,
  ...(millis === undefined ? {} : { 'x-request-timeout-ms': millis }),
});

function v1(one: Asking): string {
  const pixels = pixelsOf(one);
  const row = (i: number, y: number): number[][] =>
    Array.from(pixels.subarray(i * 784 + y * 28, i * 784 + y * 28 + (one.isWrong ? 27 : 28)), (value) => [value]);
  const picture = (i: number): number[][][] => Array.from({ length: 28 }, (_, y) => row(i, y));
  return JSON.stringify({ instances: Array.from({ length: one.rows }, (_, i) => picture(i)) });
}

function v2(one: Asking): string {
  return JSON.stringify({
    inputs: [{ name: 'x', datatype: 'FP32', shape: shapeOf(one), data: Array.from(pixelsOf(one)) }],
  });
}

function grpc(one: Asking): Buffer {
  const input = { name: 'x', datatype: 'FP32', shape: shapeOf(one), parameters: new Map(), contents: undefined };
  const raw = new Uint8Array(Float32Array.from(pixelsOf(one)).buffer);
  return frame(encoded(ModelInferRequest, { model_name: 'digits', inputs: [input], raw_input_contents: [raw] }));
}

const closed = (one: EventEmitter): Promise<unknown> => new Promise((resolve) => one.once('close', resolve));

/** Gives the status that came, or undefined where the caller has left before. */
async function ask(server: RunningServer, client: ClientHttp2Session, one: Asking): Promise<number | undefined> {
  let status: number | undefined;
  const [leave, over] = one.protocol === 'grpc' ? overGrpc() : overHttp();
  let isOver = false;
  void over.then(() => {
    isOver = true;
  });
  for (let left = one.patience; !isOver; left--) {
    if (left <= 0) leave();
    await turn();
  }
  return status;

  function overHttp(): [() => void, Promise<unknown>] {
    const path = one.protocol === 'v1' ? '/v1/models/digits:predict' : '/v2/models/digits/infer';
    const asked = request(server.http + path, { method: 'POST', headers: headersOf(one), agent: false });
    asked
      .on('error', () => {})
      .on('response', (answer) => {
        status = answer.statusCode;
        answer.resume();
      });
    asked.end(one.protocol === 'v1' ? v1(one) : v2(one));
    return [() => asked.destroy(), closed(asked)];
  }

  function overGrpc(): [() => void, Promise<unknown>] {
    const stream = client.request({
      ':method': 'POST',
      ':path': `/${INFERENCE}/ModelInfer`,
      'content-type': 'application/grpc',
      ...headersOf(one),
    });
    const take = (headers: object): void => {
      status = Number((headers as Record<string, string>)['grpc-status'] ?? status ?? 0);
    };
    stream
      .on('error', () => {})
      .on('response', take)
      .on('trailers', take);
    stream.resume().end(grpc(one));
    return [() => stream.close(constants.NGHTTP2_CANCEL), closed(stream)];
  }
}

type Samples = readonly { readonly name: string; readonly labels: string; readonly value: number }[];

async function metrics({ http }: RunningServer): Promise<Samples> {
  const text = await (await fetch(`${http}/metrics`)).text();
  return [...text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)].map(([, name = '', labels = '', value]) => ({
    name,
    labels,
    value: Number(value),
  }));
}

function sum(samples: Samples, wanted: string, labels = /(?:)/): number {
  return samples
    .filter((one) => one.name === wanted && labels.test(one.labels))
    .reduce((all, one) => all + one.value, 0);
}

it('whoever asks and leaves, over whatever protocol: all is settled and the counts add up', async () => {
  ({ images } = await holdout(50));
  const server = await suite.start({ models: suite.models.root, httpPort: 0, grpcPort: 0, verifyEvery: 5 });
  const client = connect(`http://${server.grpc}`).on('error', () => {});
  const seen: (number | undefined)[] = [];
  await fc.assert(
    fc.asyncProperty(fc.array(asking, { minLength: 20, maxLength: 40 }), async (all) => {
      seen.push(...(await Promise.all(all.map((one) => ask(server, client, one)))));
    }),
    { numRuns: 12 },
  );
  client.close();
  await vi.waitFor(async () => {
    const now = await metrics(server);
    expect([sum(now, 'floe_http_in_flight'), sum(now, 'floe_grpc_in_flight')]).toEqual([1, 0]);
    expect(sum(now, 'floe_tasks_accepted_total')).toBe(sum(now, 'floe_tasks_total', /outcome="(?!refused)/));
  });
  const queue = (await (await fetch(`${server.admin}/admin/queue`)).json()) as object;
  expect(queue).toMatchObject({ waiting: 0, running: 0, queuedSeconds: 0 });
  const counted = await metrics(server);
  const answers = (code: RegExp): number =>
    sum(counted, 'floe_http_requests_total', code) + sum(counted, 'floe_grpc_requests_total', code);
  const saw = (...statuses: number[]): number =>
    seen.filter((one) => one !== undefined && statuses.includes(one)).length;
  // What a caller has seen was counted so; one that left may have been answered all the same.
  expect(answers(/model="digits",code="(200|OK)"/)).toBeGreaterThanOrEqual(saw(200, 0));
  expect(answers(/code="(400|INVALID_ARGUMENT)"/)).toBeGreaterThanOrEqual(saw(400, 3));
  expect(answers(/code="(504|DEADLINE_EXCEEDED)"/)).toBeGreaterThanOrEqual(saw(504, 4));
  expect(answers(/code="(499|CANCELLED)"/)).toBeGreaterThan(0);
  expect(answers(/code="(5\d\d|INTERNAL)"/) - answers(/code="504"/)).toBe(0);
  expect(answers(/protocol="(tfs|v2)"|ModelInfer/)).toBeLessThanOrEqual(seen.length);
  expect(saw(200, 0) * saw(400, 3) * saw(504, 4)).toBeGreaterThan(0);
});
