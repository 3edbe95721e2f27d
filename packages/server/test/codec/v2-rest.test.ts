/** Open Inference Protocol V2: JSON and binary requests to tensors and back, and what is refused. */
import { DTYPES, type DType, FloeError, type Tensor } from '@floe/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { v2RestCodec } from '../../src/codec/v2-rest/codec.ts';
import type { V2InferRequest } from '../../src/codec/v2-rest/decode.ts';
import type { InputValue } from '../../src/core/inference.ts';
import { answer, floats, IMAGE, servable } from './fixture.ts';

const ONE = servable({ x: ['float32', [-1, 2]] });
const TWO = servable({ a: ['int64', [-1]], b: ['string', [-1]] });

interface JsonInput {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data?: unknown;
  readonly parameters?: unknown;
}

function request(header: unknown, ...blobs: Uint8Array[]): V2InferRequest {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const body = Buffer.concat([json, ...blobs]);
  return blobs.length === 0 ? { body } : { body, headerLength: String(json.length) };
}

const x = (over: Partial<JsonInput>): JsonInput => ({ name: 'x', datatype: 'FP32', shape: [1, 2], ...over });

function refusal(call: V2InferRequest, info = ONE): string {
  try {
    v2RestCodec.decode(call, info);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(FloeError);
    return `${(thrown as FloeError).code}: ${(thrown as FloeError).message}`;
  }
  return 'accepted';
}

function values(value: InputValue | undefined): unknown {
  const tensor = value as Tensor;
  return [tensor.dtype, tensor.shape, Array.from(tensor.data as ArrayLike<unknown>)];
}

describe('requests', () => {
  test.each([
    [{ inputs: [x({ data: [1, 2.5] })] }],
    [{ inputs: [x({ data: [[1, 2.5]] })] }],
    [{ inputs: [x({ name: 'x:0', data: [1, 2.5] })] }],
    [{ id: 'q', parameters: { other: [1] }, inputs: [x({ data: [1, 2.5], parameters: {} })], outputs: [] }],
    ['{"inputs":[{"data":[1,2.5],"shape":[1,2],"datatype":"FP32","name":"x"}]}'],
  ])('%j', (header) => {
    expect(values(v2RestCodec.decode(request(header), ONE).inputs.get('x'))).toEqual(['float32', [1, 2], [1, 2.5]]);
  });

  test('raw tensors follow the header in the order of the inputs, as views of the body where they lie aligned', () => {
    const header = JSON.stringify({
      inputs: [
        { name: 'a', datatype: 'INT64', shape: [2], parameters: { binary_data_size: 16 } },
        { name: 'b', datatype: 'BYTES', shape: [2], parameters: { binary_data_size: 11 } },
      ],
    });
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
    const call = request(
      padded,
      new Uint8Array(BigInt64Array.of(-1n, 2n ** 62n).buffer),
      Buffer.from('\u0002\0\0\0hi\u0001\0\0\0x'),
    );
    const aligned = Buffer.from(new ArrayBuffer(call.body.length));
    aligned.set(call.body);
    const { inputs } = v2RestCodec.decode({ ...call, body: aligned }, TWO);
    expect(values(inputs.get('a'))).toEqual(['int64', [2], [-1n, 2n ** 62n]]);
    expect(((inputs.get('a') as Tensor).data as BigInt64Array).buffer).toBe(aligned.buffer);
    expect(((inputs.get('b') as Tensor).data as Uint8Array[]).map((item) => Buffer.from(item).toString())).toEqual([
      'hi',
      'x',
    ]);
  });

  test('names that the signature lacks are graph tensors and pass as they are', () => {
    const call = request({ inputs: [x({ name: 'hidden/add:0', data: [1, 2] })], outputs: [{ name: 'probs:0' }] });
    const { inputs, outputs } = v2RestCodec.decode(call, ONE);
    expect([[...inputs.keys()], outputs]).toEqual([['hidden/add:0'], ['probs:0']]);
  });

  test.each([
    ['url', ['https://a/1', 'https://a/2'], [{ url: 'https://a/1' }, { url: 'https://a/2' }]],
    ['base64', ['aGk=', 'eA'], [Buffer.from('hi'), Buffer.from('x')]],
  ])('BYTES of content_type %s for an input with image preprocessing', (type, data, images) => {
    const info = servable({ x: ['float32', [-1, 2, 2, 1]] }, { preprocessing: { serving_default: { x: IMAGE } } });
    const input = x({ datatype: 'BYTES', shape: [2], data, parameters: { content_type: type } });
    expect(v2RestCodec.decode(request({ inputs: [input] }), info).inputs.get('x')).toEqual({ images });
    const broken = { ...input, parameters: { content_type: 'np' } };
    expect(refusal(request({ inputs: [broken] }), info)).toBe(
      "INVALID_ARGUMENT: input 'x' takes images: content_type is url, base64 or not given, not 'np'",
    );
  });

  test('content_type is the business of others where an input takes no images', () => {
    const input = x({ data: [1, 2], parameters: { content_type: 'np' } });
    expect(values(v2RestCodec.decode(request({ inputs: [input] }), ONE).inputs.get('x'))).toEqual([
      'float32',
      [1, 2],
      [1, 2],
    ]);
  });

  test.each([[[2]], [[2, 1]]])('BYTES of shape %j for an input with image preprocessing are images', (shape) => {
    const info = servable({ x: ['float32', [-1, 2, 2, 1]] }, { preprocessing: { serving_default: { x: IMAGE } } });
    const bytes = Buffer.from('\u0002\0\0\0hi\u0001\0\0\0x');
    const input = x({ datatype: 'BYTES', shape, parameters: { binary_data_size: bytes.length } });
    const value = v2RestCodec.decode(request({ inputs: [input] }, bytes), info).inputs.get('x');
    expect((value as { images: Uint8Array[] }).images.map((image) => Buffer.from(image).toString())).toEqual([
      'hi',
      'x',
    ]);
  });
});

describe('refused requests', () => {
  const binary = (size: unknown): JsonInput => x({ parameters: { binary_data_size: size } });
  const eight = new Uint8Array(8);
  test.each([
    ['no JSON', request('{'), 'JSON Parse error: Missing a name for object member. at offset: 1'],
    ['empty', request(''), 'JSON Parse error: Invalid value. at offset: 0'],
    ['bytes after it', request('{"inputs":[]} x'), 'unexpected bytes after the JSON at offset: 14'],
    ['no inputs', request({}), "Unable to parse 'inputs'"],
    ['inputs no list', request({ inputs: 5 }), "Unable to parse 'inputs'"],
    ['an input no object', request({ inputs: [5] }), "Unable to parse 'inputs'"],
    ['no name', request({ inputs: [{ datatype: 'FP32', shape: [1], data: [1] }] }), "Unable to parse 'name'"],
    ['no datatype', request({ inputs: [{ name: 'x', shape: [1], data: [1] }] }), "Unable to parse 'datatype'"],
    ['no shape', request({ inputs: [{ name: 'x', datatype: 'FP32', data: [1] }] }), "Unable to parse 'shape'"],
    ['a negative shape', request({ inputs: [x({ shape: [-1, 2], data: [1] })] }), "Unable to parse 'shape'"],
    ['an unknown datatype', request({ inputs: [x({ datatype: 'FP8', data: [1] })] }), 'invalid datatype for input x'],
    [
      'too few',
      request({ inputs: [x({ data: [1] })] }),
      "Unable to parse 'data': Shape does not match true shape of 'data' field",
    ],
    [
      'another nesting',
      request({ inputs: [x({ data: [[1], [2]] })] }),
      "Unable to parse 'data': Shape does not match true shape of 'data' field",
    ],
    [
      'a string among floats',
      request({ inputs: [x({ data: [1, 'a'] })] }),
      'inputs[0].data[1]: a value that is no float32',
    ],
    [
      'another dtype',
      request({ inputs: [x({ datatype: 'INT32', data: [1, 2] })] }),
      "inference input 'x' data-type is 'INT32', but model 'm' expects 'FP32'",
    ],
    [
      'another shape',
      request({ inputs: [x({ shape: [2], data: [1, 2] })] }),
      'input "x" has shape [2], but the model expects [-1,2]',
    ],
    [
      'half as JSON',
      request({ inputs: [x({ datatype: 'FP16', data: [1, 2] })] }),
      'receiving FP16 data via JSON is not supported. Please use the binary data format',
    ],
    [
      'no input',
      request({ inputs: [] }),
      "expected 1 inputs but got 0 inputs for model 'm'. Got input(s) [], but missing required input(s) ['x']. Please provide all required input(s).",
    ],
    ['an input twice', request({ inputs: [x({ data: [1, 2] }), x({ data: [1, 2] })] }), "input 'x' is given twice"],
    [
      'no data',
      request({ inputs: [x({})] }),
      "Input must set only one of the following fields: 'data', 'binary_data_size' in 'parameters', 'shared_memory_region' in 'parameters'. But no field is set",
    ],
    [
      'data twice',
      request({ inputs: [x({ data: [1, 2], parameters: { binary_data_size: 8 } })] }, eight),
      "Input must set only one of the following fields: 'data', 'binary_data_size' in 'parameters', 'shared_memory_region' in 'parameters'. But set 'data' 'binary_data_size'",
    ],
    [
      'too few bytes',
      request({ inputs: [binary(16)] }, eight),
      "unexpected size for input 'x', expecting 8 additional bytes for model 'm'",
    ],
    [
      'too many bytes',
      request({ inputs: [binary(8)] }, eight, eight),
      "unexpected additional input data for model 'm'",
    ],
    [
      'a size that lies',
      request({ inputs: [binary(4)] }, new Uint8Array(4)),
      "input byte size mismatch for input 'x'. Expected 8, got 4",
    ],
    ['a size of 2^60', request({ inputs: [binary(2 ** 60)] }, eight), "Unable to parse 'binary_data_size'"],
    [
      'a header that is no number',
      { body: Buffer.from('{}'), headerLength: 'abc' },
      'Unable to parse Inference-Header-Content-Length, got: abc',
    ],
    [
      'a header that lies',
      { body: Buffer.from('{}'), headerLength: '99' },
      'inference header size should be in range (0, 2), got: 99',
    ],
  ])('%s', (_name, call, message) => {
    expect(refusal(call)).toBe(`INVALID_ARGUMENT: ${message}`);
  });

  test.each([
    ['cut in a length', [1, 0], 'incomplete string length indicator'],
    ['cut in a string', [9, 0, 0, 0, 65], 'incomplete string data'],
    ['too few strings', [1, 0, 0, 0, 65], 'expecting 2 strings, got 1'],
    ['a huge length', [255, 255, 255, 255], 'incomplete string data'],
  ])('BYTES %s', (_name, bytes, reason) => {
    const input = { name: 'b', datatype: 'BYTES', shape: [2], parameters: { binary_data_size: bytes.length } };
    expect(refusal(request({ inputs: [input] }, Uint8Array.from(bytes)), TWO)).toBe(
      `INVALID_ARGUMENT: ${reason} for inference input 'b'`,
    );
  });

  test('shared memory is not implemented', () => {
    const call = request({ inputs: [x({ parameters: { shared_memory_region: 'r' } })] });
    expect(refusal(call)).toBe('UNIMPLEMENTED: shared memory is not supported');
  });

  test.each(['__proto__', 'constructor'])(
    'an input called %s is a tensor of the graph, for the servable to refuse',
    (name) => {
      expect(
        v2RestCodec.decode(request({ inputs: [{ ...x({ data: [1, 2] }), name }] }), ONE).inputs.get(name),
      ).toMatchObject({ shape: [1, 2] });
    },
  );

  test('a claim of many elements takes no memory', () => {
    const call = request({ inputs: [x({ shape: [1_000_000_000, 2], data: [1] })] });
    expect(refusal(call)).toContain('Shape does not match');
  });

  test('whatever is mutated, only FloeError is thrown', () => {
    const json = JSON.stringify({
      inputs: [
        { name: 'a', datatype: 'INT64', shape: [1], data: [5] },
        { name: 'b', datatype: 'BYTES', shape: [1], parameters: { binary_data_size: 5 } },
      ],
      outputs: [{ name: 'y', parameters: { binary_data: true, classification: 2 } }],
    });
    const seed = Buffer.concat([Buffer.from(json), Buffer.from('\u0001\0\0\0x')]);
    const edit = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat({ max: 3 }));
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 6 }), fc.integer({ min: -3, max: 3 }), (edits, shift) => {
        let body = seed;
        for (const [at, byte, cut] of edits) {
          const i = at % (body.length + 1);
          body = Buffer.concat([body.subarray(0, i), Buffer.of(byte), body.subarray(i + cut)]);
        }
        refusal({ body, headerLength: String(json.length + shift) }, TWO);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('answers', () => {
  const outputs = {
    y: floats([1, 2], 0.5, Number.NaN),
    k: { dtype: 'int64', shape: [1], data: BigInt64Array.of(7n) },
  } as const;

  test('are JSON unless asked otherwise', () => {
    const call = request({ id: 'q"1', inputs: [x({ data: [1, 2] })] });
    v2RestCodec.decode(call, ONE);
    const { body, headerLength } = v2RestCodec.encode(answer(outputs), call);
    expect(body.toString()).toBe(
      '{"id":"q\\"1","model_name":"m","model_version":"3","outputs":[{"name":"y","datatype":"FP32","shape":[1,2],"data":[0.5,NaN]},{"name":"k","datatype":"INT64","shape":[1],"data":[7]}]}',
    );
    expect(headerLength).toBe(undefined);
  });

  test('carry raw tensors after the header where these are wanted', () => {
    const wanted = [
      { name: 'y', parameters: { binary_data: true } },
      { name: 'k', parameters: { binary_data: false } },
    ];
    const call = request({ inputs: [x({ data: [1, 2] })], outputs: wanted });
    v2RestCodec.decode(call, ONE);
    const { body, headerLength = 0 } = v2RestCodec.encode(answer(outputs), call);
    expect(JSON.parse(body.subarray(0, headerLength).toString()).outputs).toEqual([
      { name: 'y', datatype: 'FP32', shape: [1, 2], parameters: { binary_data_size: 8 } },
      { name: 'k', datatype: 'INT64', shape: [1], data: [7] },
    ]);
    expect(body.subarray(headerLength).toString('hex')).toBe('0000003f0000c07f');
  });

  test('name outputs as they were asked for', () => {
    const call = request({ inputs: [x({ data: [1, 2] })], outputs: [{ name: 'y:0' }] });
    expect(v2RestCodec.decode(call, ONE).outputs).toEqual(['y']);
    expect(v2RestCodec.encode(answer({ y: floats([1], 1) }), call).body.toString()).toContain('{"name":"y:0"');
  });

  test('classify: value, index and label of the greatest', () => {
    const call = request({
      inputs: [x({ data: [1, 2] })],
      outputs: [{ name: 'y', parameters: { classification: 2 } }],
    });
    v2RestCodec.decode(call, ONE);
    const info = { ...ONE, labels: ['cat', 'dog', 'owl'] };
    const reply = v2RestCodec.encode(answer({ y: floats([1, 3], 0.25, 0.125, 0.625) }, info), call);
    expect(JSON.parse(reply.body.toString()).outputs[0]).toEqual({
      name: 'y',
      datatype: 'BYTES',
      shape: [1, 2],
      data: ['0.625000:2:owl', '0.250000:0:cat'],
    });
  });

  test('half precision is sent raw only', () => {
    const half: Tensor = { dtype: 'float16', shape: [1], data: Uint16Array.of(0x3c00) };
    const call = request({ inputs: [x({ data: [1, 2] })] });
    expect(() => v2RestCodec.encode(answer({ y: half }), call)).toThrow('sending FP16 data via JSON is not supported');
    v2RestCodec.decode(request({ inputs: [x({ data: [1, 2] })], parameters: { binary_data_output: true } }), ONE);
  });

  test('raw tensors of every type come back as they went', () => {
    const dtypes = (Object.keys(DTYPES) as DType[]).filter(
      (dtype) => DTYPES[dtype].size > 0 && DTYPES[dtype].v2 !== '',
    );
    fc.assert(
      fc.property(fc.constantFrom(...dtypes), fc.uint8Array({ minLength: 0, maxLength: 64 }), (dtype, raw) => {
        const { size, v2 } = DTYPES[dtype];
        const bytes =
          dtype === 'bool' ? raw.map((byte) => byte & 1) : raw.subarray(0, raw.length - (raw.length % size));
        const input = x({ datatype: v2, shape: [bytes.length / size], parameters: { binary_data_size: bytes.length } });
        const call = request({ inputs: [input], parameters: { binary_data_output: true } }, bytes);
        const tensor = v2RestCodec.decode(call, servable({ x: [dtype, null] })).inputs.get('x') as Tensor;
        const { body, headerLength = 0 } = v2RestCodec.encode(answer({ y: tensor }), call);
        expect(body.subarray(headerLength)).toEqual(Buffer.from(bytes));
      }),
    );
  });
});
