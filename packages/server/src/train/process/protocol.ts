/**
 * What a trainer's process says on its standard output, a line each, and what it hears on its standard input. A line that is no such object
 * is a line of its log.
 *
 *   {"progress": 0.25}                        share that is done
 *   {"metric": {"loss": 0.31, "epoch": 4}}    numbers
 *   {"log": "four classes"}
 *   {"checkpoint": true}                      the checkpoint folder is whole, and stays as it is until the answer {"kept": true} comes
 *   {"result": ...}                           what it has to say at its end; the last one counts
 *   {"error": {"code": ..., "message": ...}}  why it will exit with another code than 0
 */
import { ERROR_CODES, type ErrorCode } from '@floe/graph/base';
import { z } from 'zod';
import type { Parameter } from '../../core/trainer.ts';

/** What is said back. */
export const KEPT = '{"kept":true}\n';

const code = z.enum(ERROR_CODES);

const Said = z.union([
  z.strictObject({ progress: z.number().min(0).max(1) }),
  z.strictObject({ metric: z.record(z.string(), z.number()) }),
  z.strictObject({ log: z.string() }),
  z.strictObject({ checkpoint: z.literal(true) }),
  z.strictObject({ result: z.json() }),
  z.strictObject({ error: z.strictObject({ code, message: z.string() }) }),
]);

export type Said =
  | { readonly progress: number }
  | { readonly metric: Readonly<Record<string, number>> }
  | { readonly log: string }
  | { readonly checkpoint: true }
  | { readonly result: Parameter }
  | { readonly error: { readonly code: ErrorCode; readonly message: string } };

export function parseSaid(line: string): Said {
  if (!line.startsWith('{')) return { log: line };
  try {
    const parsed = Said.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : { log: line };
  } catch {
    return { log: line };
  }
}

export function saidLine(said: Said): string {
  return `${JSON.stringify(said)}\n`;
}
