/** Frames that are nearly gRPC's, over a real connection: each gets a status, none disturbs the next, and none goes on. */
import { constants } from 'node:http2';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { ModelInferRequest } from '../../../src/codec/proto/inference.ts';
import { call, encoded, frame, INFERENCE, PREDICTION, send, startGrpc } from './fixture.ts';

const INFER = encoded(ModelInferRequest, {
  model_name: 'adder',
  inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], parameters: new Map(), contents: undefined }],
  raw_input_contents: [new Uint8Array(Float32Array.of(1, 2).buffer)],
});
const METHODS = [
  `${INFERENCE}/ModelInfer`,
  `${INFERENCE}/ModelStreamInfer`,
  `${INFERENCE}/RepositoryIndex`,
  `${PREDICTION}/Predict`,
  'grpc.health.v1.Health/Check',
  'grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
];

/** Flags and lengths that lie, messages cut off or too long, several behind each other, and none. */
const body = fc
  .array(
    fc.record({
      message: fc.oneof(fc.constant(INFER), fc.uint8Array({ maxLength: 40 })),
      flag: fc.constantFrom(0, 0, 1, 7, 255),
      lie: fc.constantFrom(0, 0, 1, -1, 2 ** 31),
      cut: fc.nat({ max: 3 }),
    }),
    { maxLength: 3 },
  )
  .map((frames) =>
    Buffer.concat(
      frames.map(({ message, flag, lie, cut }) => {
        const bytes = frame(message, flag);
        bytes.writeUInt32BE(Math.max(0, message.length + lie), 1);
        return bytes.subarray(0, bytes.length - cut);
      }),
    ),
  );

test('whatever is sent gets a status of gRPC, and the connection goes on', async () => {
  await using server = await startGrpc();
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...METHODS), body, async (method, bytes) => {
      const { http, status } = await send(server.client, method, bytes);
      expect(http).toBe(200);
      expect(status).toBeGreaterThanOrEqual(0);
      expect(status).toBeLessThanOrEqual(16);
      expect(server.client.destroyed).toBe(false);
    }),
    { numRuns: 400 },
  );
  expect((await call(server.client, METHODS[0] as string, INFER)).status).toBe(0);
  await vi.waitFor(() => expect(server.metrics.inFlight).toBe(0));
});

test('who goes in the middle of a message leaves nothing behind', async () => {
  await using server = await startGrpc();
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...METHODS), body, async (method, bytes) => {
      const stream = server.client.request({
        ':method': 'POST',
        ':path': `/${method}`,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      stream.on('error', () => {});
      const gone = new Promise((resolve) => stream.on('close', resolve));
      stream.write(bytes, () => stream.close(constants.NGHTTP2_CANCEL));
      await gone;
    }),
    { numRuns: 200 },
  );
  expect((await call(server.client, METHODS[0] as string, INFER)).status).toBe(0);
  await vi.waitFor(() => expect(server.metrics.inFlight).toBe(0));
});
