/** How a model is trained on: with what, from what, when, and what becomes of the result. Written by a person, as JSON or YAML. */
import { type ErrorCode, FloeError } from '@floe/graph/base';
import { z } from 'zod';

const percent = z.number().min(0).max(100);

export const TrainingPlan = z.strictObject({
  trainer: z.string().default('head').describe('A trainer that workers have.'),
  parameters: z.record(z.string(), z.json()).default({}).describe("The trainer's own."),
  dataset: z
    .string()
    .optional()
    .describe(
      'Name of the set that the model was first trained on; what it holds out decides. Absent: corrections alone.',
    ),
  after: z
    .strictObject({
      labels: z.int().min(1).optional().describe('New labelled requests since the last training.'),
      hours: z.number().positive().optional().describe('Hours since the last training began, if there is a new label.'),
    })
    .default({})
    .describe('When to train without being asked; empty: never.'),
  rollout: z
    .union([z.literal(false), z.array(percent).min(1)])
    .default([10, 50])
    .describe(
      'Shares in percent that a better version gets one after the other until it is stable; false: a person decides.',
    ),
  tolerance: z.number().min(0).max(1).optional().describe('What the score may lack of the stable version.'),
  costSeconds: z.number().min(0).default(60).describe('What it will take, about: shorter ones come first.'),
});
export type TrainingPlan = z.infer<typeof TrainingPlan>;

/** Throws `code` naming the first wrong field. */
export function parsePlan(raw: unknown, file: string, code: ErrorCode = 'INVALID_ARGUMENT'): TrainingPlan {
  const parsed = TrainingPlan.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  throw new FloeError(code, `${file}: ${field || 'the whole'}: ${issue?.message}`, { file, field });
}

/** What is known of a model's trainings so far. */
export interface TrainingFacts {
  /** Labelled requests now, and when the last training was asked for; 0 where there was none. */
  readonly labelled: number;
  readonly labelledThen: number;
  /** Hours since then; Infinity where there was none. */
  readonly hoursSince: number;
}

/** Why to train now; undefined: not yet. Labels may have become fewer, as they grow old. */
export function dueTraining(
  { after }: TrainingPlan,
  { labelled, labelledThen, hoursSince }: TrainingFacts,
): string | undefined {
  const fresh = labelled - Math.min(labelled, labelledThen);
  if (after.labels !== undefined && fresh >= after.labels) return `${fresh} new labels, ${after.labels} are waited for`;
  if (after.hours !== undefined && fresh > 0 && hoursSince >= after.hours)
    return `${fresh} new labels, and ${after.hours} hours have passed`;
  return undefined;
}
