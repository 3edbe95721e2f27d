/** Reads `<model>/channels.json`: `{"stable": 12, "canary": {"version": 13, "percent": 10}, "labels": {"next": 13}}`. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FloeError } from '@floe/graph/base';
import { z } from 'zod';
import { type Channels, NO_CHANNELS } from './aspired.ts';

const CHANNELS_FILE = 'channels.json';

const version = z.int().min(0);
const canary = z.object({ version, percent: z.number().min(0).max(100) });
const ChannelsFile = z.object({
  stable: version.optional(),
  canary: canary.optional(),
  labels: z.record(z.string(), version).default({}),
});

/** No file means no channels. Throws DATA_LOSS naming file and field. */
export async function readChannels(modelFolder: string): Promise<Channels> {
  const file = join(modelFolder, CHANNELS_FILE);
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return undefined;
    throw new FloeError('UNAVAILABLE', `${file} cannot be read: ${cause.message}`, { file }, cause);
  });
  if (text === undefined) return NO_CHANNELS;
  const { stable, canary, labels } = parse(text, file);
  return { labels, ...(stable === undefined ? {} : { stable }), ...(canary === undefined ? {} : { canary }) };
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
