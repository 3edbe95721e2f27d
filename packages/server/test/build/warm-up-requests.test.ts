/** Warm-up requests of a SavedModel: through freezing and a repository to a server that answers them. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { record, records, type Tensor } from '@floe/graph';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freezeVersion } from '../../src/build/freeze-version.ts';
import { startServer } from '../../src/cli/server.ts';
import { PredictionLog } from '../../src/codec/proto/prediction-log.ts';
import { tensorToProto } from '../../src/codec/tfs-grpc/tensor-proto.ts';
import { resolveConfig } from '../../src/core/config.ts';
import { ModelRepository } from '../../src/registry/repository.ts';
import { FolderObjects } from '../../src/store/objects/folder.ts';
import { readManifest, WARM_UP_FILE } from '../../src/store/version-folder.ts';

/** One signature: n int32[], x float32[?,4] -> gap, places. */
const NESTED = fileURLToPath(new URL('../../../graph/test/golden/nested', import.meta.url));
const N: Tensor = { dtype: 'int32', shape: [], data: new Int32Array([2]) };
const X: Tensor = { dtype: 'float32', shape: [3, 4], data: new Float32Array(12) };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'floe-warm-up-'));
});
afterEach(() => rm(folder, { recursive: true }));

type Log = Parameters<typeof PredictionLog.encode>[0];
const NOTHING = { predict_log: undefined, classify_log: undefined, regress_log: undefined };

const spec = (signature_name: string) => ({ name: 'any', version: undefined, version_label: '', signature_name });

function predict(tensors: Readonly<Record<string, Tensor>>, signature = '', outputs: readonly string[] = []): Log {
  const inputs = new Map(Object.entries(tensors).map(([name, tensor]) => [name, tensorToProto(tensor)]));
  const request = { model_spec: spec(signature) as never, inputs, output_filter: [...outputs] };
  return { ...NOTHING, multi_inference_log: undefined, predict_log: { request } };
}

async function sourceWith(bytes: Uint8Array): Promise<string> {
  const source = join(folder, 'source');
  await cp(NESTED, source, { recursive: true });
  await mkdir(join(source, 'assets.extra'));
  await writeFile(join(source, WARM_UP_FILE), bytes);
  return source;
}

const fileOf = (logs: readonly Log[]): Buffer =>
  Buffer.concat(logs.flatMap((log) => record(PredictionLog.encode(log))));
const root = (): string => join(folder, 'models');

it('are taken along, published and brought with the version, and answered by who serves it', async () => {
  const requests = fileOf([predict({ n: N, x: X }), predict({ n: N, x: X }, 'serving_default', ['gap'])]);
  const source = await sourceWith(requests);
  const frozen = await freezeVersion({ source, root: root(), name: 'nested', version: 1 });
  expect(frozen.warmUp).toEqual({ kept: 2, leftOut: 0 });
  expect(await readFile(join(frozen.folder, WARM_UP_FILE))).toEqual(requests);
  expect(Object.keys((await readManifest(frozen.folder)).files)).toContain(WARM_UP_FILE);
  const repository = new ModelRepository(new FolderObjects(join(folder, 'store')));
  await repository.publish('nested', frozen.folder, { by: 'ann' });
  await repository.bring('nested', 1, join(folder, 'brought'));
  expect(await loadedFrom(join(folder, 'brought'))).toMatchObject({ model: 'nested', warmUpRequests: 2 });
});

async function loadedFrom(models: string): Promise<unknown> {
  const lines: { readonly msg: string }[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const ports = { httpPort: 0, adminPort: 0, grpcPort: 'off', pollSeconds: 3600 };
  const server = await startServer(resolveConfig({ models, ...ports, cacheDir: join(folder, 'cache') }, {}, {}), log);
  await server.close();
  return lines.find(({ msg }) => msg === 'loaded');
}

it('that no frozen signature takes are left out', async () => {
  const classify = { request: { model_spec: spec('classes') as never, input: undefined } };
  const source = await sourceWith(
    fileOf([
      predict({ n: N, x: X }),
      predict({ n: N, x: X }, 'other'),
      predict({ x: X }),
      predict({ n: N, x: X }, '', ['none']),
      { ...NOTHING, multi_inference_log: undefined, classify_log: classify },
    ]),
  );
  const { folder: version, warmUp } = await freezeVersion({ source, root: root(), name: 'nested', version: 1 });
  expect(warmUp).toEqual({ kept: 1, leftOut: 4 });
  const kept = [...records(await readFile(join(version, WARM_UP_FILE)), WARM_UP_FILE)];
  expect(kept).toHaveLength(1);
});

it('that are all left out leave no file', async () => {
  const source = await sourceWith(fileOf([predict({ x: X })]));
  const { folder: version, manifest } = await freezeVersion({ source, root: root(), name: 'nested', version: 1 });
  expect(Object.keys(manifest.files)).not.toContain(WARM_UP_FILE);
  await expect(readFile(join(version, WARM_UP_FILE))).rejects.toMatchObject({ code: 'ENOENT' });
});

it('that are damaged end the freeze, naming the file and the place', async () => {
  const source = await sourceWith(fileOf([predict({ n: N, x: X })]).subarray(0, 40));
  await expect(freezeVersion({ source, root: root(), name: 'nested', version: 1 })).rejects.toMatchObject({
    code: 'DATA_LOSS',
    details: [{ file: join(source, WARM_UP_FILE) }],
  });
});
