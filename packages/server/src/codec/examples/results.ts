/** What a classification or regression answers, from the outputs of its signature; checked as TensorFlow Serving checks them. */
import { invalid, type Tensor } from '@floe/graph/base';
import type { Answer } from '../../core/inference.ts';
import { typeName } from '../tfs-rest/explain-tensor.ts';

export interface ClassResult {
  /** UTF-8, as a rule; empty where the model gives no names. */
  readonly label: Uint8Array;
  /** 0 where the model gives no scores. */
  readonly score: number;
}

type Given = Pick<Answer, 'call' | 'outputs'>;

const NO_LABEL = new Uint8Array(0);

/** One list of classes for each example. Throws INVALID_ARGUMENT where the outputs are no classes of so many examples. */
export function classificationsOf(answer: Given): readonly (readonly ClassResult[])[] {
  const rows = examplesIn(answer);
  const classes = checkedMatrix(answer, 'classes', 'string', rows);
  const scores = checkedMatrix(answer, 'scores', 'float32', rows);
  const width = (classes ?? scores)?.shape[1] ?? 0;
  if (scores !== undefined && scores.shape[1] !== width)
    throw invalid(`Tensors class and score should match in dim_size(1). Got ${width} vs. ${scores.shape[1]}`);
  const labels = classes?.data as readonly Uint8Array[] | undefined;
  const values = scores?.data as Float32Array | undefined;
  const classAt = (at: number): ClassResult => ({ label: labels?.[at] ?? NO_LABEL, score: values?.[at] ?? 0 });
  return Array.from({ length: rows }, (_, row) => Array.from({ length: width }, (_, i) => classAt(row * width + i)));
}

/** One value for each example. Throws INVALID_ARGUMENT where the output is no value of so many examples. */
export function regressionsOf(answer: Given): Float32Array {
  const rows = examplesIn(answer);
  const output = answer.outputs.find(({ name }) => name === 'outputs')?.tensor;
  if (output === undefined) throw invalid("Could not find output tensor 'outputs'", { tensor: 'outputs' });
  const { dtype, shape, data } = output;
  if (shape.length !== 1 && !(shape.length === 2 && shape[1] === 1)) {
    const wanted = 'either [batch_size] or [batch_size, 1]';
    throw invalid(`Expected output Tensor shape to be ${wanted} but got ${show(shape)}`, { tensor: 'outputs' });
  }
  if (shape[0] !== rows)
    throw invalid(`Input batch size did not match output batch size: ${rows} vs. ${shape[0]}`, { tensor: 'outputs' });
  if (dtype !== 'float32') {
    throw invalid(`Expected output Tensor of DT_FLOAT.  Got: DT_${typeName(dtype).toUpperCase()}`, {
      tensor: 'outputs',
    });
  }
  return data as Float32Array;
}

function examplesIn({ call }: Given): number {
  const input = call.inputs.get('inputs');
  return input !== undefined && 'shape' in input ? (input.shape[0] ?? 0) : 0;
}

function checkedMatrix(
  { outputs }: Given,
  name: string,
  dtype: 'string' | 'float32',
  rows: number,
): Tensor | undefined {
  const tensor = outputs.find((output) => output.name === name)?.tensor;
  if (tensor === undefined) return undefined;
  const detail = { tensor: name };
  const wanted = `DT_${typeName(dtype).toUpperCase()}`;
  if (tensor.shape.length !== 2)
    throw invalid(`Expected Tensor shape: [batch_size num_classes] but got ${show(tensor.shape)}`, detail);
  if (tensor.dtype !== dtype)
    throw invalid(`Expected ${name} Tensor of ${wanted}. Got: DT_${typeName(tensor.dtype).toUpperCase()}`, detail);
  if (tensor.shape[0] !== rows)
    throw invalid(`Expected ${name} output batch size of ${rows}. Got: ${tensor.shape[0]}`, detail);
  return tensor;
}

function show(shape: readonly number[]): string {
  return `[${shape.join(',')}]`;
}
