/**
 * TensorFlow Serving's Classify, Regress and MultiInference over gRPC. Their requests are read with Examples as the bytes that they are, since that
 * is what models take; what the answers mean is said in `codec/examples/`.
 */
import { many, message, one, optional } from '@floe/graph/proto';
import { ownBuffer } from '../../core/encoded-form.ts';
import type { Answer, Codec } from '../../core/inference.ts';
import { callOf, type ExamplesMethod, withContext } from '../examples/call.ts';
import type { InferenceTask } from '../examples/multi.ts';
import { classificationsOf, regressionsOf } from '../examples/results.ts';
import { parse } from '../proto/parse.ts';
import type { ValueOf } from '../proto/schema.ts';
import {
  ClassificationResponse,
  ModelSpec,
  MultiInferenceResponse,
  RegressionResponse,
} from '../proto/tensorflow-serving.ts';
import { specOf } from './model-spec.ts';

const ExampleList = message('tensorflow.serving.ExampleList', { examples: many(1, 'bytes') });
const ExampleListWithContext = message('tensorflow.serving.ExampleListWithContext', {
  examples: many(1, 'bytes'),
  context: optional(2, 'bytes'),
});
const Input = message(
  'tensorflow.serving.Input',
  { example_list: optional(1, ExampleList), example_list_with_context: optional(2, ExampleListWithContext) },
  { kind: ['example_list', 'example_list_with_context'] },
);
const asked = { model_spec: optional(1, ModelSpec), input: optional(2, Input) };
const REQUESTS = {
  classify: message('tensorflow.serving.ClassificationRequest', asked),
  regress: message('tensorflow.serving.RegressionRequest', asked),
};
const Task = message('tensorflow.serving.InferenceTask', {
  model_spec: optional(1, ModelSpec),
  method_name: one(2, 'string'),
});
const MultiInferenceRequest = message('tensorflow.serving.MultiInferenceRequest', {
  tasks: many(1, Task),
  input: optional(2, Input),
});

export interface ExamplesCall {
  readonly spec: ValueOf<typeof ModelSpec> | undefined;
  readonly method: ExamplesMethod;
  readonly signatureName: string;
  readonly examples: readonly Uint8Array[];
}

export interface MultiCall {
  readonly spec: ValueOf<typeof ModelSpec> | undefined;
  readonly tasks: readonly InferenceTask[];
  readonly examples: readonly Uint8Array[];
}

/** Throws INTERNAL for what is no such request. */
export function examplesCall(method: ExamplesMethod, bytes: Uint8Array): ExamplesCall {
  const { model_spec: spec, input } = parse(REQUESTS[method], bytes);
  return { spec, method, signatureName: spec?.signature_name ?? '', examples: examplesOf(input) };
}

/** The version is the first task's. Throws INTERNAL for what is no such request. */
export function multiCall(bytes: Uint8Array): MultiCall {
  const { tasks, input } = parse(MultiInferenceRequest, bytes);
  const named = tasks.map(({ model_spec: spec, method_name: methodName }) => ({
    model: spec?.name ?? '',
    signatureName: spec?.signature_name ?? '',
    methodName,
  }));
  return { spec: tasks[0]?.model_spec, tasks: named, examples: examplesOf(input) };
}

function examplesOf(input: ValueOf<typeof Input> | undefined): readonly Uint8Array[] {
  const { example_list: list, example_list_with_context: shared } = input ?? {};
  if (shared === undefined) return list?.examples ?? [];
  return shared.context === undefined ? shared.examples : withContext(shared.context, shared.examples);
}

/** Each is a response of its own. */
export const examplesGrpcCodec = codecOf('whole', {
  classify: (answer) => ClassificationResponse.encode({ model_spec: specIn(answer), result: classesIn(answer) }),
  regress: (answer) => RegressionResponse.encode({ model_spec: specIn(answer), result: valuesIn(answer) }),
});

/** Each is a MultiInference's response with one result: such messages one behind the other are one with all of them. */
export const taskGrpcCodec = codecOf('task', {
  classify: (answer) => responseOf(answer, { classification_result: classesIn(answer), regression_result: undefined }),
  regress: (answer) => responseOf(answer, { classification_result: undefined, regression_result: valuesIn(answer) }),
});

type Write = Readonly<Record<ExamplesMethod, (answer: Answer) => Uint8Array>>;

function codecOf(name: string, write: Write): Codec<ExamplesCall, Uint8Array> {
  return {
    decode: ({ method, signatureName, examples }, servable) => callOf(method, servable, signatureName, examples),
    encode: (answer, { method }) => write[method](answer),
    form: ({ method }, { signature }) => ({ id: `${name}/${method}/${signature}`, own }),
  };
}

function own(reply: Uint8Array): { readonly reply: Uint8Array; readonly bytes: number } {
  return { reply: ownBuffer(Buffer.from(reply.buffer, reply.byteOffset, reply.byteLength)), bytes: reply.length };
}

function specIn({ servable, version, call }: Answer): ReturnType<typeof specOf> {
  return specOf(servable.model, version, call.signature ?? servable.defaultSignature);
}

const TEXT = new TextDecoder();

function classesIn(answer: Answer) {
  const classifications = classificationsOf(answer).map((classes) => ({
    classes: classes.map(({ label, score }) => ({ label: TEXT.decode(label), score })),
  }));
  return { classifications };
}

function valuesIn(answer: Answer) {
  return { regressions: Array.from(regressionsOf(answer), (value) => ({ value })) };
}

type Result = Omit<ValueOf<typeof MultiInferenceResponse>['results'][number], 'model_spec'>;

function responseOf(answer: Answer, result: Result): Uint8Array {
  return MultiInferenceResponse.encode({ results: [{ model_spec: specIn(answer), ...result }] });
}
