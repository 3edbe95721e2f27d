/** What can be set of the `head` trainer. */
import { FloeError } from '@floe/graph/base';
import { z } from 'zod';

export const HeadParameters = z.strictObject({
  layers: z
    .union([z.literal(1), z.literal(2)])
    .default(1)
    .describe('How many of the last dense layers are trained.'),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(1),
  steps: z.int().min(1).max(10_000_000).default(500).describe('The most, in whole epochs.'),
  patience: z
    .int()
    .min(1)
    .default(3)
    .describe('Epochs without a better loss on the validation examples until it ends.'),
  batch: z.int().min(1).max(8192).default(128).describe('Examples a step.'),
  learningRate: z.number().positive().max(10).default(3e-3),
  l2: z.number().min(0).max(10).default(1e-4),
  validation: z.number().min(0.01).max(0.5).default(0.1).describe('Share of the examples that only says when to stop.'),
  balance: z.boolean().default(true).describe('Every class counts the same, however many examples it has.'),
  feedbackShare: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe("Share of an epoch's examples that came from users; absent: as many as there are."),
});
export type HeadParameters = z.infer<typeof HeadParameters>;

/** Throws INVALID_ARGUMENT naming the first parameter that is wrong. */
export function headParameters(raw: unknown): HeadParameters {
  const parsed = HeadParameters.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  throw new FloeError('INVALID_ARGUMENT', `parameter ${field || 'set'} of the head trainer: ${issue?.message}`, {
    field: `parameters.${field}`,
  });
}
