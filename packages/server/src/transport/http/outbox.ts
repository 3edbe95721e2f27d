/**
 * Small answers of one turn of the event loop, written one behind the other at its end. A write wakes whoever waits for it, and that is most
 * of what it costs: to a reader that is still awake from the answer before it costs a third. Answers from the cache, 32 callers: 44 us
 * of CPU for each instead of 66 (`bench/limits hit`); a single caller waits a microsecond longer.
 */
import type { ServerResponse } from 'node:http';

interface Letter {
  readonly response: ServerResponse;
  readonly status: number;
  readonly headers: string[];
  readonly body: string;
}

let letters: Letter[] = [];

/** `body`: characters are bytes. `headers`: names and values in turn. */
export function post(response: ServerResponse, status: number, headers: string[], body: string): void {
  if (letters.length === 0) setImmediate(deliver);
  letters.push({ response, status, headers, body });
}

function deliver(): void {
  const all = letters;
  letters = [];
  for (const { response, status, headers, body } of all) response.writeHead(status, headers).end(body, 'latin1');
}
