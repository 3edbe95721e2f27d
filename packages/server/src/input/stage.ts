/** The input stage: whatever a codec decoded becomes tensors, images by the preprocessing that the model declares. */
import { FloeError, type Tensor } from '@floe/graph/base';
import type { InferCall, InputValue, ServableInfo } from '../core/inference.ts';
import { type ImageLimits, imageToTensor } from './image.ts';

export type Prepare = (call: InferCall, servable: ServableInfo) => Promise<ReadonlyMap<string, Tensor>>;

export function inputStage(limits: ImageLimits): Prepare {
  return async (call, servable) => {
    if (onlyTensors(call.inputs)) return call.inputs;
    const tensors = new Map<string, Tensor>();
    for (const [name, value] of call.inputs) tensors.set(name, await tensorOf(name, value, call, servable, limits));
    return tensors;
  };
}

function onlyTensors(inputs: ReadonlyMap<string, InputValue>): inputs is ReadonlyMap<string, Tensor> {
  for (const value of inputs.values()) if ('images' in value) return false;
  return true;
}

async function tensorOf(
  name: string,
  value: InputValue,
  call: InferCall,
  servable: ServableInfo,
  limits: ImageLimits,
): Promise<Tensor> {
  if (!('images' in value)) return value;
  const signature = call.signature ?? servable.defaultSignature;
  const spec = servable.preprocessing[signature]?.[name];
  if (spec === undefined) {
    throw new FloeError(
      'INVALID_ARGUMENT',
      `input ${name} of ${servable.model} takes no images: its model.json has no preprocessing`,
      {
        tensor: name,
      },
    );
  }
  return stack(await Promise.all(value.images.map((image) => imageToTensor(image, spec, limits, name))));
}

/** Rows of equal shape as one batch. */
function stack(rows: readonly Tensor[]): Tensor {
  const [first] = rows;
  if (first === undefined) throw new FloeError('INVALID_ARGUMENT', 'no image was given');
  if (rows.length === 1) return first;
  const size = first.data.length;
  const data = new Float32Array(size * rows.length);
  for (const [index, row] of rows.entries()) data.set(row.data as Float32Array, index * size);
  return { dtype: first.dtype, shape: [rows.length, ...first.shape.slice(1)], data };
}
