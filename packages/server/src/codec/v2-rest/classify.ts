/** Triton's classification extension: the greatest values of each row as strings `value:index:label` (`docs/protocol/extension_classification.md`). */
import { FloeError, type Tensor } from '@floe/graph/base';
import { topIndices } from '../top.ts';

/** A BYTES tensor [batch, k], or [k] where the tensor has but one dimension; k is at most the number of classes. */
export function classify(tensor: Tensor, classes: number, labels: readonly string[]): Tensor {
  const { data, shape } = tensor;
  if (!ArrayBuffer.isView(data) || tensor.dtype === 'float16' || tensor.dtype === 'bfloat16') {
    throw new FloeError('INVALID_ARGUMENT', `class result not available for output of type ${tensor.dtype}`);
  }
  const rows = shape.length > 1 ? (shape[0] ?? 0) : 1;
  const width = rows === 0 ? 0 : data.length / rows;
  const count = Math.min(classes, width);
  const whole = !(data instanceof Float32Array || data instanceof Float64Array);
  const strings: Uint8Array[] = [];
  for (let row = 0; row < rows; row++) {
    const values = Array.from({ length: width }, (_, i) => Number(data[row * width + i]));
    for (const index of topIndices(values, count)) {
      const value = values[index] ?? 0;
      const label = labels[index];
      const text = `${whole ? value : value.toFixed(6)}:${index}${label === undefined ? '' : `:${label}`}`;
      strings.push(Buffer.from(text));
    }
  }
  return { dtype: 'string', shape: shape.length > 1 ? [rows, count] : [count], data: strings };
}
