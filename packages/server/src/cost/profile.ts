/**
 * The form in which learned costs are kept: JSON, one file for each kind of machine and compiled graph, and one for the machine's rate.
 * A file of another version, or one that makes no sense, is as good as none: costs are learned again.
 */
import { z } from 'zod';
import type { StoredShape } from './cost-model.ts';

/** Raise it when the meaning of a field changes. */
const PROFILE_VERSION = 1;
const version = z.literal(PROFILE_VERSION);
const amount = z.number().positive();

const Profile = z.object({
  version,
  /** In words, for whoever opens the file. */
  machine: z.string(),
  artefact: z.string(),
  shapes: z.array(
    z.object({
      key: z.string(),
      elements: z.number().min(0),
      preferredRows: amount.optional(),
      points: z.array(z.tuple([amount, amount, amount])),
    }),
  ),
});

const Rate = z.object({ version, machine: z.string(), flopsPerSecond: amount });

export function writeProfile(machine: string, artefact: string, shapes: readonly StoredShape[]): string {
  return text({ version: PROFILE_VERSION, machine, artefact, shapes });
}

/** Undefined for anything but a profile of this version. */
export function readProfile(json: string): readonly StoredShape[] | undefined {
  return Profile.safeParse(parse(json)).data?.shapes;
}

export function writeRate(machine: string, flopsPerSecond: number): string {
  return text({ version: PROFILE_VERSION, machine, flopsPerSecond });
}

export function readRate(json: string): number | undefined {
  return Rate.safeParse(parse(json)).data?.flopsPerSecond;
}

function text(value: object): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
