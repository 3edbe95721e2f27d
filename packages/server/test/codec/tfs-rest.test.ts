/** TensorFlow Serving's predict: bodies to tensors and back, and its exact words for what is wrong. */
import { FloeError, type Tensor } from '@floe/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tfsRestCodec } from '../../src/codec/tfs-rest/codec.ts';
import type { TfsPredictRequest } from '../../src/codec/tfs-rest/decode.ts';
import type { InputValue } from '../../src/core/inference.ts';
import { answer, floats, IMAGE, servable } from './fixture.ts';

const ONE = servable({ x: ['float32', [-1, 2]] });
const TWO = servable({ a: ['int32', [-1]], b: ['string', [-1]] });
const IMAGES = servable({ x: ['float32', [-1, 2, 2, 1]] }, { preprocessing: { serving_default: { x: IMAGE } } });

function decode(body: string | Buffer, info = ONE): ReadonlyMap<string, InputValue> {
  return tfsRestCodec.decode({ body: Buffer.from(body) }, info).inputs;
}

function plain(value: InputValue | undefined): unknown {
  if (value === undefined || 'images' in value) return value;
  const data = Array.from(value.data as ArrayLike<unknown>, (item) =>
    item instanceof Uint8Array ? Buffer.from(item).toString() : item,
  );
  return [value.dtype, value.shape, data];
}

function refusal(body: string | Buffer, info = ONE): FloeError {
  try {
    decode(body, info);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(FloeError);
    return thrown as FloeError;
  }
  throw new Error('accepted');
}

describe('requests', () => {
  test.each([
    ['{"instances": [[1, 2], [3.5, NaN]]}', ['float32', [2, 2], [1, 2, 3.5, Number.NaN]]],
    ['{"instances": [{"x": [1, 2]}]}', ['float32', [1, 2], [1, 2]]],
    ['{"instances": [{"x:0": [1, 2]}]}', ['float32', [1, 2], [1, 2]]],
    ['{"inputs": [[1, -Infinity]]}', ['float32', [1, 2], [1, Number.NEGATIVE_INFINITY]]],
    ['{"inputs": {"x": [[1, 2]]}}', ['float32', [1, 2], [1, 2]]],
    ['{"signature_name": "serving_default", "inputs": [[1, 2]]}', ['float32', [1, 2], [1, 2]]],
    ['{"inputs": [[1, 2]], "signature_name": "", "extra": [{}]} trailing', ['float32', [1, 2], [1, 2]]],
  ])('%s', (body, wanted) => {
    expect(plain(decode(body).get('x'))).toEqual(wanted);
  });

  test('rows of several inputs come together by name, in any order', () => {
    const inputs = decode('{"instances": [{"a": 1, "b": {"b64": "aGk="}}, {"b": "x", "a": 2}]}', TWO);
    expect(plain(inputs.get('a'))).toEqual(['int32', [2], [1, 2]]);
    expect(plain(inputs.get('b'))).toEqual(['string', [2], ['hi', 'x']]);
  });

  test('a signature may be named after the values that it gives a meaning to', () => {
    const info = servable(
      { x: ['float32', [-1]] },
      {
        signatures: {
          ints: { methodName: '', inputs: { x: { name: 'x:0', dtype: 'int64', shape: [-1] } }, outputs: {} },
        },
      },
    );
    expect(plain(decode('{"instances": [9007199254740993], "signature_name": "ints"}', info).get('x'))).toEqual([
      'int64',
      [1],
      [9007199254740993n],
    ]);
  });

  test.each([
    '{"instances": [{"b64": "aGk="}, {"b64": "eA=="}]}',
    '{"instances": [{"x": {"b64": "aGk="}}, {"x": {"b64": "eA"}}]}',
    '{"inputs": {"x": [{"b64": "aGk="}, {"b64": "eA=="}]}}',
  ])('base64 for an input with image preprocessing is images: %s', (body) => {
    const value = decode(body, IMAGES).get('x') as { images: Uint8Array[] };
    expect(value.images.map((image) => Buffer.from(image).toString())).toEqual(['hi', 'x']);
  });

  test.each([
    '{"instances": [{"url": "https://a/1"}, {"b64": "eA=="}]}',
    '{"instances": [{"x": {"url": "https://a/1"}}, {"x": {"b64": "eA"}}]}',
    '{"inputs": {"x": [{"url": "https:\\/\\/a/1"}, {"b64": "eA=="}]}}',
    '{"inputs": [{"url": "https://a/1"}, {"b64": "eA=="}]}',
  ])('a URL for an input with image preprocessing is an image elsewhere: %s', (body) => {
    expect(decode(body, IMAGES).get('x')).toEqual({ images: [{ url: 'https://a/1' }, Buffer.from('x')] });
  });

  test('a URL alone is one image', () => {
    expect(decode('{"inputs": {"url": "https://a/1"}}', IMAGES).get('x')).toEqual({ images: [{ url: 'https://a/1' }] });
  });

  test('an input called url is an input', () => {
    const info = servable(
      { url: ['float32', [-1, 2, 2, 1]] },
      { preprocessing: { serving_default: { url: IMAGES.preprocessing['serving_default']?.['x'] as never } } },
    );
    expect(decode('{"instances": [{"url": {"b64": "eA=="}}]}', info).get('url')).toEqual({
      images: [Buffer.from('x')],
    });
    expect(decode('{"instances": [{"url": {"url": "https://a/1"}}]}', info).get('url')).toEqual({
      images: [{ url: 'https://a/1' }],
    });
  });

  test('numbers for an input with image preprocessing are the tensor itself', () => {
    expect(plain(decode('{"instances": [[[[1],[2]],[[3],[4]]]]}', IMAGES).get('x'))).toEqual([
      'float32',
      [1, 2, 2, 1],
      [1, 2, 3, 4],
    ]);
  });
});

describe('refused requests, in TensorFlow Serving’s words', () => {
  const row = (index: number, what: string, key = ''): string =>
    `Failed to process element: ${index}${key} of 'instances' list. Error: INVALID_ARGUMENT: ${what}`;
  test.each([
    ['', 'JSON Parse error: The document is empty'],
    ['  ', 'JSON Parse error: The document is empty. at offset: 2'],
    ['[1, 2]', 'JSON Value: [1, 2] Is not object'],
    ['"abc"', 'JSON Value: "abc" Is not object'],
    ['hello', 'JSON Parse error: Invalid value. at offset: 0'],
    ['{"instances": [[1, 2], [3, 4]', 'JSON Parse error: Missing a comma or ] after an array element. at offset: 29'],
    ['{"instances": [[1, 2],]}', 'JSON Parse error: Invalid value. at offset: 22'],
    ['{"instances" [1]}', 'JSON Parse error: Missing a colon after a name of object member. at offset: 13'],
    ['{instances: [1]}', 'JSON Parse error: Missing a name for object member. at offset: 1'],
    ['{"instances": [[1, 2]] "x"}', 'JSON Parse error: Missing a comma or } after an object member. at offset: 23'],
    ['{"x": 1}', "Missing 'inputs' or 'instances' key"],
    ['{"instances": 1}', 'JSON Value: {\n    "instances": 1\n} Expecting \'instances\' to be an list/array'],
    ['{"instances": []}', 'JSON Value: {\n    "instances": []\n} No values in \'instances\' array'],
    [
      '{"instances": [], "inputs": 1}',
      'JSON Value: {\n    "instances": [],\n    "inputs": 1\n} Not formatted correctly expecting only one of \'inputs\' or \'instances\' keys to exist ',
    ],
    [
      '{"signature_name": 5, "instances": [1]}',
      'JSON Value: {\n    "signature_name": 5,\n    "instances": [1]\n} not formatted correctly. \'signature_name\' key must be a string value.',
    ],
    ['{"signature_name": "no", "instances": [1]}', 'Serving signature name: "no" not found in signature def'],
    ['{"instances": [[1, 2], [3]]}', row(1, 'Expecting tensor size: 2 but got: 1')],
    ['{"instances": [[1, 2], 3]}', row(1, 'Expecting tensor size: 2 but got: 1')],
    ['{"instances": [[1, "a"]]}', row(0, 'JSON Value: "a" Type: String is not of expected type: float')],
    ['{"instances": [[1, true]]}', row(0, 'JSON Value: true Type: True is not of expected type: float')],
    ['{"instances": [[1, null]]}', row(0, 'JSON Value: null Type: Null is not of expected type: float')],
    ['{"instances": [[1, [2]]]}', row(0, 'Encountered list at unexpected level: 1 expected < 1')],
    ['{"instances": [[[1, 2], [3]]]}', row(0, 'Encountered list at unexpected size: 1 at level: 1 expected size: 2')],
    [
      '{"instances": [[[1, 2], 3]]}',
      row(0, 'JSON Value: 3 found at incorrect level: 2 in the JSON DOM. Expected at level: 2'),
    ],
    ['{"instances": [[[1, 2]], [[1], [2]]]}', row(1, 'Expecting shape [1,2] but got: [2,1]')],
    ['{"instances": [{"z": 1}]}', row(0, 'JSON object: does not have named input: z', ' key: z')],
    ['{"instances": [[1, 2], {"x": [1, 2]}]}', 'Expecting value/list but got object at item 1 of input list'],
    ['{"instances": [{"x": [1, 2]}, [1, 2]]}', 'Expecting object but got list at item 1 of input list'],
    ['{"inputs": {"y": [1]}}', "Missing named input: x in 'inputs' object."],
    ['{"inputs": [[1], [2, 3]]}', 'Encountered list at unexpected size: 2 at level: 1 expected size: 1'],
    ['{"inputs": [["a"]]}', 'JSON Value: "a" Type: String is not of expected type: float'],
  ])('%s', (body, message) => {
    const error = refusal(body);
    expect([error.code, error.message]).toEqual(['INVALID_ARGUMENT', message]);
  });

  test.each([
    ['{"instances": [{"url": "https://a/1"}, {"b64": "*"}]}', row(1, 'Unable to base64 decode')],
    [
      '{"instances": [{"x": {"url": "https://a/1"}}, {"x": {"url": 5}}]}',
      row(1, 'JSON Value: {\n    "url": 5\n} not formatted correctly for base64 data', ' key: x'),
    ],
  ])('of images: %s', (body, message) => {
    expect(refusal(body, IMAGES).message).toBe(message);
  });

  test('a URL for an input that takes no images is none', () => {
    expect(refusal('{"instances": [{"url": "https://a/1"}]}').message).toBe(
      row(0, 'JSON object: does not have named input: url', ' key: url'),
    );
  });

  test.each([
    [
      '{"instances": [1, 2]}',
      'instances is a plain list, but expecting list of objects as multiple input tensors required as per tensorinfo_map',
    ],
    [
      '{"inputs": [1, 2]}',
      'inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map',
    ],
    [
      '{"instances": [{"a": 1}]}',
      'Failed to process element: 0 of \'instances\' list. JSON object: {\n    "a": 1\n} keys must be equal to: a,b',
    ],
    ['{"inputs": {"a": [1]}}', "Missing named input: b in 'inputs' object."],
    [
      '{"instances": [{"a": 1.0, "b": "x"}]}',
      row(0, 'JSON Value: 1.0 Type: Number is not of expected type: int32', ' key: a'),
    ],
    [
      '{"instances": [{"a": 3000000000, "b": "x"}]}',
      row(0, 'JSON Value: 3000000000 Type: Number is not of expected type: int32', ' key: a'),
    ],
    [
      '{"instances": [{"a": 1, "b": 5}]}',
      row(0, 'JSON Value: 5 Type: Number is not of expected type: string', ' key: b'),
    ],
    ['{"instances": [{"a": 1, "b": {"b64": "*"}}]}', row(0, 'Unable to base64 decode', ' key: b')],
    [
      '{"instances": [{"a": 1, "b": {"c": 1}}]}',
      row(0, 'JSON Value: {\n    "c": 1\n} not formatted correctly for base64 data', ' key: b'),
    ],
  ])('of two inputs: %s', (body, message) => {
    expect(refusal(body, TWO).message).toBe(message);
  });

  test('half precision is not implemented, as in TensorFlow Serving', () => {
    const error = refusal('{"inputs": [1]}', servable({ x: ['float16', [-1]] }));
    expect([error.code, error.message]).toEqual(['UNIMPLEMENTED', 'Conversion of JSON Value: 1 to type: half']);
  });

  test.each([
    ['{"instances": [[1, 2, 3]]}', 'input "x" has shape [1,3], but the model expects [-1,2]'],
    ['{"instances": [1, 2]}', 'input "x" has shape [2], but the model expects [-1,2]'],
    ['{"inputs": {"x": [[1, 2]], "z": 1}}', 'JSON object: does not have named input: z'],
    ['{"inputs": {"x": [[1, 2]], "x:0": [[1, 2]]}}', 'input "x:0" is given twice'],
  ])('what it would let the model find out is refused at once: %s', (body, message) => {
    expect(refusal(body).message).toBe(message);
  });

  test('details name the place', () => {
    expect(refusal('{"instances": [[1,2],[3,4],[5,6],["a",8]]}').details).toEqual([
      { field: 'instances[3][0]', offset: 34, reason: 'a value that is no float32' },
    ]);
  });

  test('a long value is cut', () => {
    expect(refusal(`[${'1,'.repeat(100_000)}1]`).message.length).toBeLessThan(400);
  });

  test.each([
    ['strings', `{"inputs": {"a": [1], "b": [${'"",'.repeat(2_000_000)}""]}}`, 'more than 1048576 strings'],
    ['unknown members', `{${'"a":1,'.repeat(500_000)}"b":1}`, 'Missing "inputs" or "instances" key'],
    [
      'levels',
      `{"inputs": ${'['.repeat(60)}${'1,'.repeat(1_000_000)}"a"${']'.repeat(60)}}`,
      'a value that is no int32',
    ],
  ])('millions of %s take neither the memory nor the time that they could', (_name, body, words) => {
    const info = words.includes('int32') ? servable({ x: ['int32', null] }) : TWO;
    expect(refusal(body, info).message).toContain(words);
  });

  test('whatever is mutated, only FloeError is thrown', () => {
    const seeds = [
      '{"signature_name":"serving_default","instances":[{"a":1,"b":{"b64":"aGk="}},{"a":2,"b":"x\\u00e9"}]}',
      '{"inputs":{"a":[1,2],"b":["x",{"b64":"eA=="}]}}',
    ];
    const edit = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat({ max: 3 }));
    fc.assert(
      fc.property(fc.constantFrom(...seeds), fc.array(edit, { maxLength: 6 }), (seed, edits) => {
        let body = Buffer.from(seed);
        for (const [at, byte, cut] of edits) {
          const i = at % (body.length + 1);
          body = Buffer.concat([body.subarray(0, i), Buffer.of(byte), body.subarray(i + cut)]);
        }
        try {
          decode(body, TWO);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(FloeError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('answers', () => {
  const encode = (outputs: Record<string, Tensor>, form: 'row' | 'column' = 'row'): string =>
    tfsRestCodec.encode(answer(outputs), { body: Buffer.alloc(0), form }).toString();
  const ids: Tensor = { dtype: 'int64', shape: [2], data: BigInt64Array.of(1n, -2n) };

  test('one output in row form is unnamed, byte for byte', () => {
    expect(encode({ y: floats([2, 2], 0.5, 1, Number.NaN, 3) })).toBe(
      '{\n    "predictions": [[0.5, 1.0], [NaN, 3.0]\n    ]\n}',
    );
    expect(encode({ y: floats([3], 3.5, 4, 5.5) })).toBe('{\n    "predictions": [3.5, 4.0, 5.5\n    ]\n}');
    expect(encode({ y: floats([0, 2]) })).toBe('{\n    "predictions": []\n}');
  });

  test('several outputs in row form are objects', () => {
    const text = encode({ y: floats([2, 1], 0.5, 1), id: ids });
    expect(text).toBe(
      '{\n    "predictions": [\n        {\n            "y": [0.5],\n            "id": 1\n        },\n        {\n            "y": [1.0],\n            "id": -2\n        }\n    ]\n}',
    );
  });

  test('one output in column form is unnamed, several are named', () => {
    expect(encode({ y: floats([1, 2], 1, 2) }, 'column')).toBe(
      '{\n    "outputs": [\n        [\n            1.0,\n            2.0\n        ]\n    ]\n}',
    );
    expect(JSON.parse(encode({ y: floats([], 7), id: ids }, 'column'))).toEqual({ outputs: { y: 7, id: [1, -2] } });
  });

  test('outputs whose names end in _bytes are base64, others are strings', () => {
    const data: Tensor = { dtype: 'string', shape: [1], data: [Buffer.from('hi')] };
    expect(JSON.parse(encode({ s: data, s_bytes: data }))).toEqual({
      predictions: [{ s: 'hi', s_bytes: { b64: 'aGk=' } }],
    });
  });

  test('rows that do not match are an error', () => {
    expect(() => encode({ y: floats([], 7) })).toThrow('Tensor name: y has no shape information ');
    expect(() => encode({ y: floats([1], 7), id: ids })).toThrow(
      'Tensor name: id has inconsistent batch size: 2 expecting: 1',
    );
    expect(() => encode({})).toThrow('Cannot convert empty tensor map to JSON');
  });

  test('what is written in row form reads back as it was', () => {
    const values = fc.array(fc.tuple(fc.float({ noNaN: true }), fc.float()), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(values, (rows) => {
        const text = encode({ y: floats([rows.length, 2], ...rows.flat()) }).replace('predictions', 'instances');
        expect(plain(decode(text).get('x'))).toEqual(['float32', [rows.length, 2], rows.flat()]);
      }),
    );
  });

  test('the form of the request is that of the answer', () => {
    const request: TfsPredictRequest = { body: Buffer.from('{"inputs": [[1, 2]]}') };
    tfsRestCodec.decode(request, ONE);
    expect(tfsRestCodec.encode(answer({ y: floats([1], 1) }), request).toString()).toContain('"outputs"');
  });
});
