/** Requests of Open Inference V2 with tensors as bytes behind the JSON (its binary tensor data extension). */
import { bytesOf, DTYPES, type Tensor } from '@floe/graph/base';

export interface NamedTensor extends Tensor {
  readonly name: string;
}

/** `parameters` are those of the request. */
export function v2Binary(inputs: readonly NamedTensor[], parameters: object) {
  const parts = inputs.map(rawBytes);
  const described = inputs.map(({ name, shape, dtype }, i) => ({
    name,
    shape,
    datatype: DTYPES[dtype].v2,
    parameters: { binary_data_size: parts[i]?.byteLength },
  }));
  const header = Buffer.from(JSON.stringify({ inputs: described, parameters }));
  const headers = {
    'content-type': 'application/octet-stream',
    'inference-header-content-length': String(header.byteLength),
  };
  return { body: Buffer.concat([header, ...parts]), headers };
}

/** Strings have their length in four bytes before them. */
function rawBytes(tensor: Tensor): Uint8Array {
  if (ArrayBuffer.isView(tensor.data)) return bytesOf(tensor);
  const parts = tensor.data.flatMap((bytes) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.byteLength);
    return [length, bytes];
  });
  return Buffer.concat(parts);
}
