/**
 * What one writes first: fastify around onnxruntime-node with its defaults, one row of V2 JSON in, V2 JSON out; nothing is checked, counted,
 * queued or batched. The session is built once, or for each request (`each`). Prints its port.
 * usage: node naive.ts MODEL.onnx once|each
 */
import process from 'node:process';
import { fastify } from 'fastify';
import { InferenceSession, Tensor } from 'onnxruntime-node';

interface Body {
  readonly inputs: readonly { readonly shape: readonly number[]; readonly data: readonly number[] }[];
}

const [path = '', when] = process.argv.slice(2);
const shared = when === 'once' ? await InferenceSession.create(path) : undefined;

async function answer(model: string, { inputs }: Body): Promise<object> {
  const session = shared ?? (await InferenceSession.create(path));
  const feeds = session.inputNames.map((name, i) => {
    const { shape = [], data = [] } = inputs[i] ?? {};
    return [name, new Tensor('float32', Float32Array.from(data), shape)];
  });
  const results = await session.run(Object.fromEntries(feeds));
  if (shared === undefined) await session.release();
  const outputs = Object.entries(results).map(([name, { dims, data }]) => ({
    name,
    datatype: 'FP32',
    shape: dims,
    data: Array.from(data as Float32Array),
  }));
  return { model_name: model, outputs };
}

const app = fastify();
app.post<{ Params: { model: string }; Body: Body }>('/v2/models/:model/infer', (request) =>
  answer(request.params.model, request.body),
);
const address = await app.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`${new URL(address).port}\n`);
process.once('SIGTERM', () => app.close());
