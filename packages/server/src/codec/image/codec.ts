/**
 * A picture as the whole request: the body of a `:predict` call is a JPEG, PNG or WebP, and the answer says what it shows, in our own
 * form: `{"predictions": [{label, index, score, top}], "model": {name, version}}`.
 */
import { FloeError, invalid, type Tensor } from '@floe/graph/base';
import type { Answer, Codec, InferCall, NamedTensor, ServableInfo } from '../../core/inference.ts';
import { topIndices } from '../top.ts';

export interface ImageRequest {
  readonly body: Uint8Array;
}

export interface ImageReply {
  readonly predictions: readonly Prediction[];
  readonly model: { readonly name: string; readonly version: number };
}

export interface Prediction {
  readonly label: string;
  readonly index: number;
  /** Absent where the model tells the class alone. */
  readonly score?: number;
  /** The best classes, best first; at most five. */
  readonly top?: readonly { readonly label: string; readonly index: number; readonly score: number }[];
}

const TOP = 5;
const INTEGERS = new Set(['int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64']);

export const imageCodec: Codec<ImageRequest, ImageReply> = { decode: decodeImage, encode: encodeClasses };

function decodeImage(request: ImageRequest, servable: ServableInfo): InferCall {
  const [input = '', ...others] = imageInputs(servable);
  if (others.length > 0) {
    throw invalid(`model "${servable.model}" has several inputs; send a form or JSON with {"b64": "..."} for images`, {
      tensor: input,
    });
  }
  if (request.body.length === 0) throw invalid('the body is empty', { tensor: input });
  return { signature: servable.defaultSignature, inputs: new Map([[input, { images: [request.body] }]]) };
}

/** Inputs of the default signature, all of which have to take images. */
export function imageInputs(servable: ServableInfo): readonly string[] {
  const { defaultSignature: signature, model } = servable;
  const specs = servable.preprocessing[signature] ?? {};
  const inputs = Object.keys(servable.signatures[signature]?.inputs ?? {});
  if (Object.keys(specs).length === 0) {
    throw new FloeError(
      'FAILED_PRECONDITION',
      `model "${model}" takes no images: it has no image preprocessing; put {"preprocessing": {"${signature}": {"<input>": {"size": [height, width]}}}} into a floe.json and give it to floe freeze`,
      { field: `preprocessing.${signature}` },
    );
  }
  const plain = inputs.filter((input) => !Object.hasOwn(specs, input));
  if (plain.length === 0) return inputs;
  throw invalid(`model "${model}" has ${inputs.length} inputs; send JSON with {"b64": "..."} for images`, {
    tensor: plain.join(', '),
  });
}

/** The classes that the outputs name, best first. */
export function encodeClasses({ servable, version, outputs }: Answer): ImageReply {
  const model = { name: servable.model, version };
  const scores = scoresOf(outputs);
  if (scores !== undefined) return { predictions: rowsOf(scores).map((row) => byScore(row, servable.labels)), model };
  const classes = outputs.find(({ tensor }) => INTEGERS.has(tensor.dtype) && isOnePerRow(tensor))?.tensor;
  if (classes === undefined) {
    throw new FloeError(
      'FAILED_PRECONDITION',
      `model "${servable.model}" has no output of classes; ask with JSON instead`,
    );
  }
  const predictions = Array.from(classes.data as ArrayLike<number | bigint>, (value) => {
    const index = Number(value);
    return { label: labelOf(servable.labels, index), index };
  });
  return { predictions, model };
}

/** The float output [batch, classes]; of several, the one that is a probability distribution. */
function scoresOf(outputs: readonly NamedTensor[]): Tensor | undefined {
  const candidates = outputs
    .map(({ tensor }) => tensor)
    .filter(({ dtype, shape }) => (dtype === 'float32' || dtype === 'float64') && shape.length === 2 && shape[1] !== 0);
  return candidates.find((tensor) => rowsOf(tensor).every(isDistribution)) ?? candidates[0];
}

function rowsOf(tensor: Tensor): number[][] {
  const [rows = 0, width = 0] = tensor.shape;
  const data = tensor.data as ArrayLike<number>;
  return Array.from({ length: rows }, (_, row) => Array.from({ length: width }, (_, i) => data[row * width + i] ?? 0));
}

function isDistribution(row: readonly number[]): boolean {
  const sum = row.reduce((total, value) => total + value, 0);
  return row.length > 1 && Math.abs(sum - 1) < 1e-2 && row.every((value) => value >= 0);
}

function isOnePerRow({ shape, data }: Tensor): boolean {
  return data.length === (shape[0] ?? 1);
}

/** One score for two labels is that of the second, as a sigmoid gives it. */
function byScore(row: readonly number[], labels: readonly string[]): Prediction {
  const [only = 0] = row;
  const scores = row.length === 1 && labels.length === 2 ? [1 - only, only] : row;
  const top = topIndices(scores, TOP).map((index) => ({
    label: labelOf(labels, index),
    index,
    score: scores[index] ?? 0,
  }));
  const [best = { label: '', index: 0, score: 0 }] = top;
  return { ...best, top };
}

function labelOf(labels: readonly string[], index: number): string {
  return labels[index] ?? String(index);
}
