import { FloeError } from '@floe/graph/base';
import { encodeExample } from '@floe/graph/host';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PredictionService } from '../../src/codec/proto/tensorflow-serving.ts';
import { examplesCall, examplesGrpcCodec, multiCall, taskGrpcCodec } from '../../src/codec/tfs-grpc/examples.ts';
import type { Answer } from '../../src/core/inference.ts';

const { Classify, Regress, MultiInference } = PredictionService.methods;
const example = (value: number): Uint8Array =>
  encodeExample(new Map([['x', { kind: 'float32', values: Float32Array.of(value) }]]));
const spec = { name: 'm', version: undefined, version_label: undefined, signature_name: 'sig' };
/** As the official table writes them: Examples are messages there. */
const asMessages = (...values: readonly number[]): unknown[] =>
  values.map((value) => Classify.request.decode(requestOf(value), 'x').input.example_list.examples[0]);

/** Tag, length and bytes: `input { example_list { examples } }` of one Example. */
function requestOf(value: number): Uint8Array {
  const wrap = (field: number, bytes: Uint8Array): Uint8Array =>
    Buffer.concat([Uint8Array.of((field << 3) | 2, bytes.length), bytes]);
  return wrap(2, wrap(1, wrap(1, example(value))));
}

const answerOf = (outputs: Answer['outputs'], rows: number): Answer =>
  ({
    servable: { model: 'm', defaultSignature: 'sig' },
    version: 3,
    call: { signature: 'sig', inputs: new Map([['inputs', { dtype: 'string', shape: [rows], data: [] }]]) },
    outputs,
  }) as unknown as Answer;

describe('a request', () => {
  it('keeps its Examples as the bytes that they are', () => {
    const seven = examplesCall('classify', requestOf(7));
    expect(seven).toMatchObject({ spec: undefined, method: 'classify', signatureName: '' });
    expect(Buffer.concat(seven.examples)).toEqual(Buffer.from(example(7)));
    const message = {
      model_spec: spec,
      input: { example_list: { examples: asMessages(1, 2) }, example_list_with_context: undefined },
    };
    const { spec: found, signatureName, examples } = examplesCall('regress', Regress.request.encode(message));
    expect([found?.name, signatureName, examples.length]).toEqual(['m', 'sig', 2]);
  });

  it('with a context has it in each Example', () => {
    const [context, first] = asMessages(9, 1);
    const input = { example_list: undefined, example_list_with_context: { context, examples: [first] } };
    const { examples } = examplesCall('classify', Classify.request.encode({ model_spec: spec, input }));
    expect(examples).toEqual([Buffer.concat([example(9), example(1)])]);
  });

  it('of several tasks names them', () => {
    const tasks = [{ model_spec: spec, method_name: 'tensorflow/serving/regress' }];
    const bytes = MultiInference.request.encode({ tasks, input: undefined });
    expect(multiCall(bytes)).toMatchObject({
      tasks: [{ model: 'm', signatureName: 'sig', methodName: 'tensorflow/serving/regress' }],
      examples: [],
    });
  });

  it('that is none is refused, whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        for (const read of [
          () => examplesCall('classify', bytes),
          () => examplesCall('regress', bytes),
          () => multiCall(bytes),
        ])
          try {
            read();
          } catch (error) {
            expect(error).toBeInstanceOf(FloeError);
          }
      }),
    );
  });
});

describe('an answer', () => {
  const scores = {
    name: 'scores',
    tensor: { dtype: 'float32' as const, shape: [1, 2], data: Float32Array.of(0.25, 0.75) },
  };
  const classes = {
    name: 'classes',
    tensor: { dtype: 'string' as const, shape: [1, 2], data: [Buffer.from('cat'), Buffer.from('größe')] },
  };
  const values = { name: 'outputs', tensor: { dtype: 'float32' as const, shape: [1, 1], data: Float32Array.of(1.5) } };
  const classify = examplesCall('classify', requestOf(1));
  const regress = examplesCall('regress', requestOf(1));
  const model_spec = { name: 'm', version: { value: 3n }, version_label: undefined, signature_name: 'sig' };

  it('is classes with their scores, or values', () => {
    const classified = Classify.response.decode(
      examplesGrpcCodec.encode(answerOf([classes, scores], 1), classify),
      'x',
    );
    expect(classified).toEqual({
      model_spec,
      result: {
        classifications: [
          {
            classes: [
              { label: 'cat', score: 0.25 },
              { label: 'größe', score: 0.75 },
            ],
          },
        ],
      },
    });
    const regressed = Regress.response.decode(examplesGrpcCodec.encode(answerOf([values], 1), regress), 'x');
    expect(regressed).toEqual({ model_spec, result: { regressions: [{ value: 1.5 }] } });
  });

  it('of several tasks is their results one behind the other', () => {
    const results = [
      taskGrpcCodec.encode(answerOf([values], 1), regress),
      taskGrpcCodec.encode(answerOf([scores], 1), classify),
    ];
    expect(MultiInference.response.decode(Buffer.concat(results), 'x')).toMatchObject({
      results: [
        { model_spec, regression_result: { regressions: [{ value: 1.5 }] }, classification_result: undefined },
        { classification_result: { classifications: [{ classes: [{ label: '' }, { label: '' }] }] } },
      ],
    });
  });
});
