/** Reads `<model>/channels.json`: `{"stable": 12, "canary": {"version": 13, "percent": 10}, "labels": {"next": 13}}`. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FloeError } from '@floe/graph/base';
import { z } from 'zod';
import type { Canary } from '../core/canary.ts';
import { type Channels, NO_CHANNELS } from './aspired.ts';

export const CHANNELS_FILE = 'channels.json';

const version = z.int().min(0);
const percent = z.number().min(0).max(100);
const canary = z.object({ version, percent, steps: z.array(percent).optional() });
const channels = {
  stable: version.optional(),
  canary: canary.optional(),
  labels: z.record(z.string(), version).default({}),
};
export const Pointers = z.object(channels);

/** Who moved the channels of a model last, when and why, and what they were. */
const Change = z.object({
  id: z.string(),
  by: z.string(),
  at: z.string(),
  why: z.string(),
  from: Pointers,
});
export type Change = z.infer<typeof Change>;

const ChannelsFile = z.object({ ...channels, change: Change.optional() });

export interface ChannelsWithChange {
  readonly channels: Channels;
  /** Absent where a person wrote the file. */
  readonly change?: Change;
}

/** No file means no channels. Throws DATA_LOSS naming file and field. */
export async function readChannels(modelFolder: string): Promise<Channels> {
  const file = join(modelFolder, CHANNELS_FILE);
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return undefined;
    throw new FloeError('UNAVAILABLE', `${file} cannot be read: ${cause.message}`, { file }, cause);
  });
  return text === undefined ? NO_CHANNELS : parseChannels(text, file).channels;
}

/** Throws DATA_LOSS naming file and field. */
export function parseChannels(text: string, file: string): ChannelsWithChange {
  const { change, ...pointers } = parse(text, file);
  return { channels: channelsOf(pointers), ...(change === undefined ? {} : { change }) };
}

/** Of what may be undefined only what is there. */
export function channelsOf({ stable, canary, labels }: z.infer<typeof Pointers>): Channels {
  return {
    labels,
    ...(stable === undefined ? {} : { stable }),
    ...(canary === undefined ? {} : { canary: canaryOf(canary) }),
  };
}

function canaryOf({ version, percent, steps }: z.infer<typeof canary>): Canary {
  return steps === undefined ? { version, percent } : { version, percent, steps };
}

function parse(text: string, file: string): z.infer<typeof ChannelsFile> {
  try {
    return ChannelsFile.parse(JSON.parse(text));
  } catch (cause) {
    const issue = cause instanceof z.ZodError ? cause.issues[0] : undefined;
    const field = issue?.path.join('.') ?? '';
    throw new FloeError(
      'DATA_LOSS',
      `${file} is no channels file: ${issue?.message ?? (cause as Error).message}`,
      { file, field },
      cause,
    );
  }
}
