/**
 * Freezing and compiling, by the command line as its own process: against TensorFlow's load and tf2onnx in CPU time (their imports are
 * not counted, our start is), the most memory against the weights, and ten times the nodes against ten times the time.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Case, Effort } from '../lib/case.ts';
import { errorOutput } from '../lib/children.ts';
import type { Model, Models } from '../lib/models.ts';
import { MAIN, USAGE_PEER } from '../lib/paths.ts';
import { convertByTf2onnx } from '../lib/python.ts';
import type { Figure } from '../lib/report.ts';
import { inTurns, median, medianOf } from '../lib/stats.ts';
import { syntheticGraph } from '../lib/synthetic.ts';

const MB = 1e6;
/** What Floe may hold at most: this and so many times the weights. */
const BASE = 120 * MB;
const COPIES = 2.5;
const SMALL = 10_000;
const LARGE = 100_000;

export const convert: Case = async (models, effort) => {
  const names = effort.length < 1 ? ['nasnet_mobile'] : ['resnet50', 'nasnet_mobile'];
  const figures: Figure[] = [];
  for (const name of names) figures.push(...(await againstPython(await models.get(name), models, effort)));
  return [...figures, ...(await growth(models, effort))];
};

async function againstPython(model: Model, models: Models, { repeats, length }: Effort): Promise<readonly Figure[]> {
  const { name, weights } = model;
  const ours = await inTurns(repeats, { floe: () => frozen(model.source, models) });
  // Half a minute each: once in the short run, twice in the long one.
  const target = join(models.scratch(), 'model.onnx');
  const { python } = await inTurns(length < 1 ? 1 : 2, { python: () => convertByTf2onnx(model, target) });
  const cpu = median(ours.floe.map((usage) => usage.cpu));
  const peak = Math.max(...ours.floe.map((usage) => usage.peak));
  return [
    { name: `${name}: freeze and compile, CPU`, value: cpu, unit: 's' },
    { name: `${name}: TensorFlow's load and tf2onnx, CPU`, value: median(python), unit: 's' },
    {
      name: `${name}: freeze and compile / TensorFlow's load and tf2onnx`,
      value: cpu / median(python),
      unit: 'ratio',
      limit: { most: 0.1, slack: 0.05 },
    },
    { name: `${name}: most resident`, value: peak / MB, unit: 'MB' },
    {
      name: `${name}: most resident / (120 MB and 2.5 times the weights)`,
      value: peak / (BASE + COPIES * weights),
      unit: 'ratio',
      limit: { most: 1, slack: 0.1 },
    },
  ];
}

async function growth(models: Models, { length }: Effort): Promise<readonly Figure[]> {
  const folder = models.scratch();
  const [small, large] = [SMALL, LARGE].map((nodes) => {
    const path = join(folder, `${nodes}.pb`);
    writeFileSync(path, syntheticGraph(nodes));
    return path;
  }) as [string, string];
  const samples = await inTurns(length < 1 ? 1 : 3, {
    small: () => frozen(small, models, ['--outputs', 'y']),
    large: () => frozen(large, models, ['--outputs', 'y']),
  });
  return [
    { name: `${LARGE} nodes: freeze and compile, CPU`, value: median(samples.large.map(({ cpu }) => cpu)), unit: 's' },
    {
      name: `time of ${LARGE} nodes / of ${SMALL} nodes, each by node`,
      value: medianOf(samples.large, samples.small, (a, b) => a.cpu / LARGE / (b.cpu / SMALL)),
      unit: 'ratio',
      limit: { most: 1, slack: 0.3 },
    },
  ];
}

interface Usage {
  readonly cpu: number;
  /** Bytes. */
  readonly peak: number;
}

async function frozen(source: string, models: Models, extra: readonly string[] = []): Promise<Usage> {
  const root = mkdtempSync(join(models.scratch(), 'frozen-'));
  const args = [
    '--import',
    USAGE_PEER,
    MAIN,
    'freeze',
    source,
    '--models',
    root,
    '--name',
    'model',
    '--json',
    ...extra,
  ];
  return JSON.parse((await errorOutput(process.execPath, args)).trimEnd().split('\n').at(-1) ?? '');
}
