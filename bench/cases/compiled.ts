/**
 * What the compiler made, one request on one thread: our graph against tf2onnx's in the same engine, and against TensorFlow as Python
 * runs the model. CPU time, in turns. Where tf2onnx's graph is none that the engine opens, there is nothing to compare it with.
 */
import type { ChildProcess } from 'node:child_process';
import type { Case } from '../lib/case.ts';
import { ask, output, startPeer, stop } from '../lib/children.ts';
import type { Model, ModelName } from '../lib/models.ts';
import { ENGINE_PEER, MAIN } from '../lib/paths.ts';
import { TensorFlow, tf2onnxGraph } from '../lib/python.ts';
import type { Figure } from '../lib/report.ts';
import { inTurns, median, medianOf } from '../lib/stats.ts';
import type { Feed, Runs } from '../peers/engine.ts';

interface Limit {
  readonly name: ModelName;
  /** At most so many times TensorFlow's CPU. */
  readonly tensorflow?: number;
  /** The same of tf2onnx's graph: 1 is as fast. */
  readonly tf2onnx?: number;
  /** A network of pictures may have two Transposes, where its input and its output have channels last. */
  readonly isPicture?: boolean;
}

/** What is asked of each; 0.74 is 1.35 times as fast. The first three are those of the short run. */
const MODELS: readonly Limit[] = [
  { name: 'mobilenet_v2', tensorflow: 0.74, tf2onnx: 1, isPicture: true },
  { name: 'bert', tensorflow: 1 },
  { name: 'lstm', tensorflow: 1 },
  { name: 'resnet50', tensorflow: 1, tf2onnx: 1, isPicture: true },
  { name: 'densenet121', tf2onnx: 1, isPicture: true },
  { name: 'efficientnet_b0', tf2onnx: 1, isPicture: true },
  { name: 'nasnet_mobile', tf2onnx: 1, isPicture: true },
  { name: 'mobilenet_v3_small', tf2onnx: 1, isPicture: true },
  { name: 'inception_v3', tf2onnx: 1, isPicture: true },
  { name: 'transformer', tf2onnx: 1 },
  { name: 'gru', tf2onnx: 1 },
  { name: 'bidirectional_lstm', tf2onnx: 1 },
];
const SHORT = 3;
const SLACK = 0.15;
/** CPU seconds of one turn of each. */
const TURN = 0.3;

export const compiled: Case = async (models, { repeats, length }) => {
  const figures: Figure[] = [];
  for (const limit of length < 1 ? MODELS.slice(0, SHORT) : MODELS) {
    const model = await models.get(limit.name);
    figures.push(...(await compare(model, limit, repeats + 2, TURN * length)), ...(await transposes(model, limit)));
  }
  return figures;
};

async function compare(model: Model, limit: Limit, turns: number, seconds: number): Promise<readonly Figure[]> {
  const tensorflow = await TensorFlow.load(model);
  const ours = await engineWith(model.compiled, tensorflow.feeds);
  const theirs = await engineWith(await tf2onnxGraph(model), tensorflow.feeds).catch(() => undefined);
  const peers = {
    ours: await perRun((runs) => runsOf(ours, runs), seconds),
    tensorflow: await perRun((runs) => tensorflow.runs(runs), seconds),
    ...(theirs === undefined ? {} : { tf2onnx: await perRun((runs) => runsOf(theirs, runs), seconds) }),
  };
  const cpu = await inTurns<string, number>(turns, peers);
  for (const engine of [ours, theirs]) if (engine !== undefined) await stop(engine);
  tensorflow.close();
  return figuresOf(model.name, limit, cpu);
}

function figuresOf(name: string, limit: Limit, cpu: Readonly<Record<string, readonly number[]>>): readonly Figure[] {
  const { ours = [], tensorflow = [], tf2onnx = [] } = cpu;
  const ratio = (peer: readonly number[], label: string, most: number | undefined): readonly Figure[] =>
    peer.length === 0
      ? []
      : [
          { name: `${name}: CPU of ${label}`, value: 1e3 * median(peer), unit: 'ms' },
          {
            name: `${name}: our graph / ${label}`,
            value: medianOf(ours, peer, (a, b) => a / b),
            unit: 'ratio',
            ...(most === undefined ? {} : { limit: { most, slack: SLACK } }),
          },
        ];
  return [
    { name: `${name}: CPU of our graph`, value: 1e3 * median(ours), unit: 'ms' },
    ...ratio(tensorflow, 'TensorFlow', limit.tensorflow),
    ...ratio(tf2onnx, "tf2onnx's graph", limit.tf2onnx),
  ];
}

async function engineWith(path: string, inputs: readonly Feed[]): Promise<ChildProcess> {
  const peer = startPeer(ENGINE_PEER);
  try {
    await ask<Runs>(peer, { open: path, inputs, slots: 1 });
    return peer;
  } catch (error) {
    await stop(peer);
    throw error;
  }
}

function runsOf(peer: ChildProcess, runs: number): Promise<Runs> {
  return ask<Runs>(peer, { runs, inFlight: 1 });
}

/** CPU seconds of one run, over as many as fill a turn. */
async function perRun(run: (runs: number) => Promise<Runs>, seconds: number): Promise<() => Promise<number>> {
  await run(5);
  const once = (await run(5)).cpu / 5;
  const count = Math.max(3, Math.ceil(seconds / Math.max(once, 1e-6)));
  return async () => (await run(count)).cpu / count;
}

/** How many Transposes the compiled graph has, as `floe inspect` counts them. */
async function transposes({ name, source }: Model, { isPicture }: Limit): Promise<readonly Figure[]> {
  if (isPicture !== true) return [];
  const { passes } = JSON.parse(await output(process.execPath, [MAIN, 'inspect', source, '--passes', '--json']));
  const value = passes.at(-1).measures.ops.Transpose ?? 0;
  return [{ name: `${name}: Transposes / two`, value: value / 2, unit: 'ratio', limit: { most: 1, slack: 0 } }];
}
