import type { Signature, Tensor } from '@floe/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FloeError } from '../../../graph/src/errors.ts';
import { readExample } from '../../../graph/src/example/decode.ts';
import { callOf, withContext } from '../../src/codec/examples/call.ts';
import { callsOf, modelOf } from '../../src/codec/examples/multi.ts';
import { classificationsOf, regressionsOf } from '../../src/codec/examples/results.ts';
import { tfsExamplesCodec } from '../../src/codec/tfs-rest/examples.ts';
import type { ServableInfo } from '../../src/core/inference.ts';
import { floats, servable as plain } from './fixture.ts';

const spec = (name: string, dtype: Tensor['dtype'], shape: number[] | null = null) => ({
  name: `${name}:0`,
  dtype,
  shape,
});
const signature = (
  method: string,
  outputs: Record<string, Tensor['dtype']>,
  inputs: Signature['inputs'] = INPUTS,
): Signature => ({
  methodName: `tensorflow/serving/${method}`,
  inputs,
  outputs: Object.fromEntries(Object.entries(outputs).map(([key, dtype]) => [key, spec(key, dtype)])),
});
const INPUTS = { inputs: spec('examples', 'string', [-1]) };
const OTHER = { inputs: spec('other', 'string', [-1]) };
const SIGNATURES: Record<string, Signature> = {
  both: signature('classify', { classes: 'string', scores: 'float32' }),
  scores: signature('classify', { scores: 'float32' }),
  value: signature('regress', { outputs: 'float32' }),
  three: signature('classify', { classes: 'string', scores: 'float32', more: 'float32' }),
  neither: signature('classify', { probabilities: 'float32' }),
  twoInputs: signature('classify', { scores: 'float32' }, { ...INPUTS, x: spec('x', 'float32') }),
  plain: signature('classify', { scores: 'float32' }, { inputs: spec('x', 'float32', [-1, 4]) }),
  misnamed: signature('regress', { outputs: 'float32' }, { x: spec('x', 'string') }),
  wrongOutput: signature('regress', { y: 'float32' }),
  twoOutputs: signature('regress', { outputs: 'float32', y: 'float32' }),
  elsewhere: signature('regress', { outputs: 'float32' }, OTHER),
};
const servable: ServableInfo = plain({ x: ['float32', [-1]] }, { signatures: SIGNATURES });

const body = (value: unknown): Buffer => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const decode = (value: unknown, method: 'classify' | 'regress' = 'classify') =>
  tfsExamplesCodec.decode({ body: body(value), method }, servable);
/** The text with up to six bytes that are others, gone or too many. */
const mutated = (text: string): fc.Arbitrary<Buffer> =>
  fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat({ max: 3 })), { maxLength: 6 }).map((edits) =>
    edits.reduce((bytes, [at, byte, cut]) => {
      const i = at % (bytes.length + 1);
      return Buffer.concat([bytes.subarray(0, i), Buffer.of(byte), bytes.subarray(i + cut)]);
    }, body(text)),
  );
const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof FloeError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'none';
};
const words = (...values: string[]): readonly Uint8Array[] => values.map((value) => new TextEncoder().encode(value));
const strings = (shape: readonly number[], ...values: string[]): Tensor => ({
  dtype: 'string',
  shape,
  data: words(...values),
});

describe('a request to classify or regress', () => {
  test('becomes serialised Examples, of the kinds that its elements have', () => {
    const examples =
      '[{"f": [1.5, 2.0, 1e2], "i": [1, -9007199254740993], "t": true, "s": ["a", {"b64": "/w=="}], "none": []}, {"f": 3.0}]';
    const { signature: key, inputs, outputs } = decode(`{"signature_name": "both", "examples": ${examples}}`);
    expect([key, outputs]).toEqual(['both', ['classes', 'scores']]);
    const { dtype, shape, data } = inputs.get('inputs') as Tensor;
    expect([dtype, shape]).toEqual(['string', [2]]);
    const [first, second] = (data as readonly Uint8Array[]).map((bytes) => readExample(bytes));
    expect(first?.get('f')?.values).toEqual(Float32Array.of(1.5, 2, 100));
    expect(first?.get('i')?.values).toEqual(BigInt64Array.of(1n, -9007199254740993n));
    expect(first?.get('t')?.values).toEqual(BigInt64Array.of(1n));
    expect(((first?.get('s')?.values ?? []) as Uint8Array[]).map((one) => Buffer.from(one).toString('hex'))).toEqual([
      '61',
      'ff',
    ]);
    expect(first?.has('none')).toBe(true);
    expect(first?.get('none')).toBeUndefined();
    expect(second?.get('f')?.values).toEqual(Float32Array.of(3));
  });

  test('has a context that examples share, unless they have the feature themselves', () => {
    const { inputs } = decode({ signature_name: 'both', context: { a: 1, b: 2 }, examples: [{}, { b: 3 }] });
    const rows = ((inputs.get('inputs') as Tensor).data as readonly Uint8Array[]).map((bytes) => readExample(bytes));
    expect(rows.map((row) => [row.get('a'), row.get('b')].map((feature) => feature?.values[0]))).toEqual([
      [1n, 2n],
      [1n, 3n],
    ]);
  });

  const ask = (key: string, examples: unknown = [{ a: 1 }]) => ({ signature_name: key, examples });
  test.each([
    ['', 'JSON Parse error: The document is empty'],
    ['[1]', 'JSON Value: [1] Is not object'],
    [{}, "JSON Value: {} When method is classify, key 'examples' is expected and was not found"],
    [{ signature_name: 1, examples: [{}] }, 'key must be a string value.'],
    [{ examples: 1 }, "Expecting 'examples' value to be an list/array"],
    [{ examples: [] }, "'examples' value is an empty array"],
    [{ examples: [1] }, 'Example must be JSON object but got JSON Number'],
    [{ context: [], examples: [{}] }, 'Example must be JSON object but got JSON Array'],
    [ask('both', [{ a: null }]), 'Feature: a has element with unexpected JSON type: Null'],
    [ask('both', [{ a: [[1]] }]), 'Feature: a has element with unexpected JSON type: Array'],
    [ask('both', [{ a: { c: 1 } }]), 'Feature: a has element with unexpected JSON type: Object'],
    [ask('both', [{ a: [1, 'x'] }]), 'Unexpected element type in feature: a expecting type: int64'],
    [ask('both', [{ a: ['x', 1.5] }]), 'Unexpected element type in feature: a expecting type: bytes'],
    [ask('both', [{ a: { b64: '!' } }]), 'Unable to base64 decode'],
    ['{"examples": [{"a": 9223372036854775808}]}', 'Feature: a has uint64 element. Only int64 is supported.'],
    ['{"examples": [{"a": 1e39}]}', 'Feature: a: 1e39 is out of range'],
    [ask('none'), 'No signature was found with the name: none'],
    [
      ask('value'),
      'Expected classification signature method_name to be tensorflow/serving/classify. Was: tensorflow/serving/regress',
    ],
    [ask('three'), 'Expected one or two output Tensors, found 3'],
    [ask('twoInputs'), 'Expected one input Tensor.'],
    [ask('plain'), 'Expects arg[0] to be float but string is provided'],
  ])('is refused: %j', (request, message) => {
    const said = refusal(() => decode(request));
    expect(said).toMatch(/^INVALID_ARGUMENT: /);
    expect(said).toContain(message);
  });

  test.each([
    [
      'neither',
      'classify',
      'Expected classification signature outputs to contain at least one of "classes" or "scores"',
    ],
    ['misnamed', 'regress', 'No regression inputs found in SignatureDef'],
    ['wrongOutput', 'regress', 'No regression outputs found in SignatureDef'],
  ] as const)('fails where the signature %s has not the keys of its method', (key, method, message) => {
    expect(refusal(() => decode(ask(key), method))).toMatch(new RegExp(`^FAILED_PRECONDITION: ${message}`));
  });

  test('takes one output to regress', () => {
    expect(decode(ask('value'), 'regress').outputs).toEqual(['outputs']);
    expect(refusal(() => decode(ask('twoOutputs'), 'regress'))).toBe('INVALID_ARGUMENT: Expected one output Tensor.');
  });

  test('may be any bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map(body),
          fc.json().map((json) => body(`{"examples":[{"a":${json}}]}`)),
          mutated('{"signature_name":"","context":{"a":1},"examples":[{"a":[1,2.5],"b":{"b64":"aGk="}},{"b":["x"]}]}'),
        ),
        (bytes) => {
          refusal(() => tfsExamplesCodec.decode({ body: bytes, method: 'regress' }, servable));
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('the answer', () => {
  const call = (key: string, method: 'classify' | 'regress', rows = 2) =>
    callOf(method, servable, key, new Array<Uint8Array>(rows).fill(new Uint8Array(0)));
  const named = (outputs: Readonly<Record<string, Tensor>>) =>
    Object.entries(outputs).map(([name, tensor]) => ({ name, tensor }));
  const write = (method: 'classify' | 'regress', key: string, outputs: Readonly<Record<string, Tensor>>): string =>
    tfsExamplesCodec
      .encode({ servable, version: 3, call: call(key, method), outputs: named(outputs) }, { body: body('{}'), method })
      .toString();

  test('to classify is a list of labels and scores for each example', () => {
    const classes = strings([2, 2], 'a', '"b"', 'c', 'd');
    expect(write('classify', 'both', { classes, scores: floats([2, 2], 0.25, 0.75, 1, 0) })).toBe(
      '{\n    "results": [[["a", 0.25], ["\\"b\\"", 0.75]], [["c", 1.0], ["d", 0.0]]\n    ]\n}',
    );
    expect(write('classify', 'scores', { scores: floats([2, 1], 0.5, 1) })).toBe(
      '{\n    "results": [[["", 0.5]], [["", 1.0]]\n    ]\n}',
    );
  });

  test('to regress is a value for each example', () => {
    expect(write('regress', 'value', { outputs: floats([2, 1], 1.5, -2) })).toBe('{\n    "results": [1.5, -2.0]\n}');
    expect(write('regress', 'value', { outputs: floats([2], 1, 2) })).toBe('{\n    "results": [1.0, 2.0]\n}');
  });

  test.each([
    [{ classes: strings([2], 'a', 'b') }, 'Expected Tensor shape: [batch_size num_classes] but got [2]'],
    [{ classes: floats([2, 1], 1, 2) }, 'Expected classes Tensor of DT_STRING. Got: DT_FLOAT'],
    [{ scores: strings([2, 1], 'a', 'b') }, 'Expected scores Tensor of DT_FLOAT. Got: DT_STRING'],
    [{ scores: floats([1, 2], 1, 2) }, 'Expected scores output batch size of 2. Got: 1'],
    [
      { classes: strings([2, 1], 'a', 'b'), scores: floats([2, 2], 1, 2, 3, 4) },
      'Tensors class and score should match in dim_size(1). Got 1 vs. 2',
    ],
  ])('is no classification: case %#', (outputs, message) => {
    const said = refusal(() => classificationsOf({ call: call('both', 'classify'), outputs: named(outputs) }));
    expect(said).toBe(`INVALID_ARGUMENT: ${message}`);
  });

  test.each([
    [
      { outputs: floats([2, 2], 1, 2, 3, 4) },
      'Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got [2,2]',
    ],
    [{ outputs: floats([1], 1) }, 'Input batch size did not match output batch size: 2 vs. 1'],
    [{ outputs: strings([2], 'a', 'b') }, 'Expected output Tensor of DT_FLOAT.  Got: DT_STRING'],
    [{}, "Could not find output tensor 'outputs'"],
  ])('is no regression: case %#', (outputs, message) => {
    const said = refusal(() => regressionsOf({ call: call('value', 'regress'), outputs: named(outputs) }));
    expect(said).toBe(`INVALID_ARGUMENT: ${message}`);
  });
});

describe('several signatures on the same examples', () => {
  const task = (signatureName: string, method = 'classify', model = 'm') => ({
    model,
    signatureName,
    methodName: `tensorflow/serving/${method}`,
  });
  const examples = words('');

  test('are calls of their own, in order', () => {
    const tasks = [task('both'), task('value', 'regress')];
    expect(modelOf(tasks)).toBe('m');
    const calls = callsOf(tasks, servable, examples);
    expect(calls.map(({ method, call: { signature: key } }) => [method, key])).toEqual([
      ['classify', 'both'],
      ['regress', 'value'],
    ]);
  });

  test.each([
    [[task('both'), task('both')], 'INVALID_ARGUMENT: Duplicate evaluation of signature: both'],
    [[task('none')], 'INVALID_ARGUMENT: Requested signature not found in model graph: none'],
    [[task('both', 'predict')], 'UNIMPLEMENTED: Unsupported signature method_name: tensorflow/serving/predict'],
    [
      [task('both'), task('elsewhere', 'regress')],
      'INVALID_ARGUMENT: Input tensor must be the same for all Signatures.',
    ],
  ])('are refused: case %#', (tasks, message) => {
    expect(refusal(() => callsOf(tasks, servable, examples))).toBe(message);
  });

  test('ask one model, which has a name', () => {
    expect(refusal(() => modelOf([task('a', 'classify', '')]))).toMatch(/empty model name/);
    expect(refusal(() => modelOf([task('a'), task('b', 'classify', 'n')]))).toMatch(/must access the same model name/);
  });
});

test('a context goes before each example', () => {
  expect(withContext(Buffer.of(1), [Buffer.of(2), Buffer.of()])).toEqual([Buffer.of(1, 2), Buffer.of(1)]);
});
