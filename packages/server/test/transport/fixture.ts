/** A real server over a real, if small, model: `adder` answers y = x + 1, `pictures` scores an image by its size. */
import { FloeError, type Tensor } from '@floe/graph';
import { pino } from 'pino';
import type {
  EncodedImage,
  InputValue,
  ModelRef,
  Models,
  Servable,
  ServableWork,
  VersionStatus,
} from '../../src/core/inference.ts';
import type { Terms } from '../../src/core/terms.ts';
import { RateLimits } from '../../src/queue/rate-limit.ts';
import { Scheduler } from '../../src/queue/scheduler.ts';
import { HeldBytes } from '../../src/transport/held-bytes.ts';
import type { HttpDeps, HttpOptions, HttpServer } from '../../src/transport/http/deps.ts';
import type { Observed } from '../../src/transport/http/observed.ts';
import { createHttpServer } from '../../src/transport/http/server.ts';
import { openIdentity } from '../../src/transport/identity/identity.ts';
import { RecentRequests } from '../../src/transport/recent-requests.ts';
import type { Repository } from '../../src/transport/repository.ts';

const spec = (name: string, dtype: Tensor['dtype'], shape: number[]) => ({ name, dtype, shape });

function add(inputs: ReadonlyMap<string, InputValue>): Tensor {
  const x = inputs.get('x') as Tensor;
  return { ...x, data: (x.data as Float32Array).map((value) => value + 1) };
}

function servable(model: string, version: number): Servable {
  const pictures = model === 'pictures';
  const input = pictures ? spec('x:0', 'float32', [-1, 2, 2, 1]) : spec('x:0', 'float32', [-1, 2]);
  return {
    model,
    version,
    defaultSignature: 'serving_default',
    signatures: {
      serving_default: {
        methodName: 'tensorflow/serving/predict',
        inputs: { x: input },
        outputs: { y: spec('y:0', 'float32', [-1, 2]) },
      },
    },
    labels: pictures ? ['small', 'large'] : [],
    preprocessing: pictures ? { serving_default: { x: IMAGE } } : {},
    metadata: {},
    deterministic: true,
    run: async ({ inputs }) => [{ name: 'y', tensor: add(inputs) }],
  };
}

const NO_COUNTS = { hits: 0, misses: 0, bytes: 0, entries: 0, evictions: 0 };

export const NOTHING_OBSERVED: Observed = {
  scheduler: () => new Scheduler({ slots: 1 }).snapshot(),
  load: () => ({ waiting: 3, running: 1, queuedSeconds: 0.25 }),
  outputs: () => ({ ...NO_COUNTS, bypassed: 0, ended: 0, shared: 0, second: 0 }),
  inputs: () => NO_COUNTS,
  images: () => ({ images: { hits: 0, shared: 0, decoded: 0, failed: 0, seconds: 0 } }),
  feedback: () => ({ recorded: 0, dropped: 0, waiting: 0 }),
  verified: () => [],
};

const IMAGE = {
  size: [2, 2],
  channels: 1,
  fit: 'fill',
  colour: 'grey',
  scale: [1],
  offset: [0],
  layout: 'NHWC',
  invert: false,
  resize: 'fast',
} as const;

export class Adders implements Models {
  readonly served = new Map<string, Map<number, Servable>>([
    ['adder', new Map([1, 2].map((version) => [version, servable('adder', version)]))],
    ['pictures', new Map([[1, servable('pictures', 1)]])],
  ]);
  isReady = true;

  async use<T>(ref: ModelRef, work: ServableWork<T>): Promise<T> {
    const versions = this.served.get(ref.name);
    const version = ref.label === 'stable' ? 1 : (ref.version ?? Math.max(...(versions?.keys() ?? [])));
    const found = ref.label === undefined || ref.label === 'stable' ? versions?.get(version) : undefined;
    if (found === undefined) throw new FloeError('NOT_FOUND', 'no such model', { field: 'model' });
    return work(found, true);
  }

  names(): readonly string[] {
    return [...this.served.keys()];
  }

  status(ref: ModelRef): readonly VersionStatus[] {
    const versions = [...(this.served.get(ref.name)?.keys() ?? [])].filter(
      (version) => ref.version === undefined || ref.version === version,
    );
    if (versions.length === 0) throw new FloeError('NOT_FOUND', 'no such model', { field: 'model' });
    return versions
      .toSorted((a, b) => b - a)
      .map((version) => ({ version, state: 'AVAILABLE', errorCode: 'OK', errorMessage: '' }));
  }

  ready(): boolean {
    return this.isReady;
  }

  missing(): string {
    return this.isReady ? '' : 'the models are still loading';
  }
}

/** Tells what was unloaded, and serves it all the same. */
export function repositoryOf(models: Models): Repository {
  const unloaded = new Set<string>();
  return {
    load: async (model) => {
      models.status({ name: model });
      unloaded.delete(model);
    },
    unload: async (model) => models.names().includes(model) && unloaded.add(model).has(model),
    unloaded: () => [...unloaded],
    reload: async () => {},
  };
}

const lengthOf = (image: EncodedImage): number => ('url' in image ? image.url : image).length;

/** Images become [bytes, 1000]: enough to see which one came where. */
function prepare(inputs: ReadonlyMap<string, InputValue>): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const [name, value] of inputs) {
    if (!('images' in value)) tensors.set(name, value);
    else {
      const data = Float32Array.from(value.images.flatMap((image) => [lengthOf(image), 1000]));
      tensors.set(name, { dtype: 'float32', shape: [value.images.length, 2], data });
    }
  }
  return tensors;
}

export interface Fixture extends AsyncDisposable {
  readonly url: string;
  readonly server: HttpServer;
  readonly models: Adders;
  readonly terms: Terms[];
}

/** Starts a server on a free port; `overrides` replace parts of what it is given. */
export async function startServer(
  options: Partial<HttpOptions> = {},
  overrides: Partial<HttpDeps> = {},
): Promise<Fixture> {
  const models = new Adders();
  const asked: Terms[] = [];
  const infer: HttpDeps['infer'] = (codec, ref, request, terms) => {
    asked.push(terms);
    return models.use(ref, async (found) => {
      const call = await codec.decode(request, found);
      const outputs = await found.run({ inputs: prepare(call.inputs) }, terms);
      return codec.encode({ servable: found, version: found.version, call, outputs }, request);
    });
  };
  const server = await createHttpServer({
    infer,
    models,
    repository: repositoryOf(models),
    identity: openIdentity,
    limits: new RateLimits(() => performance.now()),
    held: new HeldBytes(1 << 21),
    recent: new RecentRequests(),
    observed: NOTHING_OBSERVED,
    log: pino({ level: 'silent' }),
    options: { host: '127.0.0.1', port: 0, bodyLimit: 1 << 20, accessLog: false, version: '0.0.0', ...options },
    ...overrides,
  });
  return { url: server.address, server, models, terms: asked, [Symbol.asyncDispose]: () => server.close() };
}

export const INFER = JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] });

/** An error body of TensorFlow Serving. */
export const tfsError = (message: string): string => `{\n    "error": ${JSON.stringify(message)}\n}`;

export interface Reply {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

/** Sends a request and reads the whole answer. */
export async function ask(url: string, init?: RequestInit & { duplex?: 'half' }): Promise<Reply> {
  const response = await fetch(url, init);
  return { status: response.status, text: await response.text(), headers: response.headers };
}
