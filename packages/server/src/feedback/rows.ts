/** A labelled request as single examples: each row of its inputs, and the class of that row under `label`. */
import { FloeError, type NumericData, type Tensor } from '@floe/graph/base';
import type { LabelledExample } from './examples.ts';
import type { Input } from './payload.ts';

export type ExampleRow = ReadonlyMap<string, Tensor>;

/** Images are one byte string for each row. Throws DATA_LOSS where an input has another number of rows than there are labels. */
export function exampleRows({ requestId, inputs, labels }: LabelledExample): readonly ExampleRow[] {
  return labels.map((label, row) => {
    const tensors = [...inputs].map(([name, input]): [string, Tensor] => {
      const rows = 'images' in input ? input.images.length : input.shape[0];
      if (rows === labels.length) return [name, rowOf(input, row)];
      const message = `input ${name} of request ${requestId} has ${rows} rows, there are ${labels.length} labels`;
      throw new FloeError('DATA_LOSS', message, { tensor: name });
    });
    const truth: Tensor = { dtype: 'int64', shape: [1], data: BigInt64Array.of(BigInt(label)) };
    return new Map([...tensors, ['label', truth]]);
  });
}

function rowOf(input: Input, row: number): Tensor {
  if ('images' in input) return { dtype: 'string', shape: [1], data: input.images.slice(row, row + 1) };
  const { dtype, shape, data } = input;
  const size = data.length / (shape[0] ?? 1);
  const elements = data as NumericData;
  return { dtype, shape: shape.slice(1), data: elements.slice(row * size, (row + 1) * size) as Tensor['data'] };
}
