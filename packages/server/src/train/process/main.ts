/**
 * The built-in steps of a training, each in a process of its own: what crashes or eats memory there takes no worker or server with it.
 *
 *   node main.js head request.json       trains, and says the folder of the version
 *   node main.js finish request.json     freezes, checks and measures, and says what it found
 *   node main.js evaluate request.json   measures a version, and says what it found
 */
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { asFloeError, FloeError } from '@floe/graph/base';
import type { Parameter, TrainContext, TrainRequest } from '../../core/trainer.ts';
import { linesOf } from './lines.ts';
import { type Said, saidLine } from './protocol.ts';

type Step = (request: never, context: TrainContext) => Promise<unknown>;

const STEPS: Readonly<Record<string, () => Promise<Step>>> = {
  head: async () => (await import('../head/trainer.ts')).trainHead as Step,
  finish: async () => {
    const { finish } = await import('../finish.ts');
    return (request, { signal }) => finish(request, signal);
  },
  evaluate: async () => {
    const [{ evaluate }, { readDataset }] = await Promise.all([
      import('../evaluate/evaluate.ts'),
      import('../dataset.ts'),
    ]);
    return async ({ base, dataset }: TrainRequest, { signal }) => evaluate(base, await readDataset(dataset), signal);
  },
};

async function main(name: string, file: string): Promise<void> {
  const step = await STEPS[name]?.();
  if (step === undefined) throw new FloeError('INVALID_ARGUMENT', `there is no step ${name}`);
  const request = JSON.parse(await readFile(file, 'utf8')) as TrainRequest;
  const result = await step(request as never, context());
  await say({ result: result as Parameter });
}

function context(): TrainContext {
  const waiting: (() => void)[] = [];
  const gone = new AbortController();
  void hear(waiting, gone);
  return {
    signal: gone.signal,
    progress: (progress) => void say({ progress: Math.min(1, Math.max(0, progress)) }),
    log: (log) => void say({ log }),
    metric: (values) => void say({ metric: values }),
    checkpointed: async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push(resolve);
      await say({ checkpoint: true });
      await promise;
    },
  };
}

/** A line for each checkpoint that is kept. Where the worker is gone nobody wants the result, and the device is somebody else's. */
async function hear(waiting: (() => void)[], gone: AbortController): Promise<void> {
  for await (const _ of linesOf(process.stdin)) waiting.shift()?.();
  gone.abort(new FloeError('CANCELLED', 'the worker is gone'));
  process.exit(1);
}

function say(said: Said): Promise<void> {
  return new Promise((resolve) => process.stdout.write(saidLine(said), () => resolve()));
}

const [, , name = '', file = ''] = process.argv;
try {
  await main(name, file);
  process.exit(0);
} catch (thrown) {
  const { code, message } = asFloeError(thrown);
  await say({ error: { code, message } });
  process.exit(1);
}
