import { describe, expect, it } from 'vitest';
import type { Payload, Protocol } from '../../../src/cli/bench/endpoint.ts';
import { payloads } from '../../../src/cli/bench/inputs.ts';
import { tfs } from '../../../src/cli/bench/tfs.ts';
import { v2, v2Bytes } from '../../../src/cli/bench/v2.ts';

const parsed = (list: readonly Payload[]): unknown => JSON.parse(Buffer.from(list[0]?.body ?? []).toString());

function v2Model(...inputs: [name: string, datatype: string, shape: number[]][]): ReturnType<Protocol['describe']> {
  return v2.describe({ inputs: inputs.map(([name, datatype, shape]) => ({ name, datatype, shape })) });
}

const info = (dtype: string, shape: readonly number[] | null): object => ({
  dtype,
  tensor_shape: { dim: (shape ?? []).map((size) => ({ size: String(size) })), unknown_rank: shape === null },
});

function tfsModel(signatures: Readonly<Record<string, object>>): ReturnType<Protocol['describe']> {
  return tfs.describe({ metadata: { signature_def: { signature_def: signatures } } });
}

describe('requests made from metadata', () => {
  it('have the rows asked for where the first dimension is open, and 1 where others are', () => {
    const model = v2Model(['x', 'FP32', [-1, -1, 3]], ['rate', 'FP64', []]);
    const body = parsed(payloads(model, 4, new Map(), 1)) as { inputs: { data: unknown[] }[] };
    expect(body).toMatchObject({
      inputs: [
        { name: 'x', shape: [4, 1, 3], datatype: 'FP32' },
        { name: 'rate', shape: [], datatype: 'FP64' },
      ],
    });
    expect(body.inputs.map(({ data }) => data.length)).toEqual([12, 1]);
  });

  it('have the shape that was given', () => {
    const model = v2Model(['ids', 'INT64', [-1, -1]]);
    expect(parsed(payloads(model, 2, new Map([['ids', [1, 5]]]), 1))).toMatchObject({ inputs: [{ shape: [2, 5] }] });
  });

  it('differ from each other and are the same for the same seed', () => {
    const model = v2Model(['x', 'FP32', [-1, 8]]);
    const bodies = (seed: number): string[] =>
      payloads(model, 1, new Map(), seed).map(({ body }) => Buffer.from(body).toString());
    expect(new Set(bodies(1)).size).toBeGreaterThan(1);
    expect(bodies(1)).toEqual(bodies(1));
    expect(bodies(2)).not.toEqual(bodies(1));
  });

  it.each(['BOOL', 'INT8', 'UINT8', 'INT16', 'INT32', 'INT64', 'UINT64', 'FP16', 'FP32', 'FP64', 'BYTES'])(
    'are JSON for %s',
    (datatype) => {
      const kind = { BOOL: 'boolean', BYTES: 'string' }[datatype] ?? 'number';
      const body = parsed(payloads(v2Model(['x', datatype, [-1, 2]]), 2, new Map(), 1)) as {
        inputs: [{ data: unknown[] }];
      };
      expect(body.inputs[0].data.map((element) => typeof element)).toEqual([kind, kind, kind, kind]);
    },
  );

  it('have tensors as bytes, strings behind their lengths', () => {
    const inputs = [
      { name: 'x', datatype: 'FP32', shape: [-1, 2] },
      { name: 'text', datatype: 'BYTES', shape: [-1] },
    ];
    const [first] = payloads(v2Bytes.describe({ inputs }), 2, new Map(), 1);
    const length = Number(first?.headers['inference-header-content-length']);
    const body = Buffer.from(first?.body ?? []);
    expect(JSON.parse(body.toString('utf8', 0, length))).toMatchObject({
      inputs: [
        { name: 'x', shape: [2, 2], parameters: { binary_data_size: 16 } },
        { name: 'text', shape: [2], parameters: { binary_data_size: 24 } },
      ],
    });
    expect(body.length).toBe(length + 40);
    expect([body.readUInt32LE(length + 16), body.readUInt32LE(length + 28)]).toEqual([8, 8]);
  });

  it('have any shape that was given where the protocol tells no rank', () => {
    const model = v2Model(['x', 'FP32', []]);
    expect(parsed(payloads(model, 1, new Map([['x', [2, 3]]]), 1))).toMatchObject({ inputs: [{ shape: [2, 3] }] });
  });

  it('name the signature and nest lists for TensorFlow Serving', () => {
    const model = tfsModel({
      __saved_model_init_op: {},
      classify: { inputs: { x: info('DT_FLOAT', [-1, 2]), flag: info('DT_BOOL', []), text: info('DT_STRING', null) } },
    });
    expect(parsed(payloads(model, 3, new Map([['text', [1]]]), 1))).toEqual({
      signature_name: 'classify',
      inputs: {
        x: Array(3).fill([expect.any(Number), expect.any(Number)]),
        flag: expect.any(Boolean),
        text: Array(3).fill(expect.any(String)),
      },
    });
  });

  it.each([
    ['an unknown rank', tfsModel({ s: { inputs: { x: info('DT_INT32', null) } } }), 1, [], 'INVALID_ARGUMENT'],
    ['rows without an open dimension', v2Model(['x', 'FP32', [1, 2]]), 2, [], 'INVALID_ARGUMENT'],
    ['a shape of another rank', v2Model(['x', 'FP32', [-1, 2]]), 1, [1], 'INVALID_ARGUMENT'],
    ['a shape of other dimensions', v2Model(['x', 'FP32', [-1, 2]]), 1, [1, 3], 'INVALID_ARGUMENT'],
    ['more elements than fit', v2Model(['x', 'FP32', [-1, 1e9]]), 1, [], 'UNIMPLEMENTED'],
    ['a type without values', v2Model(['x', 'BF16', [-1]]), 1, [], 'UNIMPLEMENTED'],
  ] as const)('are refused for %s', (_, model, rows, shape, code) => {
    const shapes = new Map(shape.length === 0 ? [] : [['x', shape]]);
    expect(() => payloads(model, rows, shapes, 1)).toThrow(expect.objectContaining({ code }));
  });

  it('are refused for an input that is not there, and for metadata of something else', () => {
    const model = v2Model(['x', 'FP32', [-1]]);
    expect(() => payloads(model, 1, new Map([['z', [1]]]), 1)).toThrow('--shape z');
    expect(() => v2.describe({})).toThrow(expect.objectContaining({ code: 'FAILED_PRECONDITION' }));
    expect(() => tfs.describe([])).toThrow(expect.objectContaining({ code: 'FAILED_PRECONDITION' }));
  });
});
