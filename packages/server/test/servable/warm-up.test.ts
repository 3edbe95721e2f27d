/** Warm-up requests that lie beside a model, as TensorFlow Serving's users record them. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { record } from '@floe/graph';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type RunningServer, startServer } from '../../src/cli/server.ts';
import { PredictionLog } from '../../src/codec/proto/prediction-log.ts';
import { tensorToProto } from '../../src/codec/tfs-grpc/tensor-proto.ts';
import { resolveConfig } from '../../src/core/config.ts';
import { digitsFolder, holdout, type ModelsFolder } from '../support/digits.ts';

let folder: ModelsFolder;
let server: RunningServer | undefined;
const loaded: Record<string, unknown>[] = [];
beforeEach(async () => {
  folder = await digitsFolder();
  loaded.length = 0;
});
afterEach(async () => {
  await server?.close();
  await folder.remove();
});

async function requestOf(input: string): Promise<Uint8Array> {
  const { images } = await holdout(2);
  const model_spec = { name: 'digits', version: undefined, version_label: '', signature_name: '' };
  const request = {
    model_spec: model_spec as never,
    inputs: new Map([[input, tensorToProto(images)]]),
    output_filter: [],
  };
  const nothing = { classify_log: undefined, regress_log: undefined, multi_inference_log: undefined };
  return Buffer.concat(record(PredictionLog.encode({ ...nothing, predict_log: { request } })));
}

async function serve(requests: readonly Uint8Array[]): Promise<unknown> {
  await mkdir(join(folder.root, 'digits/1/assets.extra'));
  await writeFile(join(folder.root, 'digits/1/assets.extra/tf_serving_warmup_requests'), Buffer.concat(requests));
  const log = pino({ level: 'info' }, { write: (line: string) => void loaded.push(JSON.parse(line)) });
  const options = {
    models: folder.root,
    httpPort: 0,
    adminPort: 0,
    grpcPort: 'off',
    pollSeconds: 3600,
    cacheDir: join(folder.root, '.cache'),
  };
  server = await startServer(resolveConfig(options, {}, {}), log);
  return (await fetch(`${server.http}/v1/models/digits`)).json();
}

it('are answered before the version serves', async () => {
  const states = await serve([await requestOf('x'), await requestOf('x')]);
  expect(states).toMatchObject({ model_version_status: [{ state: 'AVAILABLE' }] });
  expect(loaded.find(({ msg }) => msg === 'loaded')).toMatchObject({ warmUpRequests: 2 });
});

it.each([
  ['that the model does not take', () => requestOf('other'), /warm-up request 0 of .*input tensor alias not found/],
  [
    'of no known kind',
    async () => Buffer.concat(record(new Uint8Array(0))),
    /warm-up request 0 .*kind that is not known/,
  ],
  ['that are no records', async () => new Uint8Array([1, 2, 3]), /no TFRecord file, or damaged: at byte 0/],
])('%s keep the version from serving, with the reason in its status', async (_what, bytes, reason) => {
  const states = await serve([await bytes()]);
  expect(states).toMatchObject({
    model_version_status: [{ state: 'END', status: { error_message: expect.stringMatching(reason) } }],
  });
});
