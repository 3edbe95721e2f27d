import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Call, type CallContext, send } from '../src/call.ts';
import { errorOf, FloeClientError } from '../src/errors.ts';
import { Floe } from '../src/index.ts';
import {
  type DType,
  fromNested,
  fromWire,
  numbers,
  type Tensor,
  tensor,
  texts,
  toNested,
  wireBytes,
} from '../src/tensor.ts';
import { decodeInfer, encodeInfer } from '../src/v2.ts';

const joined = (pieces: readonly Uint8Array[]): Uint8Array => Buffer.concat(pieces);

describe('a tensor', () => {
  const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
  const arrays: readonly [DType, (size: number) => Tensor['data']][] = [
    ['BOOL', (size) => new Uint8Array(size).fill(1)],
    ['INT8', (size) => Int8Array.from({ length: size }, (_, at) => -at)],
    ['UINT16', (size) => Uint16Array.from({ length: size }, (_, at) => 65_535 - at)],
    ['INT64', (size) => BigInt64Array.from({ length: size }, (_, at) => -(2n ** 62n) + BigInt(at))],
    ['FP16', (size) => Uint16Array.from({ length: size }, (_, at) => 15_360 + at)],
    ['FP64', (size) => Float64Array.from({ length: size }, (_, at) => at / 3)],
    ['BYTES', (size) => Array.from({ length: size }, (_, at) => Uint8Array.from({ length: at }, () => at))],
  ];
  it.each(arrays)('of %s goes over the wire and comes back', (dtype, make) => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 0, max: 7 }), (shape, offset) => {
        const data = make(shape.reduce((a, b) => a * b, 1));
        const bytes = joined(wireBytes({ dtype, shape, data } as Tensor));
        // As it lies somewhere in an answer.
        const body = new Uint8Array(bytes.length + offset);
        body.set(bytes, offset);
        expect(fromWire('x', dtype, shape, body.subarray(offset))).toEqual({ dtype, shape, data });
        if (bytes.length > 0)
          expect(() => fromWire('x', dtype, shape, body.subarray(offset + 1))).toThrow(FloeClientError);
      }),
    );
  });

  it('is made of lists in lists, and back', () => {
    expect(
      fromNested([
        [1, 2],
        [3, 4],
      ]),
    ).toEqual({ dtype: 'FP32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) });
    expect(fromNested([1, 2], 'INT64')).toEqual({ dtype: 'INT64', shape: [2], data: BigInt64Array.of(1n, 2n) });
    expect(fromNested([[true], [false]], 'BOOL').data).toEqual(Uint8Array.of(1, 0));
    expect(texts(fromNested(['größe', '日本']) as Tensor<'BYTES'>)).toEqual(['größe', '日本']);
    expect(fromNested(7)).toMatchObject({ shape: [], data: Float32Array.of(7) });
    const nested = fc.tuple(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 3 }),
    );
    fc.assert(
      fc.property(nested, ([a, b, c]) => {
        const lists = Array.from({ length: a }, (_, i) =>
          Array.from({ length: b }, (_, j) => Array.from({ length: c }, (_, k) => i * 9 + j * 3 + k)),
        );
        expect(toNested(fromNested(lists))).toEqual(lists);
      }),
    );
    expect(toNested(tensor(['a', 'b'], [2]))).toEqual(['a', 'b']);
    expect(toNested(tensor(Uint8Array.of(1, 0), [2], 'BOOL'))).toEqual([true, false]);
  });

  it.each([[[[1], [2, 3]]], [[1, [2]]], [[[1], 2]]])('is not made of %j', (ragged) => {
    expect(() => fromNested(ragged as never)).toThrow(/differ/);
  });

  it('has as many elements as its shape, of its dtype', () => {
    expect(() => tensor(new Float32Array(3), [2, 2])).toThrow('needs 4 elements, not 3');
    expect(() => tensor(new Float32Array(4), [2, 2], 'INT32')).toThrow('INT32 is not held in a Float32Array');
    expect(tensor(new Uint16Array(1), [1], 'BF16').dtype).toBe('BF16');
  });

  it('of halves is the numbers that its bits are', () => {
    const half = tensor(Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7c00, 0xfc00, 0x7e00, 0x3555), [7], 'FP16');
    expect([...numbers(half)]).toEqual([1, -2, 2 ** -24, Infinity, -Infinity, Number.NaN, 0.333251953125]);
    expect([...numbers(tensor(Uint16Array.of(0x3f80, 0xc000), [2], 'BF16'))]).toEqual([1, -2]);
    expect([...numbers(tensor(BigInt64Array.of(5n), [1]))]).toEqual([5]);
    expect(() => numbers(tensor(['a'], [1]))).toThrow(/BYTES/);
  });
});

describe('an infer call', () => {
  it('is JSON, then the tensors', async () => {
    const { body, headerLength } = encodeInfer(
      { x: tensor(Float32Array.of(1, 2), [2]), s: tensor(['ab'], [1]) },
      { outputs: ['y'] },
    );
    const bytes = body;
    expect(JSON.parse(Buffer.from(bytes.subarray(0, headerLength)).toString())).toEqual({
      parameters: {},
      inputs: [
        { name: 'x', datatype: 'FP32', shape: [2], parameters: { binary_data_size: 8 } },
        { name: 's', datatype: 'BYTES', shape: [1], parameters: { binary_data_size: 6 } },
      ],
      outputs: [{ name: 'y', parameters: { binary_data: true } }],
    });
    expect(bytes.length - headerLength).toBe(14);
  });

  it('whose answer is damaged is an error of ours, whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.option(fc.integer({ min: 0, max: 80 })), (bytes, length) => {
        try {
          decodeInfer(bytes, length === null ? null : String(length));
        } catch (error) {
          expect(error).toBeInstanceOf(FloeClientError);
        }
      }),
    );
    const answer = (output: object): Uint8Array =>
      Buffer.from(JSON.stringify({ outputs: [{ name: 'y', shape: [2], ...output }] }));
    expect(() => decodeInfer(answer({ datatype: 'FP8' }), null)).toThrow(/unknown dtype/);
    expect(() => decodeInfer(answer({ datatype: 'FP32', data: [1] }), null)).toThrow(/1 elements instead of 2/);
    expect(() => decodeInfer(answer({ datatype: 'FP32', parameters: { binary_data_size: 8 } }), null)).toThrow(
      /bytes instead of 8/,
    );
    expect(decodeInfer(answer({ datatype: 'INT64', data: [1, 2] }), null).outputs['y']?.data).toEqual(
      BigInt64Array.of(1n, 2n),
    );
  });
});

describe('the memory of a large body', () => {
  const answer = JSON.stringify({ outputs: [] });
  const x = (first: number) => ({ x: tensor(new Float32Array(40_000).fill(first), [40_000]) });
  const lastOf = (body: Uint8Array) => new DataView(body.buffer).getFloat32(body.length - 4, true);

  it('is used again once its call is answered', async () => {
    const bodies: Uint8Array[] = [];
    const floe = new Floe('http://host', {
      fetch: async (_, init) => {
        bodies.push(init?.body as Uint8Array);
        return new Response(answer);
      },
    });
    await floe.infer('m', x(1));
    await floe.infer('m', x(2));
    expect(bodies.map(({ buffer }) => buffer === bodies[0]?.buffer)).toEqual([true, true]);
    expect(lastOf(bodies[1] as Uint8Array)).toBe(2);
    await floe.infer('m', { x: tensor(new Float32Array(100_000), [100_000]) });
    await floe.infer('m', { x: tensor(Float32Array.of(3), [1]) });
    expect(bodies.slice(2).map(({ buffer }) => buffer === bodies[0]?.buffer)).toEqual([false, false]);
  });

  it('is no other call’s at the same time, and nobody’s after one that failed', async () => {
    const bodies: Uint8Array[] = [];
    let status = 200;
    const floe = new Floe('http://host', {
      retries: 0,
      fetch: async (_, init) => {
        bodies.push(init?.body as Uint8Array);
        return new Response(answer, { status });
      },
    });
    await floe.infer('m', x(1));
    await Promise.all([floe.infer('m', x(2)), floe.infer('m', x(3))]);
    expect(bodies.slice(1).map(lastOf)).toEqual([2, 3]);
    status = 503;
    await expect(floe.infer('m', x(4))).rejects.toThrow();
    await expect(floe.infer('m', x(5))).rejects.toThrow();
    expect(bodies.slice(3).map(lastOf)).toEqual([4, 5]);
  });
});

describe('asking again', () => {
  const call: Call = { url: 'http://host/x', method: 'POST', isRepeatable: true };
  function context(answers: readonly (number | Error | [number, Record<string, string>])[]) {
    const waits: number[] = [];
    const asked: Record<string, string>[] = [];
    let time = 0;
    const own: CallContext = {
      fetch: async (_, init) => {
        asked.push(init?.headers as Record<string, string>);
        time += 10;
        const next = answers[Math.min(asked.length - 1, answers.length - 1)] as number;
        if ((next as unknown) instanceof Error) throw next;
        const [status, headers] = Array.isArray(next)
          ? (next as unknown as [number, Record<string, string>])
          : [next, {}];
        return new Response('{"error": "why"}', { status, headers });
      },
      headers: { authorization: 'Bearer key' },
      timeoutMs: 60_000,
      retries: 3,
      random: () => 1,
      wait: async (milliseconds) => {
        waits.push(milliseconds);
        time += milliseconds;
      },
      now: () => time,
    };
    return { own, waits, asked };
  }

  it('waits longer each time, at least as long as it is told to, and says what time is left', async () => {
    const { own, waits, asked } = context([429, [503, { 'retry-after': '2' }], new Error('reset'), 200]);
    expect(Buffer.from((await send(call, {}, own)).bytes).toString()).toBe('{"error": "why"}');
    expect(waits).toEqual([100, 2000, 400]);
    expect(asked.map((headers) => headers['x-request-timeout-ms'])).toEqual(['60000', '59890', '57880', '57470']);
    expect(asked[0]).toMatchObject({ authorization: 'Bearer key' });
  });

  it.each([
    ['what is wrong', [400], {}, 1, 'INVALID_ARGUMENT'],
    ['what failed', [500], {}, 1, 'INTERNAL'],
    ['more often than it may', [503], {}, 4, 'UNAVAILABLE'],
    ['at all where it may not', [503], { retries: 0 }, 1, 'UNAVAILABLE'],
    ['beyond its time', [[503, { 'retry-after': '90' }]], {}, 1, 'UNAVAILABLE'],
  ] as const)('is not done for %s', async (_, answers, options, times, code) => {
    const { own, asked } = context(answers as never);
    await expect(send(call, options, own)).rejects.toMatchObject({ code });
    expect(asked).toHaveLength(times);
  });

  it('is done for what was refused, and not for what broke off, where asking twice does more', async () => {
    const once = { ...call, isRepeatable: false };
    const refused = context([503, 200]);
    await send(once, {}, refused.own);
    expect(refused.asked).toHaveLength(2);
    const broken = context([new Error('reset')]);
    await expect(send(once, {}, broken.own)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(broken.asked).toHaveLength(1);
  });

  it.each([
    ['{"error": "Servable not found"}', 'Servable not found'],
    ['{"error": {"code": "NOT_FOUND", "message": "no such model"}}', 'no such model'],
    ['<html>', '<html>'],
    ['', 'the server said 404'],
    ['[]', 'the server said 404'],
  ])('an error says %s', async (body, message) => {
    const response = new Response(body, { status: 404, headers: { 'x-request-id': 'r' } });
    expect(await errorOf(response)).toMatchObject({ code: 'NOT_FOUND', status: 404, message, requestId: 'r' });
  });
});
