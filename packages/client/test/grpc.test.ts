/** The client over gRPC, against a server, and its messages against the server's own tables. */
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, startServer } from '../../server/src/cli/server.ts';
import { ModelInferRequest, ModelInferResponse } from '../../server/src/codec/proto/inference.ts';
import { parse } from '../../server/src/codec/proto/parse.ts';
import { resolveConfig } from '../../server/src/core/config.ts';
import { digitsFolder, holdout, type ModelsFolder } from '../../server/test/support/digits.ts';
import { FloeGrpc } from '../src/grpc.ts';
import { FloeClientError, type Tensor, tensor, toNested } from '../src/index.ts';
import { decodeAnswer, encodeQuestion } from '../src/infer-message.ts';

let folder: ModelsFolder;
let server: RunningServer;
let floe: FloeGrpc;
let x: Tensor;
let label: number;
beforeAll(async () => {
  folder = await digitsFolder();
  server = await start(0);
  floe = new FloeGrpc(`http://${server.grpc}`);
  const { images, labels } = await holdout(1);
  x = tensor(images.data as Float32Array, [1, 28, 28, 1]);
  label = labels[0] as number;
});
afterAll(async () => {
  floe.close();
  await server.close();
  await folder.remove();
});

function start(grpcPort: number): Promise<RunningServer> {
  const flags = {
    models: folder.root,
    httpPort: 0,
    adminPort: 0,
    pollSeconds: 3600,
    cacheDir: join(folder.root, '.cache'),
  };
  return startServer(resolveConfig({ ...flags, grpcPort }, {}, {}), pino({ level: 'silent' }));
}

describe('a client over gRPC', () => {
  it('infers with tensors', async () => {
    const answer = await floe.infer('digits', { x }, { outputs: ['probs', 'klass'], requestId: 'one', priority: 2 });
    expect(answer).toMatchObject({ requestId: 'one', version: '1', cache: expect.stringMatching(/^(miss|hit)/) });
    expect(answer.outputs['probs']).toMatchObject({ dtype: 'FP32', shape: [1, 10] });
    expect(toNested(answer.outputs['klass'] as Tensor)).toEqual([BigInt(label)]);
    const { cache, outputs } = await floe.infer('digits', { x }, { version: 1, cache: 'bypass' });
    expect([cache, Object.keys(outputs).sort()]).toEqual([expect.stringMatching(/^bypass/), ['klass', 'probs']]);
  });

  it('asks many at once, and larger than a window', async () => {
    const many = tensor(new Float32Array(784 * 200), [200, 28, 28, 1]);
    const answers = await Promise.all(Array.from({ length: 8 }, () => floe.infer('digits', { x: many })));
    expect(answers.map(({ outputs }) => outputs['probs']?.shape)).toEqual(Array(8).fill([200, 10]));
  });

  it('asks about readiness', async () => {
    expect([await floe.ready(), await floe.ready('digits'), await floe.ready('unknown')]).toEqual([true, true, false]);
    expect(await new FloeGrpc('http://127.0.0.1:9').ready()).toBe(false);
  });

  it.each([
    ['an unknown model', () => floe.infer('unknown', { x }), 'NOT_FOUND', /unknown model: 'unknown'/],
    ['an unknown version', () => floe.infer('digits', { x }, { version: 7 }), 'NOT_FOUND', /version 7/],
    ['a wrong shape', () => floe.infer('digits', { x: tensor(new Float32Array(4), [2, 2]) }), 'INVALID_ARGUMENT', /x/],
    ['its time', () => floe.infer('digits', { x }, { timeoutMs: 0 }), 'DEADLINE_EXCEEDED', /in time/],
    ['being cancelled', () => floe.infer('digits', { x }, { signal: AbortSignal.abort() }), 'CANCELLED', /cancelled/],
    ['nobody there', () => new FloeGrpc('http://127.0.0.1:9', { retries: 0 }).infer('m', {}), 'UNAVAILABLE', /:9/],
  ])('says what is wrong with %s', async (_, ask, code, message) => {
    const error = await ask().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FloeClientError);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
  });

  it('finds the server again that was started anew', async () => {
    const first = await start(0);
    const again = new FloeGrpc(`http://${first.grpc}`);
    await again.infer('digits', { x });
    await first.close();
    const second = await start(Number(first.grpc?.split(':').at(-1)));
    expect(await again.infer('digits', { x })).toMatchObject({ version: '1' });
    again.close();
    await second.close();
  });
});

/** A server that answers what it is given. */
async function answering(heads: readonly Record<string, string>[], body = Buffer.alloc(0)) {
  const asked: Record<string, unknown>[] = [];
  const own = createServer();
  own.on('stream', (stream, headers) => {
    asked.push(headers);
    stream.on('error', () => {});
    stream.resume().on('end', () => {
      stream.respond(
        { ':status': 200, ...heads[Math.min(asked.length, heads.length) - 1] },
        { endStream: body.length === 0 },
      );
      if (body.length > 0) stream.end(body);
    });
  });
  await new Promise<void>((resolve) => own.listen(0, '127.0.0.1', resolve));
  const client = new FloeGrpc(`http://127.0.0.1:${(own.address() as AddressInfo).port}`, { key: 'k' });
  const close = async (): Promise<void> => {
    client.close();
    await new Promise((resolve) => own.close(resolve));
  };
  return { asked, client, close };
}

describe('what a server says', () => {
  it('is asked again where it is refused for its load, as long as there is time', async () => {
    const busy = { 'grpc-status': '8', 'grpc-message': 'queue%20is%20full', 'grpc-retry-pushback-ms': '1' };
    const { asked, client, close } = await answering([busy, busy, { 'grpc-status': '5', 'grpc-message': 'none' }]);
    await expect(client.infer('m', {})).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'none' });
    expect(asked).toHaveLength(3);
    expect(asked[0]).toMatchObject({ authorization: 'Bearer k', 'grpc-timeout': '30000m' });
    await close();
  });

  it.each([
    ['too large, without a word on when to come again', { 'grpc-status': '8' }, 'RESOURCE_EXHAUSTED'],
    ['of a code that there is no word for', { 'grpc-status': '15', 'grpc-message': '%' }, 'INTERNAL'],
    ['OK, without a message', { 'grpc-status': '0' }, 'INTERNAL'],
  ])('is an error where it is %s', async (_, head, code) => {
    const { asked, client, close } = await answering([head]);
    await expect(client.infer('m', {})).rejects.toMatchObject({ code });
    expect(asked).toHaveLength(1);
    await close();
  });
});

describe('its messages', () => {
  const tensors = fc.constantFrom<Tensor>(
    tensor(Float32Array.of(1, 2), [2, 1]),
    tensor(['größe', ''], [2]),
    tensor(BigInt64Array.of(-5n), []),
    tensor(new Uint8Array(300), [300], 'BOOL'),
  );

  it('are the questions that the server reads', () => {
    const parameter = fc.oneof(fc.string(), fc.boolean(), fc.nat(), fc.double({ noNaN: true, noInteger: true }));
    const parameters = fc.dictionary(fc.stringMatching(/^[a-z]+$/), parameter, { maxKeys: 3 });
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]+$/), tensors), parameters, (inputs, given) => {
        const bytes = encodeQuestion({ model: 'm', version: '3', inputs, outputs: ['y'], parameters: given });
        const read = parse(ModelInferRequest, bytes);
        expect(read).toMatchObject({ model_name: 'm', model_version: '3', outputs: [{ name: 'y' }] });
        expect(read.inputs.map(({ name, datatype, shape }) => [name, datatype, shape])).toEqual(
          Object.entries(inputs).map(([name, { dtype, shape }]) => [name, dtype, shape]),
        );
        expect(read.raw_input_contents).toHaveLength(read.inputs.length);
        const values = [...read.parameters].map(([name, one]) => [
          name,
          ...Object.values(one).filter((v) => v !== undefined),
        ]);
        expect(values).toEqual(
          Object.entries(given).map(([name, value]) => [
            name,
            typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value,
          ]),
        );
      }),
    );
  });

  it('are the answers that it writes, and what is damaged is an error of ours', () => {
    const described = { name: 'y', datatype: 'FP32', shape: [2, 1], parameters: new Map(), contents: undefined };
    const written = ModelInferResponse.encode({
      model_name: 'm',
      model_version: '3',
      id: 'a',
      parameters: new Map(),
      outputs: [described],
      raw_output_contents: [new Uint8Array(Float32Array.of(1, 2).buffer)],
    });
    const { outputs, ...rest } = decodeAnswer(written);
    expect([rest, outputs['y']]).toEqual([
      { model: 'm', version: '3', id: 'a' },
      tensor(Float32Array.of(1, 2), [2, 1]),
    ]);
    const hits = fc.array(fc.tuple(fc.nat(written.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 4 });
    fc.assert(
      fc.property(hits, fc.nat(written.length), (changes, length) => {
        const bytes = Uint8Array.from(written);
        for (const [at, value] of changes) bytes[at] = value;
        try {
          decodeAnswer(bytes.subarray(0, length));
        } catch (error) {
          expect(error).toBeInstanceOf(FloeClientError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
