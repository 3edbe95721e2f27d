/** Large JSON is read and written on a thread; nobody can tell from the answers. */
import type { FloeError, Tensor } from '@floe/graph';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tfsRestCodec } from '../../src/codec/tfs-rest/codec.ts';
import type { TfsPredictRequest } from '../../src/codec/tfs-rest/decode.ts';
import { v2RestCodec } from '../../src/codec/v2-rest/codec.ts';
import type { V2InferRequest } from '../../src/codec/v2-rest/decode.ts';
import type { InferCall, ServableInfo } from '../../src/core/inference.ts';
import { CodecThread } from '../../src/transport/codecs/codec-thread.ts';
import { type Codecs, MOST_READ, MOST_WRITTEN, offloading } from '../../src/transport/codecs/offload.ts';
import { ask, startServer } from './fixture.ts';

let thread: CodecThread;
let codecs: Codecs;
beforeAll(() => {
  thread = new CodecThread();
  codecs = offloading(thread);
});
afterAll(() => thread.close());

const spec = (name: string, dtype: Tensor['dtype'], shape: number[]) => ({ name, dtype, shape });
const servable: ServableInfo = {
  model: 'wide',
  version: 3,
  defaultSignature: 'serving_default',
  signatures: {
    serving_default: {
      methodName: 'tensorflow/serving/predict',
      inputs: { x: spec('x:0', 'float32', [-1, -1]) },
      outputs: { y: spec('y:0', 'float32', [-1, -1]), words: spec('words:0', 'string', [-1]) },
    },
    words: { methodName: '', inputs: { w: spec('w:0', 'string', [-1]) }, outputs: {} },
  },
  labels: ['a', 'b'],
  preprocessing: {},
  metadata: {},
  deterministic: true,
};

const tfs = (text: string): TfsPredictRequest => ({ body: Buffer.from(text) });
const v2 = (text: string): V2InferRequest => ({ body: Buffer.from(text) });
const rows = (count: number, width = 8): number[][] =>
  Array.from({ length: count }, (_, row) => Array.from({ length: width }, (_, at) => (row * 31 + at) / 7));
const LARGE = rows(5000);

function plain({ inputs, ...rest }: InferCall): unknown {
  const elements = (data: Tensor['data']): string =>
    ArrayBuffer.isView(data) ? String(data) : data.map((one) => Buffer.from(one).toString('hex')).join();
  const seen = [...inputs].map(([name, input]) =>
    'images' in input ? [name, input] : [name, input.dtype, input.shape, elements(input.data)],
  );
  return [rest, seen];
}

/** The same whether it throws or rejects. */
async function refusal(work: () => unknown): Promise<unknown> {
  try {
    await work();
    return undefined;
  } catch (error) {
    const { code, message, details } = error as FloeError;
    return { code, message, details };
  }
}

describe('a large body', () => {
  test('is read elsewhere into what it is read into here', async () => {
    const row = JSON.stringify({ instances: LARGE });
    const column = JSON.stringify({ signature_name: 'words', inputs: { w: LARGE.map(String) } });
    const inputs = [{ name: 'x', datatype: 'FP32', shape: [5000, 8], data: LARGE.flat() }];
    const infer = JSON.stringify({ id: 'q', inputs, parameters: { priority: 1 } });
    for (const text of [row, column, infer]) expect(text.length).toBeGreaterThan(MOST_READ);
    for (const text of [row, column]) {
      const [there, here] = [tfs(text), tfs(text)];
      expect(plain(await codecs.tfs.decode(there, servable))).toEqual(plain(tfsRestCodec.decode(here, servable)));
      expect(there.form).toBe(here.form);
    }
    const [there, here] = [v2(infer), v2(infer)];
    expect(plain(await codecs.v2.decode(there, servable))).toEqual(plain(v2RestCodec.decode(here, servable)));
    expect(there.header?.id).toBe('q');
  });

  test('that is wrong is refused in the same words, with the same details', async () => {
    const wrong = [
      `{"instances": ${JSON.stringify([...LARGE, [1]])}}`,
      `{"instances": ${JSON.stringify(LARGE)}`,
      `{"inputs": {"z": ${JSON.stringify(LARGE)}}}`,
    ];
    for (const text of wrong) {
      const here = await refusal(() => tfsRestCodec.decode(tfs(text), servable));
      expect(here).toBeDefined();
      expect(await refusal(() => codecs.tfs.decode(tfs(text), servable))).toEqual(here);
    }
  });

  test('of raw tensors behind a small header is read here, without a copy', () => {
    const header = JSON.stringify({
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 65536], parameters: { binary_data_size: 262144 } }],
    });
    const body = Buffer.concat([Buffer.from(header.padEnd(160)), Buffer.alloc(262144)]);
    const call = codecs.v2.decode({ body, headerLength: '160' }, servable) as InferCall;
    const tensor = call.inputs.get('x') as Tensor;
    expect((tensor.data as Float32Array).buffer).toBe(body.buffer);
  });
});

describe('a large answer', () => {
  const values = Float32Array.from({ length: 2 * MOST_WRITTEN }, (_, at) => Math.fround(at / 3));
  const shared = new Float32Array(values.length + 2);
  shared.set(values, 1);
  const answer = {
    servable,
    version: 3,
    call: { inputs: new Map() },
    outputs: [
      // A view of more, as a row of a joint run is.
      { name: 'y', tensor: { dtype: 'float32', shape: [2, MOST_WRITTEN], data: shared.subarray(1, -1) } as Tensor },
      { name: 'words', tensor: { dtype: 'string', shape: [2], data: [Buffer.from('ü"'), Buffer.from('')] } as Tensor },
    ],
  };

  test('is written elsewhere into the same bytes, and what it is made of stays', async () => {
    for (const form of ['row', 'column'] as const) {
      const request = { ...tfs(''), form };
      const there = await codecs.tfs.encode(answer, request);
      expect(there.equals(tfsRestCodec.encode(answer, request))).toBe(true);
    }
    const there = await codecs.v2.encode(answer, v2(''));
    expect(there.body.equals(v2RestCodec.encode(answer, v2('')).body)).toBe(true);
    expect(shared).toHaveLength(values.length + 2);
  });

  test('of raw tensors is written here', async () => {
    const request = v2(
      JSON.stringify({
        inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 1], data: [1] }],
        parameters: { binary_data_output: true },
      }),
    );
    v2RestCodec.decode(request, servable);
    const outputs = answer.outputs.slice(0, 1);
    expect(codecs.v2.encode({ ...answer, outputs }, request)).not.toBeInstanceOf(Promise);
  });
});

test('whatever the body, reading it elsewhere is reading it here', async () => {
  const padding = ' '.repeat(MOST_READ);
  const value = fc.oneof(
    fc.constant([[1, 2]]),
    fc.json().map((text) => JSON.parse(text) as unknown),
  );
  await fc.assert(
    fc.asyncProperty(value, async (instances) => {
      const text = JSON.stringify({ instances }) + padding;
      const outcome = async (codec: Pick<Codecs['tfs'], 'decode'>): Promise<unknown> => {
        let call: InferCall | undefined;
        const refused = await refusal(async () => (call = await codec.decode(tfs(text), servable)));
        return refused ?? (call && plain(call));
      };
      expect(await outcome(codecs.tfs)).toEqual(await outcome(tfsRestCodec));
    }),
    { numRuns: 60 },
  );
});

describe('a server', () => {
  test('answers large requests one among small ones', async () => {
    await using server = await startServer({ bodyLimit: 8 << 20 });
    const url = `${server.url}/v1/models/adder:predict`;
    const pairs = rows(20_000, 2);
    const large = ask(url, { method: 'POST', body: JSON.stringify({ instances: pairs }) });
    const small = ask(url, { method: 'POST', body: '{"instances": [[1, 2]]}' });
    expect((await small).text).toBe('{\n    "predictions": [[2.0, 3.0]\n    ]\n}');
    const { predictions } = JSON.parse((await large).text) as { predictions: number[][] };
    expect(predictions).toHaveLength(20_000);
    expect(predictions.at(-1)?.[0]).toBeCloseTo((pairs.at(-1)?.[0] ?? 0) + 1, 1);
  });

  test('that closes ends what its thread has not answered', async () => {
    const own = new CodecThread();
    const asked = offloading(own).tfs.decode(tfs(JSON.stringify({ instances: LARGE })), servable);
    const ended = expect(asked).rejects.toMatchObject({ code: 'CANCELLED' });
    await own.close();
    await ended;
    await expect(offloading(own).tfs.decode(tfs(JSON.stringify({ instances: LARGE })), servable)).rejects.toThrow();
  });
});
