/**
 * `model.json`, the manifest of a frozen version: everything that is known of it beside its graph. Its JSON Schema is published
 * in `docs/model.schema.json`; readers refuse an unknown major version.
 */
import { DTYPES, type DType, FloeError, type Signature } from '@floe/graph/base';
import { z } from 'zod';
import type { ImageSpec } from './inference.ts';

/** `major.minor`: a new minor version only adds fields. */
export const MANIFEST_VERSION = '1.2';
const MANIFEST_MAJOR = 1;

const dtype = z.enum(Object.keys(DTYPES) as [DType, ...DType[]]);
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const perChannel = z.array(z.number()).min(1).max(3);

const tensorSpec = z.object({
  name: z.string().min(1).describe('Tensor name in the graph, such as `x:0`.'),
  dtype,
  shape: z.array(z.int().min(-1)).nullable().describe('Dimensions, -1 where unknown; null for an unknown rank.'),
});

const signature = z.object({
  inputs: z.record(z.string(), tensorSpec),
  outputs: z.record(z.string(), tensorSpec),
  methodName: z.string(),
});

const imageSpec = z.object({
  size: z.tuple([z.int().min(1).max(16_384), z.int().min(1).max(16_384)]).describe('Rows and columns of the tensor.'),
  channels: z.union([z.literal(1), z.literal(3)]).default(3),
  fit: z
    .enum(['fill', 'cover', 'contain'])
    .default('fill')
    .describe('`fill` stretches, `cover` crops, `contain` pads.'),
  resize: z
    .enum(['fast', 'tf-bilinear', 'tf-antialias'])
    .default('fast')
    .describe(
      '`tf-` resizes as tf.image.resize does, without or with antialias; `fast` is faster and turns photos upright.',
    ),
  colour: z.enum(['grey', 'rgb', 'bgr']).default('rgb'),
  scale: perChannel.default([1]).describe('Each value 0..255 becomes value * scale + offset, by channel.'),
  offset: perChannel.default([0]),
  layout: z.enum(['NHWC', 'NCHW']).default('NHWC'),
  invert: z.boolean().default(false).describe('Turn 0..255 into 255..0 first.'),
});

const preprocessing = z.record(z.string(), z.record(z.string(), imageSpec));

const padding = z.record(
  z.string(),
  z.object({
    inputs: z.record(
      z.string(),
      z.object({
        axes: z
          .array(z.int().min(1))
          .min(1)
          .describe('Axes that are as long as what a request brings; 0 is the batch.'),
        value: z.number().default(0).describe('What shorter requests are filled up with, behind their end.'),
      }),
    ),
    outputs: z
      .record(z.string(), z.array(z.int().min(1)))
      .default({})
      .describe('Axes that grow with the inputs.'),
  }),
);

const accuracy = z.object({
  metric: z.string().min(1),
  value: z.number().min(0).max(1),
  n: z.int().min(1).describe('Number of examples measured.'),
  dataset: z.string(),
  split: z.string(),
});

const evaluation = z.object({
  dataset: z.object({
    name: z.string(),
    digest,
    holdout: digest.describe('Of the examples held out alone: what two versions have to share to be compared.'),
  }),
  n: z.int().min(1).describe('Number of examples measured.'),
  output: z.string().describe('The output whose answers were measured.'),
  metrics: z.record(z.string(), z.number()).describe('`accuracy` and `top5`, or `mae`, `rmse` and `r2`.'),
  interval: z
    .object({ low: z.number(), high: z.number() })
    .optional()
    .describe('Where the accuracy lies, with 95 % (Wilson).'),
  confusion: z
    .array(z.tuple([z.int(), z.int(), z.int()]))
    .optional()
    .describe('Truth, answer and how often, where that was seen.'),
});

const training = z.object({
  trainer: z.string(),
  baseVersion: z.int().min(0),
  dataset: digest,
  seed: z.int().optional(),
  parameters: z.record(z.string(), z.json()),
});

const checkpoint = z.object({
  format: z.enum(['saved-model', 'meta-graph', 'frozen-graph', 'graph-and-checkpoint', 'tfjs']),
  globalStep: z.number().nullable(),
  producers: z.object({
    tensorflow: z.string(),
    graphProducer: z.int(),
    graphMinConsumer: z.int(),
    convertedBy: z.string().optional(),
  }),
  tags: z.array(z.string()),
  digests: z.record(z.string(), z.string()).describe('SHA-256 of every file that was read.'),
});

/** What a person tells `floe freeze` of a model, in `floe.json`: the parts of the manifest that no graph contains. */
export const Description = z.strictObject({
  labels: z.array(z.string()).default([]).describe('Class names by index.'),
  preprocessing: preprocessing.default({}).describe('By signature, then by input key.'),
  padding: padding.default({}).describe('By signature: how requests of different lengths may share a run.'),
  accuracy: accuracy.optional().describe('Measured accuracy, 0..1.'),
});
export type Description = z.infer<typeof Description>;

export const Manifest = Description.extend({
  schemaVersion: z.string().regex(/^\d+\.\d+$/),
  name: z.string().min(1),
  version: z.int().min(0),
  defaultSignature: z.string(),
  signatures: z.record(z.string(), signature).describe('Named inputs and outputs, by signature key.'),
  outputNodes: z.array(z.string()).describe('Graph nodes that the outputs come from.'),
  checkpoint: checkpoint.describe('Where the weights came from.'),
  rowIndependent: z
    .record(z.string(), z.object({ proved: z.boolean(), reason: z.string() }))
    .describe('By signature, as far as compiled: whether rows of a batch do not influence each other.'),
  deterministic: z.boolean(),
  opset: z.int().optional().describe('ONNX opset that was asked for; absent: the compiler chooses.'),
  lineage: z.object({
    source: z.string(),
    producer: z.string(),
    training: training.optional().describe('How it was trained on from another version.'),
  }),
  evaluation: evaluation.optional().describe('What was measured in the engine by examples held out.'),
  files: z
    .record(z.string(), z.object({ bytes: z.int().min(0), sha256: digest }))
    .describe('Content digests, by path.'),
  compiled: z
    .record(z.string(), z.object({ bytes: z.int().min(0), sha256: digest }))
    .optional()
    .describe('Of what was compiled when the version was published.'),
}).loose();
export type Manifest = z.infer<typeof Manifest>;
export type Lineage = Manifest['lineage'];

/** A model's name becomes a folder and part of URLs. */
export function isModelName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name);
}

/** Reads a manifest's text. Throws FAILED_PRECONDITION for an unknown major version and DATA_LOSS naming the first wrong field. */
export function parseManifest(text: string, file: string): Manifest {
  const raw = parseJson(text, file);
  const version = z.object({ schemaVersion: z.string() }).safeParse(raw).data?.schemaVersion ?? '';
  const major = Number.parseInt(version, 10);
  if (Number.isInteger(major) && major !== MANIFEST_MAJOR) {
    throw new FloeError(
      'FAILED_PRECONDITION',
      `${file} has schema version ${version}; this Floe reads ${MANIFEST_MAJOR}.x`,
      { file },
    );
  }
  return parseWith(Manifest, raw, file);
}

/** Reads the text of a `floe.json`. Throws INVALID_ARGUMENT-like DATA_LOSS naming the first wrong field. */
export function parseDescription(text: string, file: string): Description {
  return parseWith(Description, parseJson(text, file), file);
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FloeError('DATA_LOSS', `${file} is not JSON: ${(cause as Error).message}`, { file }, cause);
  }
}

function parseWith<T>(schema: z.ZodType<T>, raw: unknown, file: string): T {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => ({ file, field: issue.path.join('.'), reason: issue.message }));
  const first = issues[0];
  throw new FloeError('DATA_LOSS', `${file}: ${first?.field || 'the whole'}: ${first?.reason}`, issues);
}

/** Zod's types and the hand-written words of `inference.ts` and `@floe/graph` describe the same data; this line says so. */
export type ManifestFits =
  Manifest['signatures'] extends Record<string, Signature>
    ? Manifest['preprocessing'] extends Record<string, Record<string, ImageSpec>>
      ? true
      : never
    : never;
true satisfies ManifestFits;
