/**
 * `floe check`: whether a model will run, before anything is frozen to disk. Each signature is frozen and compiled in memory, run once on
 * made-up inputs, and compared with TensorFlow's own answer where TensorFlow is installed.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asFloeError, type FreezeOptions, type Signature, type Tensor } from '@floe/graph';
import type { Engine } from '../../engine/index.ts';
import { freezeOptions, type Model, openModel } from '../model.ts';
import { EXIT, printJson } from '../output.ts';
import { difference } from './difference.ts';
import { type Examined, examine, type Runnable } from './examine.ts';
import type { CheckReport, SignatureReport } from './findings.ts';
import { printReport } from './report.ts';
import { type Answers, askTensorFlow, findTensorFlow } from './tensorflow.ts';
import { type Trial, tryEngine, tryOut } from './trial.ts';

const CODES = { runs: EXIT.ok, fails: EXIT.data, differs: EXIT.failed } as const;

export async function checkCommand(path: string, options: Record<string, unknown>): Promise<number> {
  const json = options['json'] === true;
  const python = await findTensorFlow(options['python'] as string | undefined);
  const model = await openModel(path);
  const folder = await mkdtemp(join(tmpdir(), 'floe-check-'));
  const removed = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const stop = (): void => void removed().then(() => process.exit(EXIT.failed));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    const report = await check(model, freezeOptions(options), folder, python);
    if (json) printJson(report);
    else printReport(report);
    return CODES[report.verdict];
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    await removed();
  }
}

/** A signature that ran, with what it gave. */
interface Ran {
  readonly at: number;
  readonly key: string;
  readonly signature: Signature;
  readonly runnable: Runnable;
  readonly trial: Required<Pick<Trial, 'feeds' | 'outputs'>>;
}

async function check(
  model: Model,
  wanted: FreezeOptions,
  folder: string,
  python: string | undefined,
): Promise<CheckReport> {
  const engine = await tryEngine(() => {});
  const reports: SignatureReport[] = [];
  const ran: Ran[] = [];
  try {
    for await (const examined of examine(model.source, wanted)) {
      const trial = await tried(engine, folder, examined);
      const { signature, runnable } = examined;
      if (
        signature !== undefined &&
        runnable !== undefined &&
        trial?.feeds !== undefined &&
        trial.outputs !== undefined
      )
        ran.push({
          at: reports.length,
          key: examined.key,
          signature,
          runnable,
          trial: { feeds: trial.feeds, outputs: trial.outputs },
        });
      reports.push(reportOf(examined, trial));
    }
  } finally {
    await engine?.close();
  }
  const asked = python === undefined || ran.length === 0 ? undefined : await ask(python, folder, model, wanted, ran);
  const signatures = reports.map((report, at) => ({ ...report, answers: answersFor(ran, at, asked) }));
  return {
    path: model.path,
    format: model.source.checkpoint.format,
    producer: model.source.checkpoint.producers.tensorflow,
    engine: engine === undefined ? null : `${engine.name} ${engine.version}`,
    tensorflow: asked === undefined ? null : 'calls' in asked ? { version: asked.version } : asked,
    signatures,
    verdict: verdictOf(signatures),
  };
}

async function tried(
  engine: Engine | undefined,
  folder: string,
  { signature, runnable }: Examined,
): Promise<Trial | undefined> {
  if (engine === undefined || runnable === undefined || signature === undefined) return undefined;
  const work = await mkdtemp(join(folder, 'run-'));
  try {
    return await tryOut(engine, work, runnable.compiled, signature);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function reportOf(
  { key, signature, problems, measures, compiled }: Examined,
  trial: Trial | undefined,
): SignatureReport {
  const inputs = Object.entries(signature?.inputs ?? {}).flatMap(([input, { name }]) => {
    const tensor = trial?.feeds?.get(name);
    return tensor === undefined ? [] : [`${input} ${tensor.dtype}[${tensor.shape.join(',')}]`];
  });
  return {
    key,
    signature: signature ?? null,
    problems,
    measures: measures ?? null,
    compiled: compiled ?? null,
    trial: trial === undefined ? null : { inputs, error: trial.error ?? null },
    answers: null,
  };
}

async function ask(
  python: string,
  folder: string,
  { path, source }: Model,
  wanted: FreezeOptions,
  ran: readonly Ran[],
): Promise<Answers | { readonly error: string }> {
  const [first] = ran as readonly [Ran];
  const calls = ran.map(({ key, signature, trial }) => ({ key, signature, feeds: trial.feeds }));
  try {
    return await askTensorFlow(python, folder, { path, source, frozen: first.runnable.frozen, wanted }, calls);
  } catch (error) {
    return { error: asFloeError(error).message };
  }
}

function answersFor(
  ran: readonly Ran[],
  at: number,
  asked: Answers | { readonly error: string } | undefined,
): SignatureReport['answers'] {
  const place = ran.findIndex((each) => each.at === at);
  if (place < 0 || asked === undefined || !('calls' in asked)) return null;
  const theirs = asked.calls[place] as ReadonlyMap<string, Tensor> | string;
  if (typeof theirs === 'string') return theirs;
  const { signature, trial } = ran[place] as Ran;
  const entries = Object.entries(signature.outputs).map(([output, { name }]) => {
    const [ours, wanted] = [trial.outputs.get(name), theirs.get(output)] as [Tensor, Tensor];
    return [output, difference(ours, wanted)] as const;
  });
  return Object.fromEntries(entries);
}

function verdictOf(signatures: readonly SignatureReport[]): CheckReport['verdict'] {
  if (signatures.some(({ problems, trial }) => problems.length > 0 || trial?.error != null)) return 'fails';
  const differs = signatures.some(
    ({ answers }) => typeof answers === 'object' && Object.values(answers ?? {}).some(({ agrees }) => !agrees),
  );
  return differs ? 'differs' : 'runs';
}
