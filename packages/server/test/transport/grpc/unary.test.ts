import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { FloeError } from '@floe/graph';
import { afterEach, describe, expect, it, test, vi } from 'vitest';
import {
  ModelInferRequest,
  ModelInferResponse,
  ModelReadyRequest,
  ModelReadyResponse,
  ModelStatisticsRequest,
  ModelStatisticsResponse,
  RepositoryIndexResponse,
  RepositoryModelLoadRequest,
  ServerMetadataResponse,
  ServerReadyResponse,
} from '../../../src/codec/proto/inference.ts';
import { OrcaLoadReport } from '../../../src/codec/proto/orca.ts';
import { PredictRequest, PredictResponse } from '../../../src/codec/proto/tensorflow-serving.ts';
import { tensorToProto } from '../../../src/codec/tfs-grpc/tensor-proto.ts';
import { HeldBytes } from '../../../src/transport/held-bytes.ts';
import { floats } from '../../codec/fixture.ts';
import { call, encoded, frame, INFERENCE, PREDICTION, send, startGrpc } from './fixture.ts';

const NOTHING = new Uint8Array(0);
const raw = (values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

function inferRequest(more: Record<string, unknown> = {}, values = [1, 2]): Uint8Array {
  const shape = [values.length / 2, 2];
  const input = { name: 'x', datatype: 'FP32', shape, parameters: new Map(), contents: undefined };
  return encoded(ModelInferRequest, {
    model_name: 'adder',
    inputs: [input],
    raw_input_contents: [raw(values)],
    ...more,
  });
}

const INFER = inferRequest();
const PREDICT = encoded(PredictRequest, {
  model_spec: { name: 'adder', version: undefined, version_label: undefined, signature_name: '' },
  inputs: new Map([['x', tensorToProto(floats([1, 2], 1, 2))]]),
});

const added = (reply: Uint8Array): number[] => {
  const [bytes = NOTHING] = ModelInferResponse.decode(reply, 'x').raw_output_contents;
  return [...new Float32Array(new Uint8Array(bytes).buffer)];
};

describe('a call', () => {
  it('of ModelInfer is answered', async () => {
    await using server = await startGrpc();
    const { status, reply, headers } = await call(server.client, `${INFERENCE}/ModelInfer`, INFER);
    expect([status, added(reply)]).toEqual([0, [2, 3]]);
    expect(headers).toMatchObject({
      'content-type': 'application/grpc',
      'x-cache': 'miss; new',
      'x-model-version': '2',
    });
  });

  it('of Predict is answered', async () => {
    await using server = await startGrpc();
    const { status, reply } = await call(server.client, `${PREDICTION}/Predict`, PREDICT);
    expect(status).toBe(0);
    expect(PredictResponse.decode(reply, 'x').outputs.get('y')?.float_val).toEqual(Float32Array.of(2, 3));
  });

  it('is told the load of the server in its trailers, if it asks', async () => {
    await using server = await startGrpc();
    const asking = { 'endpoint-load-metrics-format': 'text' };
    for (const [path, message] of [
      [`${INFERENCE}/ModelInfer`, INFER],
      [`${INFERENCE}/ModelStreamInfer`, INFER],
      [`${PREDICTION}/Predict`, PREDICT],
    ] as const) {
      const { status, trailers } = await call(server.client, path, message, asking);
      const report = Buffer.from(String(trailers['endpoint-load-metrics-bin']), 'base64');
      expect([status, OrcaLoadReport.decode(report, 'x').named_metrics]).toEqual([
        0,
        new Map([
          ['queue_seconds', 0.25],
          ['running', 1],
          ['waiting', 3],
        ]),
      ]);
      expect((await call(server.client, path, message)).trailers).not.toHaveProperty('endpoint-load-metrics-bin');
    }
    const refused = await call(server.client, `${INFERENCE}/ModelInfer`, inferRequest({ model_name: 'none' }), asking);
    expect([refused.status, refused.headers['endpoint-load-metrics-bin']]).toEqual([5, undefined]);
  });

  it('whose message is larger than a window comes whole', async () => {
    await using server = await startGrpc({ messageLimit: 1 << 24 });
    const values = Array.from({ length: 1_000_000 }, (_, i) => i % 1000);
    const { status, reply } = await call(server.client, `${INFERENCE}/ModelInfer`, inferRequest({}, values));
    expect([status, added(reply)]).toEqual([0, values.map((value) => value + 1)]);
  });

  it('among others of all sizes on its connection comes as it was sent', async () => {
    await using server = await startGrpc({ messageLimit: 1 << 24 }, { held: new HeldBytes(1 << 28) });
    // From less than what is read at a time to many times that.
    const calls = Array.from({ length: 60 }, async (_, at) => {
      const values = Array.from({ length: 2 * Math.floor(4 + 1.19 ** at) }, (_, i) => (i + at) % 1000);
      const { status, reply } = await call(server.client, `${INFERENCE}/ModelInfer`, inferRequest({}, values));
      expect([status, added(reply)]).toEqual([0, values.map((value) => value + 1)]);
    });
    await Promise.all(calls);
  });

  it('sets its terms by metadata, as over HTTP', async () => {
    await using server = await startGrpc();
    const headers = {
      'grpc-timeout': '1500m',
      'x-request-id': 'mine',
      'cache-control': 'no-store',
      'x-cache-scope': 'version',
      'x-sticky-key': 'me',
    };
    const reply = await call(server.client, `${INFERENCE}/ModelInfer`, INFER, headers);
    expect(reply.headers['x-request-id']).toBe('mine');
    const [terms] = server.terms;
    expect(terms).toMatchObject({ requestId: 'mine', cache: 'bypass', scope: 'version', sticky: 'me' });
    expect((terms?.deadline ?? 0) - (terms?.arrived ?? 0)).toBeCloseTo(1500);
  });

  it('is counted, and explained to whoever asks', async () => {
    await using server = await startGrpc();
    await call(server.client, `${INFERENCE}/ModelInfer`, INFER, { 'x-request-id': 'one' });
    await call(server.client, `${INFERENCE}/ModelInfer`, inferRequest({ model_name: 'made-up' }));
    await call(server.client, 'made.Up/Method', INFER);
    const counted = [...server.metrics.answers.values()].map(({ kind, model, code, count }) => [
      kind,
      model,
      code,
      count,
    ]);
    expect(counted).toEqual([
      [`${INFERENCE}/ModelInfer`, 'adder', 'OK', 1],
      [`${INFERENCE}/ModelInfer`, 'unknown', 'NOT_FOUND', 1],
      ['unknown', '', 'UNIMPLEMENTED', 1],
    ]);
    expect([server.metrics.inFlight, server.metrics.inferences]).toEqual([0, 1]);
    expect(server.recent.find('one')).toMatchObject({
      model: 'adder',
      status: 200,
      notes: { cache: { state: 'miss' } },
    });
  });

  test.each([
    ['gzip', gzipSync, gunzipSync],
    ['deflate', deflateSync, inflateSync],
  ])('that is packed by %s is answered in the same form', async (encoding, packed, unpacked) => {
    await using server = await startGrpc();
    const values = Array.from({ length: 2000 }, () => 1);
    const headers = { 'grpc-encoding': encoding, 'grpc-accept-encoding': 'identity,deflate,gzip' };
    const body = frame(packed(inferRequest({}, values)), 1);
    const { status, bytes, headers: head } = await send(server.client, `${INFERENCE}/ModelInfer`, body, headers);
    expect([status, bytes[0], head['grpc-encoding']]).toEqual([0, 1, encoding]);
    expect(added(unpacked(bytes.subarray(5)))).toEqual(values.map(() => 2));
    const small = await send(server.client, `${INFERENCE}/ModelInfer`, frame(packed(INFER), 1), headers);
    expect([small.status, small.bytes[0]]).toEqual([0, 0]);
  });
});

describe('a bad call', () => {
  const INFER_PATH = `${INFERENCE}/ModelInfer`;
  const cases: [string, string, Uint8Array, Record<string, string>, number, RegExp][] = [
    ['to no method', 'a.B/C', INFER, {}, 12, /^unknown method \/a\.B\/C$/],
    ['without a message', INFER_PATH, NOTHING, {}, 13, /^No payload/],
    [
      'with two messages',
      INFER_PATH,
      Buffer.concat([frame(INFER), frame(INFER)]),
      {},
      12,
      /takes one message, and several came$/,
    ],
    [
      'that ends within a message',
      INFER_PATH,
      frame(INFER).subarray(0, 20),
      {},
      13,
      /^the stream ended within a message$/,
    ],
    ['that ends within a head', INFER_PATH, Uint8Array.of(0, 0), {}, 13, /^the stream ended within a message$/],
    ['of an unknown flag', INFER_PATH, frame(INFER, 2), {}, 13, /^a message begins with flag 2/],
    [
      'that is larger than the limit',
      INFER_PATH,
      frame(new Uint8Array(2 << 20)),
      {},
      8,
      /^Received message larger than max \(2097152 vs\. 1048576\)$/,
    ],
    [
      'that claims to be huge',
      INFER_PATH,
      Uint8Array.of(0, 255, 255, 255, 255, 1),
      {},
      8,
      /^Received message larger than max \(4294967295/,
    ],
    [
      'that is no message',
      INFER_PATH,
      frame(Uint8Array.of(0x0a, 0x05, 1)),
      {},
      13,
      /^Failed to parse inference\.ModelInferRequest\.model_name: .*cut off/,
    ],
    [
      'of an unknown packing',
      INFER_PATH,
      frame(INFER),
      { 'grpc-encoding': 'br' },
      12,
      /^grpc-encoding br is not supported; identity,deflate,gzip are$/,
    ],
    [
      'that is packed without saying how',
      INFER_PATH,
      frame(gzipSync(INFER), 1),
      {},
      13,
      /^a message is marked as compressed/,
    ],
    [
      'that is not packed as it says',
      INFER_PATH,
      frame(INFER, 1),
      { 'grpc-encoding': 'gzip' },
      3,
      /^the message is not valid gzip$/,
    ],
    [
      'that unpacks to more than the limit',
      INFER_PATH,
      frame(gzipSync(new Uint8Array(4 << 20)), 1),
      { 'grpc-encoding': 'gzip' },
      8,
      /larger than the limit of 1048576 bytes, unpacked$/,
    ],
    ['of a malformed timeout', INFER_PATH, frame(INFER), { 'grpc-timeout': '1h' }, 13, /^malformed grpc-timeout: 1h$/],
    ['whose time is over', INFER_PATH, frame(INFER), { 'grpc-timeout': '0n' }, 4, /^the deadline had passed/],
    ['of a malformed header', INFER_PATH, frame(INFER), { 'x-cache-scope': 'all' }, 3, /^X-Cache-Scope is all/],
    [
      'of an unknown model',
      INFER_PATH,
      frame(inferRequest({ model_name: 'ä' })),
      {},
      5,
      /^Request for unknown model: 'ä' is not found$/,
    ],
    [
      'of a version that is none',
      INFER_PATH,
      frame(inferRequest({ model_version: 'a' })),
      {},
      3,
      /^failed to get model version from specified version string 'a'$/,
    ],
    [
      'of shared memory',
      `${INFERENCE}/SystemSharedMemoryRegister`,
      frame(NOTHING),
      {},
      12,
      /^shared memory is not supported$/,
    ],
    ['of Predict without a model', `${PREDICTION}/Predict`, frame(NOTHING), {}, 3, /^Missing ModelSpec$/],
  ];
  test.each(cases)('%s is refused', async (_, path, body, headers, status, message) => {
    await using server = await startGrpc();
    const reply = await send(
      server.client,
      path,
      body.length === 0 || body[0] === 0 || body[0] === 1 || body[0] === 2 ? body : frame(body),
      headers,
    );
    expect([reply.http, reply.status]).toEqual([200, status]);
    expect(reply.message).toMatch(message);
    // The connection goes on.
    expect((await call(server.client, `${INFERENCE}/ModelInfer`, INFER)).status).toBe(0);
  });

  it('of another protocol is told so by HTTP', async () => {
    await using server = await startGrpc();
    const reply = await send(server.client, INFER_PATH, INFER, { 'content-type': 'application/json' });
    expect([reply.http, reply.status]).toEqual([415, -1]);
  });

  it('that fails inside tells nothing of it', async () => {
    await using server = await startGrpc({}, { infer: () => Promise.reject(new Error('secret')) });
    const reply = await call(server.client, INFER_PATH, INFER);
    expect([reply.status, reply.message]).toEqual([13, 'internal error; the server log has it under this request id']);
  });

  it('that is refused for lack of room says when to come again', async () => {
    const full = new FloeError('RESOURCE_EXHAUSTED', 'full', { retryAfterSeconds: 1.5 });
    await using server = await startGrpc({}, { infer: () => Promise.reject(full) });
    const { status, headers } = await call(server.client, INFER_PATH, INFER);
    expect([status, headers['grpc-retry-pushback-ms']]).toEqual([8, '1500']);
  });

  it('without a key where keys are needed is refused, but for health', async () => {
    const refuse = new FloeError('UNAUTHENTICATED', 'an API key is needed');
    const identity = {
      authorize: (): never => {
        throw refuse;
      },
    };
    await using server = await startGrpc({}, { identity });
    expect((await call(server.client, INFER_PATH, INFER)).status).toBe(16);
    expect((await call(server.client, `${INFERENCE}/ServerReady`, NOTHING)).status).toBe(0);
    expect((await call(server.client, 'grpc.health.v1.Health/Check', NOTHING)).status).toBe(0);
  });

  it('is told of its scope and its caller', async () => {
    const asked: unknown[] = [];
    const identity = {
      authorize: (credentials: unknown, scope: string) => {
        asked.push([credentials, scope]);
        return { name: 'me', weight: 1 };
      },
    };
    await using server = await startGrpc({}, { identity });
    await call(server.client, INFER_PATH, INFER, { authorization: 'Bearer a' });
    await call(
      server.client,
      `${INFERENCE}/RepositoryModelLoad`,
      encoded(RepositoryModelLoadRequest, { model_name: 'adder' }),
    );
    const remoteAddress = '127.0.0.1';
    expect(asked).toEqual([
      [{ authorization: 'Bearer a', remoteAddress }, 'infer'],
      [{ authorization: undefined, remoteAddress }, 'manage'],
    ]);
    expect(server.terms[0]?.caller.name).toBe('me');
  });
});

describe('a caller that leaves', () => {
  it('is not worked for', async () => {
    const [began, ended] = [Promise.withResolvers<AbortSignal>(), Promise.withResolvers<void>()];
    await using server = await startGrpc(
      {},
      {
        infer: (_codec, _ref, _request, { signal }) => {
          signal.addEventListener('abort', () => ended.resolve());
          began.resolve(signal);
          return new Promise(() => {});
        },
      },
    );
    const stream = server.client.request({
      ':method': 'POST',
      ':path': `/${INFERENCE}/ModelInfer`,
      'content-type': 'application/grpc',
    });
    stream.on('error', () => {});
    stream.end(frame(INFER));
    await began.promise;
    stream.close(8);
    await ended.promise;
    // What became of it is written down when its stream has ended.
    expect([...server.metrics.answers.values()]).toMatchObject([{ code: 'CANCELLED', count: 1 }]);
  });
});

describe('a message that is announced', () => {
  afterEach(() => void vi.useRealTimers());

  it('and does not come is given up, and the room that was kept for it is free', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const held = new HeldBytes(1 << 20);
    await using server = await startGrpc({ messageLimit: 1 << 20 }, { held });
    const stream = server.client.request({
      ':method': 'POST',
      ':path': `/${INFERENCE}/ModelInfer`,
      'content-type': 'application/grpc',
    });
    const answered = new Promise<Record<string, unknown>>((resolve) =>
      stream.on('response', (head) => resolve({ ...head })),
    );
    const closed = new Promise((resolve) => stream.on('error', () => {}).on('close', resolve));
    stream.resume().write(Uint8Array.of(0, 0, 15, 255, 255, 1, 2, 3));
    while (vi.getTimerCount() === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(() => held.take({ heldBytes: 0 }, 1 << 20)).toThrow('no room');
    vi.advanceTimersByTime(300_000);
    expect((await answered)['grpc-status']).toBe('4');
    await closed;
    const next = { heldBytes: 0 };
    await vi.waitFor(() => held.take(next, 1 << 20));
    expect(next.heldBytes).toBe(1 << 20);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the models', () => {
  it('are told of', async () => {
    await using server = await startGrpc();
    const ask = (method: string, message: Uint8Array = NOTHING) =>
      call(server.client, `${INFERENCE}/${method}`, message);
    const metadata = ServerMetadataResponse.decode((await ask('ServerMetadata')).reply, 'x');
    expect(metadata).toMatchObject({ name: 'floe', version: '0.0.0' });
    const ready = async (name: string) =>
      ModelReadyResponse.decode((await ask('ModelReady', encoded(ModelReadyRequest, { name }))).reply, 'x').ready;
    expect([await ready('adder'), await ready('nothing')]).toEqual([true, false]);
    server.models.isReady = false;
    expect(ServerReadyResponse.decode((await ask('ServerReady')).reply, 'x').ready).toBe(false);
  });

  it('have statistics by version', async () => {
    await using server = await startGrpc();
    for (const version of ['', '1', '', 'none']) {
      await call(server.client, `${INFERENCE}/ModelInfer`, inferRequest({ model_version: version }));
    }
    const ask = async (given: Record<string, unknown>) => {
      const request = encoded(ModelStatisticsRequest, given);
      const { status, reply } = await call(server.client, `${INFERENCE}/ModelStatistics`, request);
      const { model_stats } = ModelStatisticsResponse.decode(reply, 'x');
      return [status, ...model_stats.map((one) => `${one.name} ${one.version}: ${one.inference_count}`)];
    };
    expect(await ask({ name: 'adder' })).toEqual([0, 'adder 1: 1', 'adder 2: 2']);
    expect(await ask({ name: 'adder', version: '1' })).toEqual([0, 'adder 1: 1']);
    expect(await ask({})).toEqual([0, 'adder 1: 1', 'adder 2: 2', 'pictures 1: 0']);
    expect(await ask({ name: 'nothing' })).toEqual([5]);
  });

  it('are unloaded and loaded', async () => {
    await using server = await startGrpc();
    const ask = (method: string, name: string) =>
      call(server.client, `${INFERENCE}/${method}`, encoded(RepositoryModelLoadRequest, { model_name: name }));
    expect((await ask('RepositoryModelUnload', 'adder')).status).toBe(0);
    expect((await ask('RepositoryModelUnload', 'nothing')).message).toBe(
      "Request for unknown model: 'nothing' is not found",
    );
    const index = await call(server.client, `${INFERENCE}/RepositoryIndex`, NOTHING);
    expect(RepositoryIndexResponse.decode(index.reply, 'x').models).toContainEqual({
      name: 'adder',
      version: '',
      state: 'UNAVAILABLE',
      reason: 'unloaded',
    });
    expect((await ask('RepositoryModelLoad', 'adder')).status).toBe(0);
    expect((await ask('RepositoryModelLoad', 'nothing')).status).toBe(5);
  });
});
