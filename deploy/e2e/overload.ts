/**
 * Many times more work than a small container can do, for a while: it has to answer what it can, refuse the rest with 429 and live. Prints what it was
 * answered, by status. usage: node overload.ts URL pixels|photographs RATE SECONDS
 */
import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { photograph } from './road/models.ts';
import { ask, photoQuestion, type Question } from './road/requests.ts';

const [url = '', kind = '', rate = '', seconds = ''] = process.argv.slice(2);
const TIMEOUT_MS = 60_000;
const PIXELS = [1, 224, 224, 3];

function pixels(): Question {
  const bytes = 4 * PIXELS.reduce((a, b) => a * b);
  const parameters = { binary_data_size: bytes };
  const header = JSON.stringify({
    inputs: [{ name: process.env['FLOE_INPUT'], datatype: 'FP32', shape: PIXELS, parameters }],
  });
  return {
    path: '/v2/models/mobilenet/infer',
    headers: { 'inference-header-content-length': String(header.length) },
    body: Buffer.concat([Buffer.from(header), Buffer.alloc(bytes)]),
  };
}

/** Each a little different, so that none is known already. */
async function photographs(): Promise<(turn: number) => Question> {
  const jpegs = await Promise.all(Array.from({ length: 64 }, (_, n) => photograph(480 + n, 360)));
  return (turn) => photoQuestion(jpegs[turn % jpegs.length] as Buffer, 1);
}

const question = kind === 'pixels' ? pixels : await photographs();
const agent = new Agent({ keepAlive: true, maxSockets: 256 });
const counts: Record<string, number> = {};
const all: Promise<void>[] = [];
const start = performance.now();
while (performance.now() - start < Number(seconds) * 1000) {
  for (const due = ((performance.now() - start) / 1000) * Number(rate); all.length < due; ) {
    const asked = ask(url, agent, question(all.length), TIMEOUT_MS).then(
      ({ status }) => String(status),
      (error: Error) => error.message,
    );
    all.push(
      asked.then((what) => {
        counts[what] = (counts[what] ?? 0) + 1;
      }),
    );
  }
  await delay(5);
}
await Promise.all(all);
agent.destroy();
process.stdout.write(`${kind}: ${JSON.stringify(counts)}\n`);
assert.ok((counts['200'] ?? 0) > 0 && (counts['429'] ?? 0) > 0, 'nothing was answered, or nothing refused');
assert.deepEqual(Object.keys(counts).sort(), ['200', '429'], 'something else came back');
