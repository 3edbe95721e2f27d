/** An Open Inference Protocol `ModelInferRequest` as a call: typed contents or raw bytes to tensors, then names and shapes against the signature. */
import { dtypeFromV2, FloeError, invalid, sizeOf, type Tensor } from '@floe/graph/base';
import type { InferCall, InputValue, ServableInfo } from '../../core/inference.ts';
import type { InferInputTensor, InferParameter, ModelInferRequest } from '../proto/inference.ts';
import { keyOf, signatureOf } from '../signature.ts';
import { readBinary } from '../v2-rest/binary.ts';
import { addInput, callOf } from '../v2-rest/decode.ts';
import { wishesOf } from '../v2-rest/header.ts';
import { contentsOf } from './contents.ts';

export interface ModelInferCall {
  readonly message: ModelInferRequest;
}

type Parameters = ReadonlyMap<string, InferParameter>;

/** More would be no tensor of any model. */
const MAX_RANK = 64;

export function decodeInfer({ message }: ModelInferCall, servable: ServableInfo): InferCall {
  const signature = signatureOf(servable, servable.defaultSignature);
  const raw = message.raw_input_contents;
  const inputs = new Map<string, InputValue>();
  let taken = 0;
  for (const input of message.inputs) {
    const bytes = input.contents === undefined ? raw[taken++] : undefined;
    const tensor = tensorOf(input, bytes, raw.length > 0, servable);
    const contentType = parameterIn(input.parameters, 'content_type');
    const described = { name: input.name, contentType: contentType === undefined ? undefined : String(contentType) };
    addInput(inputs, described, tensor, servable, signature);
  }
  if (taken < raw.length) {
    const message = `expected ${taken} raw input contents but got ${raw.length} for model '${servable.model}'`;
    throw invalid(message, { field: 'raw_input_contents' });
  }
  const outputs = message.outputs.map(({ name }) => (signature && keyOf(signature.outputs, name)) ?? name);
  for (const { name, parameters } of message.outputs) {
    refuseSharedMemory(parameters, name);
    classesOf(parameters);
  }
  return callOf(inputs, outputs, servable, wishes(message.parameters));
}

function tensorOf(
  input: InferInputTensor,
  raw: Uint8Array | undefined,
  hasRaw: boolean,
  { model }: ServableInfo,
): Tensor {
  const { name, shape, contents } = input;
  const dtype = dtypeFromV2(input.datatype);
  if (dtype === undefined) {
    throw invalid(`invalid datatype for input ${name}`, { tensor: name, field: 'datatype', reason: input.datatype });
  }
  if (shape.length > MAX_RANK || shape.some((dim) => dim < 0) || !Number.isSafeInteger(sizeOf(shape))) {
    throw invalid(`input '${name}' has shape [${shape.slice(0, MAX_RANK).join(',')}], which no tensor can have`, {
      tensor: name,
      field: 'shape',
    });
  }
  refuseSharedMemory(input.parameters, name);
  if (contents !== undefined && hasRaw) {
    const message = `contents field must not be specified when using raw_input_contents for '${name}' for model '${model}'`;
    throw invalid(message, { tensor: name, field: 'contents' });
  }
  if (contents !== undefined) return contentsOf({ name, model, dtype, shape }, contents);
  if (raw !== undefined) return readBinary(name, dtype, shape, raw);
  throw invalid(`unable to find data for input tensor '${name}' for model '${model}' in request.`, { tensor: name });
}

function refuseSharedMemory(parameters: Parameters, tensor: string): void {
  if (!parameters.has('shared_memory_region')) return;
  throw new FloeError('UNIMPLEMENTED', 'shared memory is not supported', {
    tensor,
    field: 'parameters.shared_memory_region',
  });
}

function wishes(parameters: Parameters) {
  if (parameters.size === 0) return undefined;
  const priority = parameterIn(parameters, 'priority');
  const timeout = parameterIn(parameters, 'timeout');
  return wishesOf({ ...(priority === undefined ? {} : { priority }), ...(timeout === undefined ? {} : { timeout }) });
}

/** A parameter of whatever type; integers as numbers. */
export function parameterIn(parameters: Parameters, name: string): string | number | boolean | undefined {
  const parameter = parameters.get(name);
  if (parameter === undefined) return undefined;
  const { bool_param: flag, string_param: text, double_param: real } = parameter;
  const whole = parameter.int64_param ?? parameter.uint64_param;
  return flag ?? text ?? real ?? (whole === undefined ? undefined : Number(whole));
}

/** Classes wanted of an output; 0 where the tensor itself is. Throws INVALID_ARGUMENT. */
export function classesOf(parameters: Parameters): number {
  const classes = parameterIn(parameters, 'classification') ?? 0;
  if (typeof classes === 'number' && Number.isInteger(classes) && classes >= 0) return classes;
  throw invalid("invalid value type for 'classification' parameter, expected int64_param.", {
    field: 'parameters.classification',
  });
}
