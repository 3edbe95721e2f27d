import type { FloeError, Tensor } from '@floe/graph/base';
import { sql as query } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LiveFigure } from '../../src/core/accuracy.ts';
import type { Interaction } from '../../src/core/feedback.ts';
import type { ServableInfo } from '../../src/core/inference.ts';
import { Feedback } from '../../src/feedback/feedback.ts';
import type { FeedbackSettings } from '../../src/feedback/settings.ts';
import type { Sql } from '../../src/sql/sql.ts';
import type { Scratch } from '../sql/scratch.ts';
import { MemoryPayloads } from './payloads.ts';

const SETTINGS: FeedbackSettings = {
  sampling: 1,
  redact: [],
  retentionDays: 30,
  budgetBytes: 1e9,
  labelsPerMinute: 1000,
  share: 0.5,
};

const classes = ['zero', 'one', 'two'];
const servable = (model: string): ServableInfo => ({
  model,
  version: 1,
  signatures: {},
  defaultSignature: 'serving_default',
  labels: classes,
  preprocessing: {},
  metadata: {},
  deterministic: true,
});

/** An answer that says `klass` of one row. */
function answer(requestId: string, klass: number, more: Partial<Interaction> & { value?: number } = {}): Interaction {
  const scores = Float32Array.from(classes, (_, at) => (at === klass ? 1 : 0));
  const x: Tensor = { dtype: 'float32', shape: [1, 1], data: Float32Array.of(more.value ?? 0) };
  return {
    requestId,
    servable: servable('digits'),
    version: 1,
    caller: 'asker',
    inputs: new Map([['x', x]]),
    outputs: [{ name: 'probs', tensor: { dtype: 'float32', shape: [1, 3], data: scores } }],
    ...more,
  };
}

const says = (requestId: string, label: number | string, caller = 'teacher') => ({
  model: 'digits',
  requestId,
  labels: [label],
  caller,
  classes,
});

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** What feedback promises, on whichever database. */
export function feedbackContract(scratch: () => Promise<Scratch>): void {
  let opened: Scratch;
  let sql: Sql;
  beforeAll(async () => {
    opened = await scratch();
    ({ sql } = opened);
  });
  afterAll(() => opened.remove());

  let payloads: MemoryPayloads;
  let errors: FloeError[];
  let lives: [string, number, LiveFigure][];
  async function open(settings: Partial<FeedbackSettings> = {}): Promise<Feedback> {
    return Feedback.open(
      sql,
      payloads,
      { ...SETTINGS, ...settings },
      {
        onError: (error) => errors.push(error),
        onLive: (...figure) => lives.push(figure),
        wait: async () => {},
      },
    );
  }
  beforeEach(async () => {
    payloads = new MemoryPayloads();
    errors = [];
    lives = [];
    await open();
    await sql.script('TRUNCATE floe.feedback_interaction, floe.feedback_payload');
  });

  describe('a label', () => {
    it('is credited to the version that answered, by name or by index', async () => {
      const feedback = await open();
      feedback.record(answer('a', 1, { version: 4 }));
      expect(await feedback.label(says('a', 'one'))).toEqual({ version: 4, rows: 1, right: 1 });
      expect(await feedback.label(says('a', 2))).toEqual({ version: 4, rows: 1, right: 0 });
      expect(lives.map(([, version, { labels }]) => [version, labels])).toEqual([
        [4, 1],
        [4, 1],
      ]);
    });

    it('of many at once is told of at the end, and not for each of them', async () => {
      const feedback = await open();
      for (let n = 0; n < 20; n++) feedback.record(answer(`r${n}`, 1));
      await Promise.all(Array.from({ length: 20 }, (_, n) => feedback.label(says(`r${n}`, 1))));
      expect(lives.at(-1)).toMatchObject(['digits', 1, { labels: 20 }]);
      expect(lives.length).toBeLessThan(20);
    });

    it('of a request that nobody kept, of no class, or of another number of rows is refused', async () => {
      const feedback = await open();
      feedback.record(answer('a', 1));
      await expect(feedback.label(says('b', 1))).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(feedback.label({ ...says('a', 1), model: 'other' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(feedback.label(says('a', 'three'))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      await expect(feedback.label({ ...says('a', 1), labels: [1, 1] })).rejects.toThrow('there are 2 labels');
    });

    it('belongs to the latest request where an id was used twice', async () => {
      const feedback = await open();
      feedback.record(answer('same', 1));
      feedback.record(answer('same', 2, { version: 2 }));
      expect(await feedback.label(says('same', 2))).toMatchObject({ version: 2, right: 1 });
    });

    it('beyond what a caller may say within a minute is refused, and others go on', async () => {
      const feedback = await open({ labelsPerMinute: 2 });
      for (const id of ['a', 'b', 'c']) feedback.record(answer(id, 1));
      await feedback.label(says('a', 1));
      await feedback.label(says('b', 1));
      await expect(feedback.label(says('c', 1))).rejects.toMatchObject({
        code: 'RESOURCE_EXHAUSTED',
        details: [{ retryAfterSeconds: 60 }],
      });
      await feedback.label(says('c', 1, 'another'));
    });
  });

  describe('live accuracy', () => {
    it('is the share that was right, by version, and lower the fewer labels there are', async () => {
      const feedback = await open();
      for (let n = 0; n < 40; n++) feedback.record(answer(`r${n}`, n % 4 === 0 ? 0 : 1, { version: n < 20 ? 1 : 2 }));
      for (let n = 0; n < 40; n++) await feedback.label(says(`r${n}`, 1));
      const live = await feedback.live('digits');
      expect([...live.keys()].sort()).toEqual([1, 2]);
      expect(live.get(1)?.labels).toBe(20);
      expect(live.get(1)?.lowerBound).toBeLessThan(0.75);
      expect(live.get(1)?.lowerBound).toBeGreaterThan(0.5);
    });

    it('is not decided by one caller who floods it with wrong labels', async () => {
      const feedback = await open();
      for (let n = 0; n < 120; n++) feedback.record(answer(`r${n}`, 1));
      for (let n = 0; n < 20; n++) await feedback.label(says(`r${n}`, 1, n % 2 === 0 ? 'honest' : 'fair'));
      for (let n = 20; n < 120; n++) await feedback.label(says(`r${n}`, 2, 'poisoner'));
      expect((await feedback.live('digits')).get(1)?.labels).toBe(40);
      const examples = await all(feedback.examples('digits'));
      expect(examples.filter(({ caller }) => caller === 'poisoner')).toHaveLength(20);
      expect(examples).toHaveLength(40);
    });
  });

  describe('what is kept', () => {
    it('comes back as examples with inputs and labels, oldest first, its bytes once for equal inputs', async () => {
      const feedback = await open();
      for (let n = 0; n < 6; n++) feedback.record(answer(`r${n}`, 1, { value: n % 2 }));
      for (let n = 0; n < 5; n++) await feedback.label(says(`r${n}`, n % 3));
      const examples = await all(feedback.examples('digits'));
      expect(examples.map(({ requestId, labels }) => [requestId, labels])).toEqual(
        [0, 1, 2, 3, 4].map((n) => [`r${n}`, [n % 3]]),
      );
      expect(examples.map(({ inputs }) => (inputs.get('x') as Tensor).data[0])).toEqual([0, 1, 0, 1, 0]);
      expect(payloads.kept.size).toBe(2);
      expect(new Set(payloads.written).size).toBe(payloads.written.length);
      expect(await feedback.labelled('digits')).toBe(5);
    });

    it('can be an input with its label that nobody asked about', async () => {
      const feedback = await open();
      const inputs = answer('-', 0, { value: 7 }).inputs as Map<string, Tensor>;
      await feedback.add({ model: 'digits', inputs, labels: ['two'], caller: 'teacher', classes });
      const [example] = await all(feedback.examples('digits'));
      expect(example?.labels).toEqual([2]);
      expect((await feedback.live('digits')).size).toBe(0);
      await expect(
        feedback.add({ model: 'digits', inputs, labels: ['ten'], caller: 'teacher', classes }),
      ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      await expect(
        feedback.add({ model: 'digits', inputs, labels: ['two', 'one'], caller: 'teacher', classes }),
      ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('1 rows') as string });
    });

    it('lacks inputs that are redacted', async () => {
      const feedback = await open({ redact: ['x'] });
      feedback.record(answer('a', 1));
      await feedback.label(says('a', 1));
      const [example] = await all(feedback.examples('digits'));
      expect([...(example?.inputs.keys() ?? [])]).toEqual([]);
    });

    it('is a share of the requests where it is sampled', async () => {
      const feedback = await open({ sampling: 0.3 });
      for (let n = 0; n < 1000; n++) feedback.record(answer(`r${n}`, 1));
      await feedback.close();
      expect(feedback.stats().recorded).toBeGreaterThan(250);
      expect(feedback.stats().recorded).toBeLessThan(350);
    });

    it('goes, bytes and all, when its subject asks for it', async () => {
      const feedback = await open();
      feedback.record(answer('a', 1, { subject: 'ann', value: 1 }));
      feedback.record(answer('b', 1, { subject: 'bob', value: 2 }));
      feedback.record(answer('c', 1, { subject: 'ann', value: 2 }));
      expect(await feedback.deleteSubject('ann')).toBe(2);
      expect(payloads.kept.size).toBe(1);
      await expect(feedback.label(says('a', 1))).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await feedback.label(says('b', 1));
    });

    it('goes when it is too old', async () => {
      const feedback = await open({ retentionDays: 7 });
      for (const id of ['old', 'new']) feedback.record(answer(id, 1, { value: id.length }));
      feedback.record(answer('older', 1, { value: 9 }));
      await feedback.close();
      await query`UPDATE floe.feedback_interaction SET at = now() - interval '8 days' WHERE request_id LIKE 'old%'`.execute(
        sql.db,
      );
      expect(await feedback.prune()).toBe(2);
      await feedback.label(says('new', 1));
    });

    it('is the newest whose bytes are within the budget', async () => {
      const feedback = await open();
      for (let n = 0; n < 10; n++) feedback.record(answer(`r${n}`, 1, { value: n }));
      await feedback.close();
      const one = [...payloads.kept.values()][0]?.byteLength ?? 0;
      const tight = await open({ budgetBytes: 3 * one });
      expect(await tight.prune()).toBe(7);
      expect(payloads.kept.size).toBe(3);
      await tight.label(says('r7', 1));
      await expect(tight.label(says('r6', 1))).rejects.toMatchObject({ code: 'NOT_FOUND' });
      expect(await tight.prune()).toBe(0);
    });

    it('is nothing where the store is away: it is counted as dropped, and nothing half-written is left', async () => {
      const feedback = await open();
      payloads.broken = true;
      feedback.record(answer('a', 1));
      await feedback.close();
      expect(feedback.stats()).toMatchObject({ recorded: 0, dropped: 1, waiting: 0 });
      expect(errors).toHaveLength(1);
      payloads.broken = false;
      feedback.record(answer('a', 1));
      expect(await feedback.label(says('a', 1))).toMatchObject({ right: 1 });
    });

    it("is a copy: the request's memory may be used again at once", async () => {
      const feedback = await open();
      const data = Float32Array.of(5);
      const inputs = new Map<string, Tensor>([['x', { dtype: 'float32', shape: [1, 1], data }]]);
      feedback.record(answer('a', 1, { inputs }));
      data[0] = 6;
      await feedback.label(says('a', 1));
      const [example] = await all(feedback.examples('digits'));
      expect(example?.inputs.get('x')).toMatchObject({ data: Float32Array.of(5) });
    });
  });
}
