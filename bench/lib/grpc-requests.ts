/** gRPC messages as bytes, made once and sent many times. */
import { ModelInferRequest } from '../../packages/server/dist/codec/proto/inference.js';
import type { Model } from './models.ts';
import { oneRow, values } from './requests.ts';

export const MODEL_INFER = '/inference.GRPCInferenceService/ModelInfer';

/** One row for each input, raw. */
export function modelInfer(model: Model): Uint8Array {
  const inputs = Object.entries(model.inputs);
  return ModelInferRequest.encode({
    model_name: model.name,
    model_version: '',
    id: '',
    parameters: new Map(),
    inputs: inputs.map(([name, spec]) => ({
      name,
      datatype: 'FP32',
      shape: oneRow(spec),
      parameters: new Map(),
      contents: undefined,
    })),
    outputs: [],
    raw_input_contents: inputs.map(([, spec]) => new Uint8Array(values(spec).buffer)),
  });
}
