import type { Signature, Tensor } from '@floe/graph';
import { describe, expect, it, test } from 'vitest';
import {
  ClassificationRequest,
  ClassificationResponse,
  InferenceResult,
  MultiInferenceRequest,
  RegressionResponse,
} from '../../src/codec/proto/tensorflow-serving.ts';
import { checkTasks, tfsGrpcExamplesCodec, tfsGrpcTaskCodec } from '../../src/codec/tfs-grpc/examples.ts';
import type { InferCall } from '../../src/core/inference.ts';
import { servable } from './fixture.ts';

const string = (name: string, shape: number[]) => ({ name, dtype: 'string' as const, shape });
const float = (name: string, shape: number[]) => ({ name, dtype: 'float32' as const, shape });
const signatures: Record<string, Signature> = {
  serving_default: {
    methodName: 'tensorflow/serving/classify',
    inputs: { inputs: string('e:0', [-1]) },
    outputs: { classes: string('c:0', [-1, 2]), scores: float('s:0', [-1, 2]) },
  },
  regress: {
    methodName: 'tensorflow/serving/regress',
    inputs: { inputs: string('e:0', [-1]) },
    outputs: { outputs: float('v:0', [-1, 1]) },
  },
};
const info = servable({}, { signatures });

const EXAMPLE = Uint8Array.of(0x0a, 0);
const spec = (signature_name = '') => ({ name: 'm', version: undefined, version_label: undefined, signature_name });
const list = (...examples: Uint8Array[]) => ({
  example_list: { examples },
  example_list_with_context: undefined,
});
const request = (signature = '', input: ReturnType<typeof list> | undefined = list(EXAMPLE)) =>
  ClassificationRequest.decode(ClassificationRequest.encode({ model_spec: spec(signature), input }), 'x');

const bytes = (...texts: string[]): Uint8Array[] => texts.map((text) => new TextEncoder().encode(text));
const classes: Tensor = { dtype: 'string', shape: [1, 2], data: bytes('cat', 'dog') };
const scores: Tensor = { dtype: 'float32', shape: [1, 2], data: Float32Array.of(0.75, 0.25) };
const value: Tensor = { dtype: 'float32', shape: [1, 1], data: Float32Array.of(1.5) };
const answer = (call: InferCall, outputs: Record<string, Tensor>) => ({
  servable: info,
  version: 3,
  call,
  outputs: Object.entries(outputs).map(([name, tensor]) => ({ name, tensor })),
});

describe('a classification', () => {
  const asked = { message: request(), method: 'classify' } as const;

  it('is a call on the examples as they came', () => {
    const call = tfsGrpcExamplesCodec.decode(asked, info);
    expect(call).toMatchObject({ signature: 'serving_default', outputs: ['classes', 'scores'] });
    expect(call.inputs.get('inputs')).toEqual({ dtype: 'string', shape: [1], data: [EXAMPLE] });
  });

  it('is answered by classes with scores', () => {
    const reply = tfsGrpcExamplesCodec.encode(
      answer(tfsGrpcExamplesCodec.decode(asked, info), { classes, scores }),
      asked,
    );
    const { model_spec, result } = ClassificationResponse.decode(reply, 'x');
    expect(model_spec).toMatchObject({ name: 'm', version: { value: 3n }, signature_name: 'serving_default' });
    const row = {
      classes: [
        { label: 'cat', score: 0.75 },
        { label: 'dog', score: 0.25 },
      ],
    };
    expect(result?.classifications).toEqual([row]);
  });
});

describe('a regression', () => {
  it('is answered by values', () => {
    const asked = { message: request('regress'), method: 'regress' } as const;
    const reply = tfsGrpcExamplesCodec.encode(
      answer(tfsGrpcExamplesCodec.decode(asked, info), { outputs: value }),
      asked,
    );
    expect(RegressionResponse.decode(reply, 'x').result?.regressions).toEqual([{ value: 1.5 }]);
  });
});

test('a context is put before each example', () => {
  const context = { examples: [EXAMPLE, EXAMPLE], context: Uint8Array.of(0x0a, 1, 7) };
  const input = { example_list: undefined, example_list_with_context: context };
  const message = ClassificationRequest.decode(ClassificationRequest.encode({ model_spec: spec(), input }), 'x');
  const { data } = tfsGrpcExamplesCodec.decode({ message, method: 'classify' }, info).inputs.get('inputs') as Tensor;
  expect((data as readonly Uint8Array[]).map((one) => [...one])).toEqual([
    [0x0a, 1, 7, 0x0a, 0],
    [0x0a, 1, 7, 0x0a, 0],
  ]);
});

test.each([
  ['no examples', 'serving_default', undefined, 'Input is empty.'],
  ['an unknown signature', 'none', list(EXAMPLE), 'No signature was found with the name: none'],
  ['a signature of another method', 'regress', list(EXAMPLE), 'Expected classification signature method_name to be'],
])('%s are refused', (_, signature, input, message) => {
  const given = ClassificationRequest.decode(ClassificationRequest.encode({ model_spec: spec(signature), input }), 'x');
  expect(() => tfsGrpcExamplesCodec.decode({ message: given, method: 'classify' }, info)).toThrow(message);
});

describe('several tasks', () => {
  const task = (signature: string, method: string, name = 'm') => ({
    model_spec: { ...spec(signature), name },
    method_name: `tensorflow/serving/${method}`,
  });
  const many = (...tasks: ReturnType<typeof task>[]) =>
    MultiInferenceRequest.decode(MultiInferenceRequest.encode({ tasks, input: list(EXAMPLE) }), 'x');

  it('are answered one by one', () => {
    const message = many(task('serving_default', 'classify'), task('regress', 'regress'));
    checkTasks(message);
    const results = [{ classes, scores }, { outputs: value }].map((outputs, index) => {
      const asked = { message, task: index };
      const call = tfsGrpcTaskCodec.decode(asked, info);
      return InferenceResult.decode(tfsGrpcTaskCodec.encode(answer(call, outputs), asked), 'x');
    });
    expect(results.map(({ model_spec }) => model_spec?.signature_name)).toEqual(['serving_default', 'regress']);
    expect(results[0]?.classification_result?.classifications).toHaveLength(1);
    expect(results[1]?.regression_result?.regressions).toEqual([{ value: 1.5 }]);
  });

  it('ask one model, once each, by a method that there is', () => {
    expect(() => checkTasks(many())).toThrow('Inference request has no tasks');
    expect(() => checkTasks(many(task('a', 'classify'), task('b', 'classify', 'n')))).toThrow('same model name');
    const twice = many(task('regress', 'regress'), task('regress', 'regress'));
    expect(() => tfsGrpcTaskCodec.decode({ message: twice, task: 0 }, info)).toThrow('Duplicate evaluation');
    const other = many(task('regress', 'predict'));
    expect(() => tfsGrpcTaskCodec.decode({ message: other, task: 0 }, info)).toThrow(
      'Unsupported signature method_name',
    );
  });
});
