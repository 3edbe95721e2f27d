/**
 * For each network: TensorFlow.js loads it and answers; Floe freezes, compiles and runs it; constants have to be the same bit by bit
 * and answers the same within the tolerance. Some are then frozen by the command and asked through a running server.
 *
 *     node conformance/tfjs/main.ts PACKAGES [NETWORK...]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constValue, readSource } from '@floe/graph';
import { load, type Signature, type Tensor } from 'floe';
import { compare, isSame } from './compare.ts';
import { Judge, type JudgedModel, type Numbers } from './judge.ts';
import { NETWORKS, type Network } from './networks.ts';
import { questionFor } from './question.ts';
import { freezeCommand, infer, withServer } from './server.ts';
import { MODULE, unpack } from './unpack.ts';

type Answers = ReadonlyMap<string, Numbers>;

interface Case {
  readonly network: Network;
  readonly file: string;
  readonly question: Readonly<Record<string, Numbers>>;
  readonly wanted: Answers;
}

async function main(packages: string, names: readonly string[]): Promise<void> {
  const judge = new Judge(packages);
  const chosen = NETWORKS.filter(({ name }) => names.length === 0 || names.includes(name));
  const served: Case[] = [];
  const unpacked = mkdtempSync(join(tmpdir(), 'floe-tfjs-'));
  const report = new Report();
  for (const network of chosen) {
    const inside = join(packages, 'node_modules', network.file);
    await report.check(network.name, async () => {
      const file = inside.endsWith(MODULE) ? unpack(inside, join(unpacked, network.name)) : inside;
      const asked = await askJudge(judge, network, file);
      const remark = agreement(asked, await ownAnswers(asked));
      if (network.served === true) served.push(asked);
      return remark;
    });
  }
  if (served.length > 0) await checkServed(served, report);
  rmSync(unpacked, { recursive: true });
  report.end();
}

/** Prints a line for each check and counts. */
class Report {
  private passed = 0;
  private failed = 0;

  /** `work` gives a remark, or throws. */
  async check(name: string, work: () => Promise<string>): Promise<void> {
    const started = performance.now();
    try {
      const remark = await work();
      this.passed++;
      process.stdout.write(`ok   ${name}: ${remark}, ${seconds(started)} s\n`);
    } catch (error) {
      this.failed++;
      process.stdout.write(`FAIL ${name}: ${(error as Error).message.slice(0, 600)}\n`);
    }
  }

  end(): void {
    process.stdout.write(`${this.passed} passed, ${this.failed} failed\n`);
    if (this.failed > 0) process.exitCode = 1;
  }
}

function seconds(started: number): string {
  return ((performance.now() - started) / 1000).toFixed(1);
}

/** The answers of TensorFlow.js by the keys of the signature. Throws where a constant is another one than its weight. */
async function askJudge(judge: Judge, network: Network, file: string): Promise<Case> {
  const { graph, signatures } = await readSource(file);
  const { inputs, outputs } = signatures['serving_default'] as Signature;
  const question = questionFor(network, inputs);
  return judge.use(file, network.backend ?? 'wasm', async (model) => {
    const consts = graph.nodes.filter(({ op }) => op === 'Const');
    const other = consts.find((node) => !sameWeight(model, node.name, constValue(node)));
    if (other !== undefined) throw new Error(`constant ${other.name} is not its weight`);
    const feeds = Object.entries(question).map(([key, value]) => [inputs[key]?.name ?? key, value] as const);
    const fetches = Object.values(outputs).map(({ name }) => name);
    const answers = await model.ask(Object.fromEntries(feeds), fetches);
    const wanted = new Map(Object.keys(outputs).map((key, i) => [key, answers[i] as Numbers]));
    return { network, file, question, wanted };
  });
}

function sameWeight(model: JudgedModel, name: string, value: Tensor): boolean {
  const weight = model.weight(name);
  return weight !== undefined && isSame(weight, numbersOf(value));
}

async function ownAnswers({ file, question }: Case): Promise<Answers> {
  const session = await load(file);
  try {
    const { inputs, outputs } = session.signatures['serving_default'] as Signature;
    const feeds = Object.entries(question).map(([key, value]) => [key, tensorOf(value, inputs[key]?.dtype)] as const);
    const keys = Object.keys(outputs);
    const results = await session.run(Object.fromEntries(feeds), keys);
    return new Map(keys.map((key, i) => [key, numbersOf(results[i] as Tensor)]));
  } finally {
    await session.close();
  }
}

function tensorOf({ shape, data, dtype }: Numbers, wanted: Tensor['dtype'] | undefined): Tensor {
  if (wanted === 'uint8') return { dtype: wanted, shape, data: Uint8Array.from(data) };
  if (dtype === 'int32') return { dtype: 'int32', shape, data: Int32Array.from(data) };
  return { dtype: 'float32', shape, data: Float32Array.from(data) };
}

function numbersOf({ dtype, shape, data }: Tensor): Numbers {
  return { dtype, shape, data: data as unknown as ArrayLike<number> };
}

/** How near the answers are; throws naming the outputs that are not near enough. */
function agreement({ network, wanted }: Case, got: Answers): string {
  const differences = [...wanted].map(([key, value]) => {
    return { key, ...compare(value, got.get(key) ?? NOTHING, network.tolerances?.[key]) };
  });
  const wrong = differences.filter((difference) => difference.wrong !== undefined);
  if (wrong.length > 0) throw new Error(wrong.map(({ key, wrong: reason }) => `${key} ${reason}`).join('; '));
  const worst = Math.max(...differences.map(({ relative }) => relative));
  return `${wanted.size} outputs within ${worst.toExponential(1)}`;
}

const NOTHING: Numbers = { shape: [-1], dtype: '', data: [] };

async function checkServed(cases: readonly Case[], report: Report): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'floe-tfjs-'));
  try {
    for (const { file, network } of cases) freezeCommand(file, root, network.name);
    await withServer(root, async (address) => {
      for (const one of cases) {
        const { name } = one.network;
        await report.check(`${name} served`, async () => agreement(one, await infer(address, name, one.question)));
      }
    });
  } finally {
    rmSync(root, { recursive: true });
  }
}

const [packages = '', ...names] = process.argv.slice(2);
await main(packages, names);
