/** The Python peers: TensorFlow running a model, and tf2onnx converting one. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { numericView } from '../../packages/graph/src/tensor.ts';
import type { Feed, Runs } from '../peers/engine.ts';
import { firstLine, output, track } from './children.ts';
import { benchCache, type Model } from './models.ts';
import { PYTHON_ENV, SCRIPT_PEER, TENSORFLOW_PEER, TF2ONNX_PEER } from './paths.ts';

/** TensorFlow looks for other devices otherwise, and says so. */
const ENVIRONMENT = { ...process.env, CUDA_VISIBLE_DEVICES: '', TF_CPP_MIN_LOG_LEVEL: '3' };

type Packed = { readonly dtype: NonNullable<Feed['dtype']>; readonly shape: readonly number[]; readonly data: string };

export async function python(): Promise<string> {
  return (await output(PYTHON_ENV, [])).trim();
}

type Converted = Pick<Model, 'source' | 'signature'>;

/** Converts a SavedModel by tf2onnx; gives the CPU seconds that this took. */
export async function convertByTf2onnx({ source, signature }: Converted, target: string): Promise<number> {
  const lines = await output(await python(), [TF2ONNX_PEER, source, signature, target], { env: ENVIRONMENT });
  return JSON.parse(lines.trimEnd().split('\n').at(-1) ?? '').cpu;
}

/** CPU seconds of a process that loads the model and answers one V2 request. */
export async function scriptCost({ source, signature }: Converted, body: Uint8Array): Promise<number> {
  const args = [SCRIPT_PEER, source, signature];
  const child = track(spawn(await python(), args, { stdio: ['pipe', 'pipe', 'ignore'], env: ENVIRONMENT }));
  child.stdin?.end(body);
  return JSON.parse(await firstLine(child)).cpu;
}

/** The graph that tf2onnx makes of a model: kept, since making it takes up to half a minute. */
export async function tf2onnxGraph(model: Converted): Promise<string> {
  const digest = createHash('sha256').update(`${model.source} ${model.signature}`).digest('hex').slice(0, 12);
  const folder = join(benchCache(), 'tf2onnx');
  const target = join(folder, `${digest}.onnx`);
  if (existsSync(target)) return target;
  mkdirSync(folder, { recursive: true });
  const making = `${target}.${process.pid}`;
  try {
    await convertByTf2onnx(model, making);
    renameSync(making, target);
  } finally {
    rmSync(making, { force: true });
  }
  return target;
}

/** TensorFlow with a model loaded, asked for runs one question at a time. */
export class TensorFlow {
  /** One request's inputs, for the engine. */
  readonly feeds: readonly Feed[];
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, feeds: readonly Feed[]) {
    this.child = child;
    this.lines = lines;
    this.feeds = feeds;
  }

  static async load(model: Model): Promise<TensorFlow> {
    const args = [TENSORFLOW_PEER, model.name, model.signature];
    const child = track(spawn(await python(), args, { stdio: ['pipe', 'pipe', 'ignore'], env: ENVIRONMENT }));
    if (child.stdout === null) throw new Error('the child has no standard output');
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const inputs: Record<string, Packed> = JSON.parse(await nextOf(lines));
    const feeds = Object.entries(inputs).map(([key, packed]) =>
      feedOf(packed, [key, `${key}:0`, model.tensors[key] ?? '']),
    );
    return new TensorFlow(child, lines, feeds);
  }

  async runs(count: number): Promise<Runs> {
    this.child.stdin?.write(`${JSON.stringify({ runs: count })}\n`);
    return JSON.parse(await nextOf(this.lines));
  }

  close(): void {
    this.child.kill();
  }
}

async function nextOf(lines: AsyncIterator<string>): Promise<string> {
  const { value, done } = await lines.next();
  if (done === true) throw new Error('TensorFlow ended before it answered');
  return value;
}

function feedOf({ dtype, shape, data }: Packed, names: readonly string[]): Feed {
  return { names, dtype, shape, data: numericView(dtype, Buffer.from(data, 'base64')) };
}
