import type { ClientHttp2Stream } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { FloeError } from '@floe/graph';
import { describe, expect, it } from 'vitest';
import { FileDescriptorProto } from '../../../src/codec/proto/descriptor.ts';
import { HealthCheckRequest, HealthCheckResponse } from '../../../src/codec/proto/health.ts';
import { ModelInferRequest, ModelStreamInferResponse } from '../../../src/codec/proto/inference.ts';
import { ReflectionRequest, ReflectionResponse } from '../../../src/codec/proto/reflection.ts';
import { call, encoded, type Fixture, frame, INFERENCE, messagesIn, send, startGrpc } from './fixture.ts';

const raw = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
const infer = (id: string, model_name = 'adder'): Buffer =>
  frame(
    encoded(ModelInferRequest, {
      id,
      model_name,
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], parameters: new Map(), contents: undefined }],
      raw_input_contents: [raw(1, 2)],
    }),
  );
const STREAM = `${INFERENCE}/ModelStreamInfer`;

/** A stream whose messages are awaited one by one. */
class Talk {
  readonly stream: ClientHttp2Stream;
  status = -1;
  readonly closed: Promise<void>;
  private bytes = Buffer.alloc(0);
  private wake: () => void = () => {};

  constructor({ client }: Fixture, path: string) {
    this.stream = client.request({ ':method': 'POST', ':path': `/${path}`, 'content-type': 'application/grpc' });
    this.stream.on('data', (chunk: Buffer) => {
      this.bytes = Buffer.concat([this.bytes, chunk]);
      this.wake();
    });
    const take = (headers: object): void => {
      this.status = Number((headers as Record<string, string>)['grpc-status'] ?? this.status);
    };
    this.stream.on('response', take).on('trailers', take);
    this.stream.on('error', () => {});
    this.closed = new Promise((resolve) => this.stream.on('close', resolve));
  }

  async next(): Promise<Buffer> {
    while (this.bytes.length < 5 || this.bytes.length < 5 + this.bytes.readUInt32BE(1)) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    const end = 5 + this.bytes.readUInt32BE(1);
    const message = this.bytes.subarray(5, end);
    this.bytes = this.bytes.subarray(end);
    return message;
  }
}

const streamed = (message: Uint8Array) => ModelStreamInferResponse.decode(message, 'x');

describe('a stream of inferences', () => {
  it('is answered in order; an error is an answer of its own', async () => {
    await using server = await startGrpc();
    const body = Buffer.concat([infer('a'), infer('b', 'nothing'), infer('c')]);
    const { status, bytes } = await send(server.client, STREAM, body);
    const answers = messagesIn(bytes).map(streamed);
    expect(status).toBe(0);
    expect(answers.map(({ error_message, infer_response }) => [infer_response?.id, error_message])).toEqual([
      ['a', ''],
      ['b', "Request for unknown model: 'nothing' is not found"],
      ['c', ''],
    ]);
    expect(answers[0]?.infer_response?.parameters.get('triton_final_response')?.bool_param).toBe(true);
  });

  it('is answered while it goes on', async () => {
    await using server = await startGrpc();
    const talk = new Talk(server, STREAM);
    for (const id of ['1', '2', '3']) {
      talk.stream.write(infer(id));
      expect(streamed(await talk.next()).infer_response?.id).toBe(id);
    }
    talk.stream.end();
    await talk.closed;
    expect(talk.status).toBe(0);
  });

  it('has each of its inferences come when it came, and remembered by itself', async () => {
    await using server = await startGrpc();
    const talk = new Talk(server, STREAM);
    for (const id of ['1', '2']) {
      talk.stream.write(infer(id));
      await talk.next();
    }
    talk.stream.write(infer('3', 'nothing'));
    await talk.next();
    const [first, second] = server.terms;
    expect(second?.arrived).toBeGreaterThan(first?.arrived ?? Number.POSITIVE_INFINITY);
    expect(server.recent.latest().map(({ model, status }) => [model, status])).toEqual([
      ['nothing', 404],
      ['adder', 200],
      ['adder', 200],
    ]);
    expect(server.recent.totals.of('adder', 2).success.count).toBe(2);
    talk.stream.end();
    await talk.closed;
  });

  it('takes more than it works on at a time', async () => {
    await using server = await startGrpc();
    const ids = Array.from({ length: 300 }, (_, i) => String(i));
    const { bytes } = await send(server.client, STREAM, Buffer.concat(ids.map((id) => infer(id))));
    expect(messagesIn(bytes).map((message) => streamed(message).infer_response?.id)).toEqual(ids);
  });

  it('takes no more bytes than it works on at a time, packed or not', async () => {
    const [go, full] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let begun = 0;
    await using server = await startGrpc(
      { messageLimit: 1 << 21 },
      {
        infer: async () => {
          begun += 1;
          if (begun === 4) full.resolve();
          await go.promise;
          throw new FloeError('UNAVAILABLE', 'too late');
        },
      },
    );
    const message = encoded(ModelInferRequest, { model_name: 'adder', raw_input_contents: [new Uint8Array(1 << 20)] });
    const packed = gzipSync(message);
    const body = Buffer.concat(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? frame(message) : frame(packed, 1))));
    const answer = send(server.client, STREAM, body, { 'grpc-encoding': 'gzip' });
    await full.promise;
    // Whatever has come by now was looked at.
    await call(server.client, `${INFERENCE}/ServerLive`, new Uint8Array(0));
    expect(begun).toBe(4);
    go.resolve();
    expect(messagesIn((await answer).bytes)).toHaveLength(20);
    expect(begun).toBe(20);
  });

  it('ends with what is no request at all', async () => {
    await using server = await startGrpc();
    const { status, message } = await send(server.client, STREAM, frame(Uint8Array.of(0x0a, 9)));
    expect([status, message]).toEqual([13, expect.stringMatching(/^Failed to parse inference\.ModelInferRequest/)]);
  });

  it('that stops within a message ends with an error', async () => {
    await using server = await startGrpc();
    const body = Buffer.concat([infer('a'), infer('b').subarray(0, 10)]);
    const { status, message } = await send(server.client, STREAM, body);
    expect([status, message]).toEqual([13, 'the stream ended within a message']);
  });

  it('ends when the server does, once all that came is answered', async () => {
    const server = await startGrpc();
    const talk = new Talk(server, STREAM);
    talk.stream.write(infer('a'));
    await talk.next();
    await server.server.close();
    await talk.closed;
    expect(talk.status).toBe(14);
    server.client.destroy();
  });
});

describe('health', () => {
  const status = (message: Uint8Array): number => HealthCheckResponse.decode(message, 'x').status;
  const check = async ({ client }: Fixture, service: string) => {
    const reply = await send(client, 'grpc.health.v1.Health/Check', frame(encoded(HealthCheckRequest, { service })));
    return [reply.status, ...messagesIn(reply.bytes).map(status)];
  };

  it('is that of the models, for the server and each service', async () => {
    await using server = await startGrpc();
    for (const service of ['', INFERENCE]) expect(await check(server, service)).toEqual([0, 1]);
    expect(await check(server, 'nothing')).toEqual([5]);
    server.models.isReady = false;
    expect(await check(server, '')).toEqual([0, 2]);
  });

  it('is watched', async () => {
    const server = await startGrpc();
    const talk = new Talk(server, 'grpc.health.v1.Health/Watch');
    talk.stream.end(frame(encoded(HealthCheckRequest)));
    expect(status(await talk.next())).toBe(1);
    server.models.isReady = false;
    server.change();
    server.change();
    expect(status(await talk.next())).toBe(2);
    server.models.isReady = true;
    server.change();
    expect(status(await talk.next())).toBe(1);
    const closing = server.server.close();
    expect(status(await talk.next())).toBe(2);
    await talk.closed;
    expect(talk.status).toBe(14);
    await closing;
    server.client.destroy();
  });

  it('of a service that there is not is watched, too', async () => {
    await using server = await startGrpc();
    const talk = new Talk(server, 'grpc.health.v1.Health/Watch');
    talk.stream.end(frame(encoded(HealthCheckRequest, { service: 'nothing' })));
    expect(status(await talk.next())).toBe(3);
    talk.stream.close(8);
    await talk.closed;
  });
});

describe('reflection', () => {
  const ask = async ({ client }: Fixture, request: Record<string, unknown>, version = 'v1') => {
    const body = frame(encoded(ReflectionRequest, request));
    const { bytes } = await send(client, `grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`, body);
    return ReflectionResponse.decode(messagesIn(bytes)[0] ?? new Uint8Array(0), 'x');
  };

  it('lists services, and files by symbol with what they need', async () => {
    await using server = await startGrpc();
    const { list_services_response: list } = await ask(server, { list_services: '*' });
    expect(list?.service.map(({ name }) => name)).toEqual([
      'tensorflow.serving.PredictionService',
      'tensorflow.serving.ModelService',
      'inference.GRPCInferenceService',
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
    ]);
    const { file_descriptor_response: files } = await ask(
      server,
      { file_containing_symbol: 'tensorflow.serving.PredictionService.Predict' },
      'v1alpha',
    );
    const names = files?.file_descriptor_proto.map((bytes) => FileDescriptorProto.decode(bytes, 'x').name);
    expect(names).toEqual([
      'tensorflow.serving.proto',
      'google.protobuf.proto',
      'tensorflow.proto',
      'tensorflow.error.proto',
    ]);
    const none = await ask(server, { file_containing_symbol: 'a.B' });
    expect(none.error_response).toEqual({ error_code: 5, error_message: 'not found: a.B' });
  });
});
