/** A server that keeps feedback in PostgreSQL: what callers say closes its cache, can be exported, and is forgotten when asked. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deleteFeedback, exportFeedback } from '../../packages/server/src/cli/feedback-commands.ts';
import { type RunningServer, startServer } from '../../packages/server/src/cli/server.ts';
import { resolveConfig } from '../../packages/server/src/core/config.ts';
import { parseExamples } from '../../packages/server/src/train/dataset.ts';
import { digitsFolder, EXAMPLE, type ModelsFolder } from '../../packages/server/test/support/digits.ts';
import { server } from './server.ts';

/** As many as a live figure needs to count. */
const LABELS = 200;

const postgres = server();
let folder: ModelsFolder;
let floe: RunningServer;
let sql: string;
let feedbackDir: string;
beforeAll(async () => {
  folder = await digitsFolder();
  sql = await postgres.process.database('serving');
  feedbackDir = join(folder.root, '.feedback');
  const options = {
    httpPort: 0,
    adminPort: 0,
    grpcPort: 'off',
    cacheDir: join(folder.root, '.cache'),
    labelsPerMinute: 10_000,
  };
  const config = resolveConfig({ models: folder.root, sql, feedbackDir, ...options }, {}, {});
  floe = await startServer(config, pino({ level: 'silent' }));
});
afterAll(async () => {
  await floe?.close();
  await folder?.remove();
});

async function predict(id: string, subject: string): Promise<string> {
  const response = await fetch(`${floe.http}/v1/models/digits:predict`, {
    method: 'POST',
    headers: { 'content-type': 'image/png', 'x-request-id': id, 'x-subject': subject },
    body: new Uint8Array(await readFile(join(EXAMPLE, 'images/7-a.png'))),
  });
  await response.arrayBuffer();
  return response.headers.get('x-cache') ?? '';
}

async function label(requestId: string, digit: string): Promise<unknown> {
  const body = JSON.stringify({ requestId, label: digit });
  return (await fetch(`${floe.http}/v1/models/digits/feedback`, { method: 'POST', body })).json();
}

it('credits labels, and closes the cache when callers say that the model is wrong', async () => {
  expect(await predict('first', 'ann')).toMatch(/^miss/);
  expect(await label('first', '7')).toEqual({ requestId: 'first', version: 1, rows: 1, right: 1 });
  expect(await predict('second', 'ann')).toMatch(/^hit/);
  for (let n = 0; n < LABELS; n++) {
    await predict(`wrong-${n}`, 'bob');
    expect(await label(`wrong-${n}`, '3')).toMatchObject({ right: 0 });
  }
  expect(await predict('third', 'bob')).toMatch(/^bypass; closed: accuracy 0.00\d+ is below/);
});

it('gives what was labelled as examples, and forgets whom it is told to', async () => {
  const options = { sql, feedbackDir, json: true };
  const out = join(folder.root, 'digits.tfrecord');
  await exportFeedback({ ...options, model: 'digits', out });
  const bytes = await readFile(out);
  let records = 0;
  for (let at = 0; at < bytes.length; at += 16 + Number(bytes.readBigUInt64LE(at))) records++;
  expect(records).toBe(LABELS + 1);
  const arrays = join(folder.root, 'digits.npz');
  await exportFeedback({ ...options, models: folder.root, model: 'digits', out: arrays });
  const { inputs, labels } = parseExamples(await readFile(arrays), arrays);
  expect([labels.length, inputs.get('x')?.shape]).toEqual([LABELS + 1, [LABELS + 1, 28, 28, 1]]);
  await deleteFeedback({ ...options, subject: 'bob' });
  await exportFeedback({ ...options, model: 'digits', out });
  expect((await readFile(out)).length).toBe(bytes.length / records);
});
