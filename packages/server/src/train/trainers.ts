/**
 * The trainers that a worker has: `head`, and the programs that its operator names in a file. A job can only name one of these: who may submit
 * jobs cannot bring programs along.
 *
 *   trainers:
 *     keras:
 *       command: [python3, train.py, "{request}"]
 *       seconds: 7200
 */
import { isAbsolute, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FloeError } from '@floe/graph/base';
import { z } from 'zod';
import type { Parameter, TrainContext, TrainRequest } from '../core/trainer.ts';
import { writeWhole } from '../store/whole-file.ts';
import type { FinishRequest } from './finish.ts';
import { type Program, runProgram } from './process/run.ts';

const HOUR_SECONDS = 3600;

const TrainerProgram = z.strictObject({
  command: z
    .array(z.string().min(1))
    .min(1)
    .describe(
      'The program and its arguments; {request}, {dataset}, {base}, {output} and {checkpoint} stand for paths.',
    ),
  seconds: z
    .number()
    .positive()
    .default(24 * HOUR_SECONDS)
    .describe('After so long it is ended.'),
  memoryMb: z
    .number()
    .positive()
    .default(64 * 1024)
    .describe('Most memory of all its processes, in MiB.'),
  outputMb: z
    .number()
    .positive()
    .default(16 * 1024)
    .describe('Most that it may leave in files, in MiB.'),
  environment: z.record(z.string(), z.string()).default({}).describe('Variables beside those of the worker.'),
});
export type TrainerProgram = z.infer<typeof TrainerProgram>;

const TrainersFile = z.strictObject({ trainers: z.record(z.string().regex(/^[a-z][a-z0-9-]{0,39}$/), TrainerProgram) });

export const HEAD = 'head';

/** Throws INVALID_ARGUMENT naming the first wrong field. */
export function parseTrainers(raw: unknown, file: string): ReadonlyMap<string, TrainerProgram> {
  const parsed = TrainersFile.safeParse(raw);
  const field = parsed.error?.issues[0]?.path.join('.') ?? '';
  if (!parsed.success)
    throw new FloeError('INVALID_ARGUMENT', `${file}: ${field}: ${parsed.error.issues[0]?.message}`, { file, field });
  if (parsed.data.trainers[HEAD] === undefined) return new Map(Object.entries(parsed.data.trainers));
  throw new FloeError('INVALID_ARGUMENT', `${file}: ${HEAD} is the name of the built-in trainer`, {
    file,
    field: HEAD,
  });
}

export interface TrainingRun {
  readonly trainer: string;
  readonly programs: ReadonlyMap<string, TrainerProgram>;
  /** What the device is to the program, such as CUDA_VISIBLE_DEVICES. */
  readonly environment: Readonly<Record<string, string>>;
  /** Of this run alone. */
  readonly folder: string;
}

/** Of what is built in. */
const LIMITS = { seconds: 24 * HOUR_SECONDS, memoryBytes: 64 * 2 ** 30, outputBytes: 16 * 2 ** 30 };

/** Gives the path of what was trained. Throws NOT_FOUND for a trainer that this worker has not, and as `runProgram`. */
export async function runTrainer(run: TrainingRun, request: TrainRequest, context: TrainContext): Promise<string> {
  const file = join(run.folder, 'request.json');
  await writeWhole(file, JSON.stringify(request));
  if (run.trainer === HEAD) {
    const result = await runProgram(builtIn(run, 'head', file), context);
    return String((result as { folder?: Parameter } | null)?.folder ?? '');
  }
  const program = run.programs.get(run.trainer);
  if (program === undefined) {
    const known = [HEAD, ...run.programs.keys()].join(', ');
    throw new FloeError('NOT_FOUND', `this worker has no trainer ${run.trainer}, only ${known}`, { field: 'trainer' });
  }
  const result = await runProgram(ofOperator(run, program, request, file), context);
  return modelIn(request.output, (result as { model?: Parameter } | null)?.model ?? '.');
}

/** What `finish.ts` finds. */
export async function runFinish(run: TrainingRun, request: FinishRequest, context: TrainContext): Promise<Parameter> {
  const file = join(run.folder, 'finish.json');
  await writeWhole(file, JSON.stringify(request));
  return runProgram(builtIn(run, 'finish', file), context);
}

/** What `evaluate.ts` finds. */
export async function runEvaluation(
  request: { readonly base: string; readonly dataset: string },
  folder: string,
  environment: TrainingRun['environment'],
  context: TrainContext,
): Promise<Parameter> {
  const file = join(folder, 'evaluate.json');
  await writeWhole(file, JSON.stringify(request));
  return runProgram(builtIn({ folder, environment }, 'evaluate', file), context);
}

function builtIn(run: Pick<TrainingRun, 'folder' | 'environment'>, step: string, file: string): Program {
  return {
    command: [process.execPath, neighbour('main'), step, file],
    cwd: run.folder,
    environment: { ...process.env, ...run.environment },
    limits: LIMITS,
    writes: [run.folder],
  };
}

function ofOperator(run: TrainingRun, program: TrainerProgram, request: TrainRequest, file: string): Program {
  const { dataset, base, output, checkpoint } = request;
  const paths: Readonly<Record<string, string>> = { request: file, dataset, base, output, checkpoint };
  const command = program.command.map((part) => part.replace(/\{(\w+)\}/g, (whole, name) => paths[name] ?? whole));
  return {
    command: [process.execPath, neighbour('guard'), ...command],
    cwd: process.cwd(),
    environment: { ...withoutSecrets(process.env), FLOE_REQUEST: file, ...run.environment, ...program.environment },
    limits: {
      seconds: program.seconds,
      memoryBytes: program.memoryMb * 2 ** 20,
      outputBytes: program.outputMb * 2 ** 20,
    },
    writes: [run.folder],
  };
}

/** The worker's database and bucket are none of the program's business. */
function withoutSecrets(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = Object.entries(environment).filter(([name]) => !/^(?:FLOE|AWS)_/.test(name));
  return Object.fromEntries(own);
}

/** A file of `process/`, as source under test and as JavaScript once built. */
function neighbour(name: string): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`./process/${name}.${extension}`, import.meta.url));
}

function modelIn(output: string, said: Parameter): string {
  const path = join(output, String(said));
  const inside = relative(output, path);
  if (!inside.startsWith('..') && !isAbsolute(inside)) return path;
  throw new FloeError(
    'FAILED_PRECONDITION',
    `the trainer says that its model is at ${String(said)}, outside its folder`,
  );
}
