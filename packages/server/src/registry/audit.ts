/**
 * Who did what to a model, when and why: an object for each change, below `<model>/audit/`, named so that they sort by time. A change of
 * channels says what they were within the same write that changes them, so that none is ever without its entry for longer than until the next.
 */
import { FloeError } from '@floe/graph/base';
import { z } from 'zod';
import { jsonBytes, jsonOf, type ObjectStore, type StoredObject } from '../store/objects/object-store.ts';
import type { Channels } from './aspired.ts';
import { type Change, channelsOf, Pointers } from './channels.ts';

/** On whose behalf something is changed. */
export interface Actor {
  readonly by: string;
  readonly why?: string;
}

const entry = { id: z.string(), by: z.string(), at: z.string(), why: z.string() };
const Entry = z.discriminatedUnion('action', [
  z.object({ ...entry, action: z.literal('channels'), from: Pointers, to: Pointers }),
  z.object({ ...entry, action: z.literal('publish'), version: z.int() }),
  z.object({ ...entry, action: z.literal('delete'), version: z.int() }),
]);

interface Said {
  readonly id: string;
  readonly by: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly why: string;
}

export type AuditEntry = Said &
  (
    | { readonly action: 'channels'; readonly from: Channels; readonly to: Channels }
    | { readonly action: 'publish' | 'delete'; readonly version: number }
  );

export class Audit {
  private readonly objects: ObjectStore;

  constructor(objects: ObjectStore) {
    this.objects = objects;
  }

  async write(model: string, entry: AuditEntry): Promise<void> {
    await this.objects.put(keyOf(model, entry.id), jsonBytes(entry), { ifAbsent: true });
  }

  /** Writes the entry of a change that was made, in case that whoever made it could not. */
  async complete(model: string, change: Change, to: Channels): Promise<void> {
    const { id, by, at, why, from } = change;
    await this.write(model, { id, by, at, why, action: 'channels', from: channelsOf(from), to });
  }

  /** The oldest first. Throws DATA_LOSS. */
  async read(model: string): Promise<readonly AuditEntry[]> {
    const entries: AuditEntry[] = [];
    for await (const { key } of this.objects.list(`${model}/audit/`)) {
      const found = (await this.objects.get(key)) as StoredObject | undefined;
      if (found !== undefined) entries.push(parse(jsonOf(found, key), key));
    }
    return entries;
  }
}

/** Sorts by time; differs from all others of that moment. */
export function changeId(at: Date, random: string): string {
  return `${at.toISOString().replaceAll(':', '-')}-${random}`;
}

function keyOf(model: string, id: string): string {
  return `${model}/audit/${id}.json`;
}

function parse(raw: unknown, key: string): AuditEntry {
  const parsed = Entry.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new FloeError('DATA_LOSS', `${key}: ${issue?.path.join('.')}: ${issue?.message}`, { file: key });
  }
  const { data } = parsed;
  return data.action === 'channels' ? { ...data, from: channelsOf(data.from), to: channelsOf(data.to) } : data;
}
