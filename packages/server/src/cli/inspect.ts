/** `floe inspect`: what a source or a frozen version contains, and what servers here have learned of a version's costs. */
import process from 'node:process';
import { constValue, freeze, type Graph, type Signature, type Source } from '@floe/graph';
import { resolveConfig } from '../core/config.ts';
import { type Costs, costsOf, formatCosts } from './costs.ts';
import { freezeOptions, openModel } from './model.ts';
import { EXIT, megabytes, print, printJson } from './output.ts';
import { followPasses, type PassesReport, printPasses } from './passes.ts';
import { formatSignature } from './signature-text.ts';

interface Summary {
  readonly path: string;
  readonly format: string;
  readonly nodes: number;
  readonly functions: number;
  /** Nodes by op, most frequent first; those of functions count too. */
  readonly ops: Readonly<Record<string, number>>;
  readonly variables: number;
  /** Bytes of constants in the graph. */
  readonly constantBytes: number;
  readonly signatures: Readonly<Record<string, Signature>>;
  readonly assets: readonly string[];
  readonly checkpoint: Source['checkpoint'];
}

export async function inspectCommand(path: string, options: Record<string, unknown>): Promise<number> {
  const { source, manifest } = await openModel(path);
  const summary = summarise(path, source);
  const costs = manifest === undefined ? {} : await costsOf(manifest, resolveConfig({ models: path }, process.env, {}));
  const about = manifest === undefined ? summary : { ...summary, manifest, costs };
  const json = options['json'] === true;
  if (options['passes'] === true)
    await inspectPasses(source, options, (passes) => {
      if (json) printJson({ ...about, ...passes });
      else printPasses(passes);
    });
  else if (json) printJson(about);
  else report(summary, costs);
  return EXIT.ok;
}

async function inspectPasses(
  source: Source,
  options: Record<string, unknown>,
  report: (passes: PassesReport) => void,
): Promise<void> {
  const started = performance.now();
  const frozen = await freeze(source, freezeOptions(options));
  followPasses(frozen, performance.now() - started, report);
}

function summarise(path: string, source: Source): Summary {
  const { graph, signatures, checkpoint } = source;
  return {
    path,
    format: checkpoint.format,
    nodes: graph.nodes.length,
    functions: graph.functions.size,
    ops: countOps(graph),
    variables: source.variableKeys.size,
    constantBytes: constantBytes(graph),
    signatures,
    assets: [...source.assets],
    checkpoint,
  };
}

function countOps(graph: Graph): Record<string, number> {
  const counts = new Map<string, number>();
  const bodies = [...graph.functions.values()].map((fn) => fn.node_def);
  for (const nodes of [graph.nodes, ...bodies]) {
    for (const { op } of nodes) counts.set(op, (counts.get(op) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)));
}

function constantBytes(graph: Graph): number {
  let bytes = 0;
  for (const node of graph.nodes) {
    const data = node.op === 'Const' ? constValue(node).data : [];
    bytes += ArrayBuffer.isView(data) ? data.byteLength : data.reduce((sum, text) => sum + text.byteLength, 0);
  }
  return bytes;
}

function report(summary: Summary, costs: Costs): void {
  const { checkpoint } = summary;
  print(
    `${summary.path}: ${summary.format}${checkpoint.producers.tensorflow ? `, made by TensorFlow ${checkpoint.producers.tensorflow}` : ''}`,
  );
  print(
    `  ${summary.nodes} nodes, ${summary.functions} functions, ${summary.variables} variables, ${megabytes(summary.constantBytes)} of constants`,
  );
  if (checkpoint.globalStep !== null) print(`  global step ${checkpoint.globalStep}`);
  for (const [key, signature] of Object.entries(summary.signatures)) print(`  ${key}: ${formatSignature(signature)}`);
  const ops = Object.entries(summary.ops).map(([op, count]) => `${op} ${count}`);
  print(`  ops: ${ops.join(', ')}`);
  for (const line of formatCosts(costs)) print(`  here ${line}`);
  if (summary.assets.length > 0) print(`  assets: ${summary.assets.join(', ')}`);
}
