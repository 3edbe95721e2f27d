/** Reads `<model>/channels.json`: `{"stable": 12, "labels": {"next": 13}}`. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FloeError } from '@floe/graph/base';
import { z } from 'zod';
import { type Channels, NO_CHANNELS } from './aspired.ts';

const CHANNELS_FILE = 'channels.json';

const version = z.int().min(0);
const ChannelsFile = z.object({ stable: version.optional(), labels: z.record(z.string(), version).default({}) });

/** No file means no channels. Throws DATA_LOSS naming file and field. */
export async function readChannels(modelFolder: string): Promise<Channels> {
  const file = join(modelFolder, CHANNELS_FILE);
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return undefined;
    throw new FloeError('UNAVAILABLE', `${file} cannot be read: ${cause.message}`, { file }, cause);
  });
  if (text === undefined) return NO_CHANNELS;
  const { stable, labels } = parse(text, file);
  return stable === undefined ? { labels } : { stable, labels };
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
