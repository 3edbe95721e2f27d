/** What would have been right, said over HTTP and kept in a real database. */
import { hash } from 'node:crypto';
import type { Tensor } from '@floe/graph';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabelledExample } from '../../src/feedback/examples.ts';
import { Feedback } from '../../src/feedback/feedback.ts';
import { exampleRows } from '../../src/feedback/rows.ts';
import { type ApiKey, authorizeByKey, type Identity } from '../../src/transport/identity/identity.ts';
import { MemoryPayloads } from '../feedback/payloads.ts';
import { type Scratch, scratchEmbedded } from '../sql/scratch.ts';
import { ask, type Fixture, type Reply, startServer } from './fixture.ts';

const SETTINGS = { sampling: 1, redact: [], retentionDays: 1, budgetBytes: 1e9, labelsPerMinute: 100, share: 1 };

let scratch: Scratch;
let feedback: Feedback;
let fixture: Fixture;
beforeAll(async () => {
  scratch = await scratchEmbedded();
  const onError = (error: Error): never => {
    throw error;
  };
  feedback = await Feedback.open(scratch.sql, new MemoryPayloads(), SETTINGS, { onError, wait: async () => {} });
  fixture = await startServer({}, { feedback });
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
  await feedback.close();
  await scratch.remove();
});

const say = (body: object, model = 'adder'): Promise<Reply> =>
  ask(`${fixture.url}/v1/models/${model}/feedback`, { method: 'POST', body: JSON.stringify(body) });

/** A request that was answered: the second of two classes. */
function answered(requestId: string): void {
  const tensor: Tensor = { dtype: 'float32', shape: [1, 2], data: Float32Array.of(0, 1) };
  const servable = {
    model: 'adder',
    version: 2,
    signatures: {},
    defaultSignature: 's',
    labels: [],
    preprocessing: {},
    metadata: {},
    deterministic: true,
  };
  const outputs = [{ name: 'y', tensor }];
  feedback.record({ requestId, servable, version: 2, caller: 'c', inputs: new Map([['x', tensor]]), outputs });
}

async function examples(): Promise<LabelledExample[]> {
  const list: LabelledExample[] = [];
  for await (const example of feedback.examples('adder')) list.push(example);
  return list;
}

describe('feedback', () => {
  test('of a request is credited to the version that answered', async () => {
    answered('q1');
    const { status, text } = await say({ requestId: 'q1', label: 1 });
    expect([status, JSON.parse(text)]).toEqual([200, { requestId: 'q1', version: 2, rows: 1, right: 1 }]);
  });

  test('can bring its input along, row by row', async () => {
    const { status, text } = await say({
      instances: [
        [1, 2],
        [3, 4],
      ],
      labels: [0, 1],
    });
    expect([status, JSON.parse(text).rows]).toEqual([200, 2]);
    const rows = exampleRows((await examples()).at(-1) as LabelledExample);
    expect(rows.map((row) => [row.get('x')?.data, row.get('label')?.data])).toEqual([
      [Float32Array.of(1, 2), BigInt64Array.of(0n)],
      [Float32Array.of(3, 4), BigInt64Array.of(1n)],
    ]);
  });

  test.each([
    [{ requestId: 'none', label: 1 }, 404, 'requestId'],
    [{ requestId: 'q1' }, 400, 'label'],
    [{ label: 1 }, 400, 'requestId'],
    [{ requestId: 'q1', instances: [[1, 2]], label: 1 }, 400, 'requestId'],
    [{ requestId: 7, label: 1 }, 400, 'requestId'],
    [{ requestId: 'q1', label: 'seven' }, 400, 'label'],
    [{ requestId: 'q1', label: -1 }, 400, 'label'],
    [{ requestId: 'q1', label: [1] }, 400, 'label'],
    [{ requestId: 'q1', labels: 1 }, 400, 'labels'],
    [{ requestId: 'q1', labels: [1, 1] }, 400, 'labels'],
    [{ instances: [[1]], label: 1 }, 400, 'x'],
    [{ instances: [[1, 2]], label: 1, subject: '' }, 400, 'subject'],
  ])('%j is refused with %i naming %s', async (body, status, field) => {
    answered('q1');
    const reply = await say(body);
    expect(reply.status).toBe(status);
    expect(JSON.parse(reply.text).error.requestId).toBe(reply.headers.get('x-request-id'));
    expect(reply.text).toContain(field);
  });

  test('about a model that is not there is 404, and what is no JSON 400', async () => {
    expect((await say({ requestId: 'q1', label: 1 }, 'none')).status).toBe(404);
    const reply = await ask(`${fixture.url}/v1/models/adder/feedback`, { method: 'POST', body: '{"label"' });
    expect([reply.status, JSON.parse(reply.text).error.code]).toEqual([400, 'INVALID_ARGUMENT']);
    const more = '{"requestId": "q1", "label": 1} {"requestId": "q2", "label": 1}';
    const twice = await ask(`${fixture.url}/v1/models/adder/feedback`, { method: 'POST', body: more });
    expect([twice.status, twice.text]).toEqual([400, expect.stringContaining('bytes after the JSON')]);
  });

  test('needs a scope of its own, and a server that keeps it', async () => {
    const digest = hash('sha256', 'key', 'buffer');
    const reader: ApiKey = { name: 'reader', weight: 1, scopes: new Set(['infer']), digest };
    const identity: Identity = { authorize: (_, scope) => authorizeByKey([reader], 'Bearer key', scope) };
    await using guarded = await startServer({}, { feedback, identity });
    const refused = await ask(`${guarded.url}/v1/models/adder/feedback`, { method: 'POST', body: '{}' });
    expect(refused.status).toBe(403);
    await using without = await startServer();
    const none = await ask(`${without.url}/v1/models/adder/feedback`, { method: 'POST', body: '{}' });
    expect([none.status, JSON.parse(none.text).error.code]).toEqual([501, 'UNIMPLEMENTED']);
  });
});
