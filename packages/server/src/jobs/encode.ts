/** Text and JSON as PostgreSQL takes them: it has no place for NUL and for halves of characters, which a trainer's output may hold. */
import { invalid } from '@floe/graph/base';
import type { Json } from './job.ts';

/** Characters of JSON that a payload, a result or a checkpoint may have. */
export const MOST_JSON = 2 ** 20;

export function clean(text: string): string {
  return text.replaceAll('\0', '\ufffd').toWellFormed();
}

/** Numbers that JSON has no word for become null. Throws INVALID_ARGUMENT for what is no JSON, or longer than `limit` characters. */
export function encode(value: Json | undefined, what: string, limit: number): string {
  const text = stringify(value ?? null, what);
  if (text.length > limit)
    throw invalid(`${what} is too long: ${text.length} characters of JSON, at most ${limit}`, { field: what });
  return text;
}

function stringify(value: Json, what: string): string {
  try {
    return JSON.stringify(value, (_, part: unknown) => (typeof part === 'string' ? clean(part) : withCleanKeys(part)));
  } catch (cause) {
    throw invalid(`${what} is no JSON: ${(cause as Error).message}`, { field: what });
  }
}

function withCleanKeys(part: unknown): unknown {
  if (part === null || typeof part !== 'object' || Array.isArray(part)) return part;
  const keys = Object.keys(part);
  if (keys.every((key) => key === clean(key))) return part;
  return Object.fromEntries(Object.entries(part).map(([key, value]) => [clean(key), value]));
}
