/** Trainings as jobs, whatever the database and the store of objects are. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freezeVersion } from '../../src/build/freeze-version.ts';
import type { LabelledExample } from '../../src/feedback/examples.ts';
import type { Job, JobQueue } from '../../src/jobs/job.ts';
import { openJobs } from '../../src/jobs/queue.ts';
import { ModelRepository } from '../../src/registry/repository.ts';
import type { ObjectStore } from '../../src/store/objects/object-store.ts';
import { writeDataset } from '../../src/train/dataset.ts';
import { EVALUATE, evaluateJob } from '../../src/train/evaluate-job.ts';
import { TrainingPlan } from '../../src/train/plan.ts';
import { TRAIN, type TrainingDeps, trainJob } from '../../src/train/train-job.ts';
import type { TrainerProgram } from '../../src/train/trainers.ts';
import { TrainingStore } from '../../src/train/training-store.ts';
import { askForTraining, Triggers } from '../../src/train/triggers.ts';
import type { Scratch } from '../sql/scratch.ts';
import { FREEZE } from '../support/digits.ts';
import { digitExamples } from '../support/digits-set.ts';
import { frozenDigits } from '../support/frozen-digits.ts';

const ANN = { by: 'ann' };
/** What the trainer that waits waits for. */
const GO = join(tmpdir(), `floe-go-${process.pid}`);
const ASKED = { labelled: 0, why: 'a test', by: 'ann' };

/** A trainer that is a few lines of JavaScript, with what it was asked for as `request`. */
function scripted(script: string, more: Partial<TrainerProgram> = {}): TrainerProgram {
  const source = `
    import { readFileSync, writeFileSync, cpSync, mkdirSync, existsSync } from 'node:fs';
    const request = JSON.parse(readFileSync(process.env.FLOE_REQUEST, 'utf8'));
    const say = (what) => console.log(JSON.stringify(what));
    ${script}`;
  const command = [process.execPath, '--input-type=module', '-e', source];
  return { command, seconds: 60, memoryMb: 4096, outputMb: 1000, environment: {}, ...more };
}

const PROGRAMS = new Map(
  Object.entries({
    same: scripted(
      'cpSync(request.base + "/frozen.pb", request.output + "/model.pb"); say({ result: { model: "model.pb" } })',
    ),
    copies: scripted(
      'cpSync(request.parameters.from, request.output + "/model.pb"); say({ result: { model: "model.pb" } })',
    ),
    waits: scripted(`
      say({ log: 'waits' });
      while (!existsSync('${GO}')) await new Promise((resolve) => setTimeout(resolve, 20));
      cpSync(request.base + '/frozen.pb', request.output + '/model.pb'); say({ result: { model: 'model.pb' } })`),
    crashes: scripted('console.error("out of cheese"); process.kill(process.pid, "SIGSEGV")'),
    garbage: scripted('writeFileSync(request.output + "/saved_model.pb", Buffer.from("no model at all"))'),
    nothing: scripted(''),
    outside: scripted('say({ result: { model: "../../../etc" } })'),
    hangs: scripted('setInterval(() => {}, 1000)', { seconds: 0.5 }),
    fills: scripted('writeFileSync(request.output + "/big", Buffer.alloc(3e6)); setInterval(() => {}, 1000)', {
      outputMb: 1,
    }),
    nan: scripted(`
      const graph = readFileSync(request.base + '/frozen.pb');
      const at = graph.indexOf('dense2/kernel');
      for (let i = at + 200; i < at + 400; i += 4) graph.writeFloatLE(NaN, i);
      writeFileSync(request.output + '/model.pb', graph); say({ result: { model: 'model.pb' } })`),
    secrets: scripted(
      'say({ log: Object.keys(process.env).filter((name) => /^(FLOE|AWS)_/.test(name)).join() }); process.exit(1)',
    ),
  }),
);

export function trainingContract(open: () => Promise<Scratch>, objectsOf: () => Promise<ObjectStore>): void {
  let scratch: Scratch;
  let queue: JobQueue;
  let folder = '';
  let objects: ObjectStore;
  let repository: ModelRepository;
  let store: TrainingStore;
  let models = 0;
  let model = '';
  let said: LabelledExample[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'floe-training-'));
    scratch = await open();
    queue = await openJobs(scratch.sql, { leaseSeconds: 5, pollSeconds: 0.05 });
    objects = await objectsOf();
    repository = new ModelRepository(objects);
    store = new TrainingStore(objects);
    const set = await writeDataset(join(folder, 'set'), 'digits', await digitExamples(1996));
    await store.keepDataset(join(folder, 'set'), set.digest);
    await store.nameDataset('digits', set.digest);
  });
  afterAll(async () => {
    await queue.close();
    await scratch.remove();
    objects.close();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    model = `digits${models++}`;
    said = [];
    await repository.publish(model, await frozenDigits(folder), ANN);
  });

  const deps = (more: Partial<TrainingDeps> = {}): TrainingDeps => ({
    repository,
    store,
    examples: async function* () {
      yield* said;
    },
    programs: PROGRAMS,
    workFolder: join(folder, 'work'),
    environment: {},
    ...more,
  });

  async function ask(plan: Partial<TrainingPlan>, more = {}): Promise<Job> {
    return askForTraining(queue, model, TrainingPlan.parse({ dataset: 'digits', ...plan }), { ...ASKED, ...more });
  }

  /** Lets a worker take it until it is done. */
  async function done({ id }: Job, own: TrainingDeps = deps()): Promise<Job> {
    const worker = queue.work(`device-${id}`, { [TRAIN]: trainJob(own), [EVALUATE]: evaluateJob(own) });
    for await (const _ of queue.events(id, 0));
    await worker.stop();
    return queue.get(id);
  }

  async function logsOf({ id }: Job): Promise<string> {
    const logs: unknown[] = [];
    for await (const { kind, data } of queue.events(id, 0)) if (kind === 'log') logs.push(data);
    return logs.join('\n');
  }

  describe('a training', () => {
    it('publishes what is better and puts it on trial, beside a version that is now the stable one', async () => {
      const job = await done(await ask({ parameters: { layers: 2 }, rollout: [20, 60] }));
      expect(job).toMatchObject({ state: 'succeeded', progress: 1, result: { version: 2, base: 1, isBetter: true } });
      expect(await repository.channels(model)).toEqual({
        stable: 1,
        canary: { version: 2, percent: 20, steps: [20, 60] },
        labels: {},
      });
      const { accuracy, evaluation, lineage } = await repository.manifest(model, 2);
      expect(accuracy?.value).toBeGreaterThan(0.85);
      expect(evaluation).toMatchObject({ n: 399, dataset: { digest: (job.result as { dataset: string }).dataset } });
      expect(lineage.training).toMatchObject({ trainer: 'head', baseVersion: 1 });
      expect((await repository.audit(model)).at(-1)).toMatchObject({ by: `job ${job.id}` });
      expect(await readdir(join(folder, 'work'))).toEqual([]);
    });

    it('is one at a time for a model: asking again gives the one that is there', async () => {
      const [first, second] = [await ask({}), await ask({})];
      expect(second.id).toBe(first.id);
      await queue.cancel(first.id, 'ann');
      expect((await ask({})).id).not.toBe(first.id);
    });

    it('leaves to a person what a person has to decide', async () => {
      expect(await done(await ask({ rollout: false }))).toMatchObject({ result: { version: 2, isBetter: true } });
      expect(await repository.channels(model)).toEqual({ stable: 1, labels: {} });
    });

    it('does not disturb a trial that a person began', async () => {
      await repository.publish(model, await frozenDigits(folder), ANN);
      await repository.changeChannels(model, (now) => ({ ...now, stable: 1, canary: { version: 2, percent: 5 } }), ANN);
      expect(await done(await ask({}))).toMatchObject({ result: { version: 3, isBetter: true } });
      expect((await repository.channels(model)).canary).toEqual({ version: 2, percent: 5 });
    });

    it('learns from what users say, and nothing from what is held out', async () => {
      const { inputs, labels, holdout } = await digitExamples(1996);
      const pixels = inputs.get('x')?.data as Float32Array;
      const rowOf = (row: number): LabelledExample => ({
        requestId: `r${row}`,
        caller: 'ann',
        inputs: new Map([
          ['x:0', { dtype: 'float32', shape: [1, 28, 28, 1], data: pixels.slice(row * 784, (row + 1) * 784) }],
        ]),
        labels: [labels[row] as number],
      });
      said = Array.from({ length: 1000 }, (_, row) => rowOf(row));
      said.push({
        ...rowOf(1),
        inputs: new Map([['x', { dtype: 'float32', shape: [1, 2], data: new Float32Array(2) }]]),
      });
      // Without an original set a part of what users say is held out.
      const job = await done(await ask({ dataset: undefined }));
      expect(job).toMatchObject({ state: 'succeeded', result: { isBetter: true } });
      const { evaluation } = await repository.manifest(model, 2);
      expect(evaluation?.n).toBeGreaterThan(140);
      expect(evaluation?.n).toBeLessThan(260);
      expect(await logsOf(job)).toMatch(/1 labelled requests are left out: a row of input x is float32 \[2\]/);
      // With one, what it holds out is not learned, though users said it.
      const other = await done(await ask({}));
      const held = Array.from({ length: 1000 }, (_, row) => holdout[row] as number).filter((flag) => flag === 1).length;
      expect(await logsOf(other)).toContain(
        `learns from ${1597 + 1000 - held} examples, ${1000 - held} from users; 399 are held out`,
      );
    });

    it('goes on from its checkpoint with the same data where its worker stops', async () => {
      const job = await ask({ parameters: { layers: 2, steps: 100_000, patience: 1000, seed: 5 } });
      const worker = queue.work('first', { [TRAIN]: trainJob(deps()) });
      for await (const { kind, data } of queue.events(job.id, 0))
        if (kind === 'metric' && ((data as { epoch?: number }).epoch ?? 0) >= 3) break;
      await worker.stop();
      const put = await queue.get(job.id);
      expect(put).toMatchObject({
        state: 'queued',
        checkpoint: { base: 1, state: expect.stringMatching(/^1-\d+$/) as string },
      });
      await repository.promote(model, 1, ANN);
      said = [];
      const second = queue.work('second', { [TRAIN]: trainJob(deps()) });
      const logs: unknown[] = [];
      for await (const { kind, data, attempt } of queue.events(job.id, 0)) {
        if (kind === 'log' && attempt === 2) logs.push(data);
        if (kind === 'metric' && attempt === 2) break;
      }
      await queue.cancel(job.id, 'ann');
      await second.stop();
      expect(logs.join('\n')).toMatch(/goes on from checkpoint 1-\d+[\s\S]*goes on after epoch/);
      expect(await repository.versions(model)).toEqual([1]);
    });

    it('is held against what is stable by then', async () => {
      const job = await ask({ trainer: 'waits' });
      const worker = queue.work('waiting', { [TRAIN]: trainJob(deps()) });
      for await (const { kind, data } of queue.events(job.id, 0)) if (kind === 'log' && data === 'waits') break;
      // Somebody publishes what is much better, and makes it stable.
      const { folder: good } = await freezeVersion({ ...FREEZE, root: join(folder, 'good'), name: model });
      await repository.publish(model, good, ANN);
      await repository.promote(model, 2, ANN);
      await writeFile(GO, '');
      for await (const _ of queue.events(job.id, 0));
      await worker.stop();
      await rm(GO);
      const { result } = await queue.get(job.id);
      expect(result).toMatchObject({ base: 1, stable: 2, version: 3, isBetter: false });
      expect(await repository.channels(model)).toEqual({ stable: 2, labels: {} });
    });

    it('does not publish twice where it is not known whether it did', async () => {
      const job = await ask({ trainer: 'same' });
      await repository.publish(model, await frozenDigits(folder), { by: `job ${job.id}` });
      expect(await done(job)).toMatchObject({ state: 'succeeded', result: { version: 2 } });
      expect(await repository.versions(model)).toEqual([1, 2]);
    });

    it('of a model that is nowhere is dead at once', async () => {
      model = 'unknown';
      expect(await done(await ask({}))).toMatchObject({
        state: 'dead',
        attempt: 1,
        reason: expect.stringContaining('unknown') as string,
      });
      model = `digits${models - 1}`;
      expect(await done(await ask({ dataset: 'nowhere' }))).toMatchObject({ state: 'dead', attempt: 1 });
      expect(await done(await ask({ parameters: { layers: 7 } }))).toMatchObject({
        state: 'dead',
        reason: expect.stringContaining('layers') as string,
      });
    });
  });

  describe('a program that trains', () => {
    it('leaves a model that is frozen, measured and published like any other', async () => {
      const job = await done(await ask({ trainer: 'same' }));
      expect(job).toMatchObject({
        state: 'succeeded',
        result: { version: 2, isBetter: true, drift: { disagreement: 0 } },
      });
      expect((await repository.manifest(model, 2)).lineage.training).toMatchObject({ trainer: 'same' });
    });

    it.each([
      ['crashes', 1, /SIGSEGV.*|out of cheese/s],
      ['garbage', 1, /saved_model\.pb|SavedModel|graph/],
      ['nothing', 1, /./],
      ['outside', 1, /outside its folder/],
      ['hangs', 1, /not done within 0\.5 seconds/],
      ['fills', 1, /MiB of files/],
      ['nan', 1, /weights of .* are no numbers/],
      ['unheard-of', 1, /has no trainer unheard-of, only head, same/],
    ])('and %s publishes nothing, and says why', async (trainer, attempts, reason) => {
      const payload = { model, trainer, parameters: {}, dataset: 'digits', rollout: [10], why: 'a test', labelled: 0 };
      const job = await done(await queue.submit(TRAIN, payload, { cost: 1, caller: 'ann', attempts }));
      expect(job.state).toBe('dead');
      expect(job.reason).toMatch(reason);
      expect(await repository.versions(model)).toEqual([1]);
      expect((await repository.channels(model)).canary).toBeUndefined();
      expect(await readdir(join(folder, 'work'))).toEqual([]);
    });

    it.each([
      ['answers', { outputs: ['probs'] }, 'it has no output klass'],
      ['asks', { set: {} }, 'it asks for another input, keep_prob'],
    ])('may not leave a model that %s otherwise', async (_, change, reason) => {
      const { folder: other } = await freezeVersion({
        ...FREEZE,
        ...change,
        root: join(folder, 'other'),
        name: model,
      });
      const parameters = { from: join(other, 'frozen.pb') };
      const job = await done(await ask({ trainer: 'copies', parameters }));
      expect(job).toMatchObject({
        state: 'dead',
        attempt: 1,
        reason: expect.stringContaining(reason) as string,
      });
      expect(await repository.versions(model)).toEqual([1]);
    });

    it('is told no secrets of the worker', async () => {
      process.env['AWS_SECRET_ACCESS_KEY'] ??= 'secret';
      process.env['FLOE_SQL'] = 'postgres://secret';
      const payload = {
        model,
        trainer: 'secrets',
        parameters: {},
        dataset: 'digits',
        rollout: [10],
        why: 'a test',
        labelled: 0,
      };
      const job = await done(await queue.submit(TRAIN, payload, { cost: 1, caller: 'ann', attempts: 1 }));
      delete process.env['FLOE_SQL'];
      expect((await logsOf(job)).split('\n')).toContain('FLOE_REQUEST');
    });
  });

  it('a measurement says what a version is worth', async () => {
    const job = await queue.submit(EVALUATE, { model, version: 1, dataset: 'digits' }, { cost: 1, caller: 'ann' });
    expect(await done(job)).toMatchObject({
      state: 'succeeded',
      result: { n: 399, metrics: { accuracy: expect.closeTo(0.7218, 3) as number } },
    });
  });

  it('a trigger asks when the plan says so, once', async () => {
    await store.keepPlan(model, TrainingPlan.parse({ trainer: 'same', dataset: 'digits', after: { labels: 10 } }));
    let labelled = 9;
    const triggers = new Triggers({ store, queue, labelled: async () => labelled, log: () => {} });
    const own = (jobs: readonly Job[]): readonly Job[] =>
      jobs.filter(({ payload }) => (payload as { model: string }).model === model);
    expect(own(await triggers.look())).toEqual([]);
    labelled = 10;
    const [job] = own(await triggers.look()) as [Job];
    expect(job.payload).toMatchObject({ model, trainer: 'same', labelled: 10 });
    expect(own(await triggers.look())).toEqual([]);
    expect(await done(job)).toMatchObject({ state: 'succeeded' });
    labelled = 19;
    expect(own(await triggers.look())).toEqual([]);
    labelled = 20;
    expect(own(await triggers.look())).toHaveLength(1);
    await store.dropPlan(model);
  });
}
