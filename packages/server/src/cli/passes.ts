/** `floe inspect --passes`: the graph of a signature after freezing and after every pass, in numbers. */
import {
  compile,
  enginePart,
  type Feeds,
  type Frozen,
  type Measures,
  measureGraph,
  measureOnnx,
  tensorName,
} from '@floe/graph';
import { artefactKeyOf } from '../build/artefact.ts';
import { defaultSignature } from '../build/freeze-version.ts';
import { big, bytes, print, table } from './output.ts';

/** One row: the graph as this stage left it. */
export interface PassReport {
  readonly pass: string;
  /** Whose graph it is. `freeze` keeps all signatures, `cut` and those after it one. */
  readonly graph: 'tensorflow' | 'onnx';
  readonly milliseconds: number;
  /** Nodes by op, against the row before: negative where some went. Absent where TensorFlow's ops become ONNX's. */
  readonly changes: Readonly<Record<string, number>> | null;
  readonly measures: Measures;
}

export interface PassesReport {
  readonly signature: string;
  readonly passes: readonly PassReport[];
}

/** Compiles the signature and watches. What stops the compiler is thrown after `report` was given the rows so far. */
export function followPasses(frozen: Frozen, frozenMs: number, report: (passes: PassesReport) => void): void {
  const key = defaultSignature(frozen);
  const signature = frozen.signatures[key];
  if (signature === undefined) return;
  const rows = new Rows();
  const { feeds, fetches } = artefactKeyOf('', signature);
  try {
    rows.add('freeze', 'tensorflow', frozenMs, measureGraph(frozen.graph, feedsOf(frozen)));
    let started = performance.now();
    const part = enginePart(frozen.graph, feeds, fetches);
    if (part === undefined) return;
    compile(part.graph, part.feeds, part.fetches, {
      onPass: (stage) => {
        const milliseconds = performance.now() - started;
        const measures = stage.kind === 'onnx' ? measureOnnx(stage.graph) : measureGraph(stage.graph, stage.feeds);
        rows.add(stage.name, stage.kind, milliseconds, measures);
        started = performance.now();
      },
    });
  } finally {
    report({ signature: key, passes: rows.list });
  }
}

function feedsOf({ signatures }: Frozen): Feeds {
  const inputs = Object.values(signatures).flatMap((signature) => Object.values(signature.inputs));
  return new Map(inputs.map(({ name, dtype, shape }) => [tensorName(name), { dtype, shape }]));
}

class Rows {
  readonly list: PassReport[] = [];

  add(pass: string, graph: PassReport['graph'], milliseconds: number, measures: Measures): void {
    const before = this.list.at(-1);
    const changes = before?.graph === graph ? changed(before.measures.ops, measures.ops) : null;
    this.list.push({ pass, graph, milliseconds, changes, measures });
  }
}

function changed(before: Measures['ops'], after: Measures['ops']): Record<string, number> {
  const ops = new Set([...Object.keys(before), ...Object.keys(after)]);
  const all = [...ops].map((op) => [op, (after[op] ?? 0) - (before[op] ?? 0)] as const);
  return Object.fromEntries(all.filter(([, change]) => change !== 0).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])));
}

/** Ops of a row that people are told of; `--json` has all of them. */
const MOST_CHANGES = 6;

export function printPasses({ signature, passes }: PassesReport): void {
  const head = ['pass', 'nodes', 'transposes', 'parameters', 'FLOPs a row', 'weights', 'activations', 'ms', 'changes'];
  const rows = passes.map(({ pass, graph, milliseconds, changes, measures }) => [
    pass,
    String(measures.nodes),
    String(measures.ops['Transpose'] ?? 0),
    big(measures.parameters),
    big(measures.flops),
    bytes(measures.weightBytes),
    bytes(measures.activationBytes),
    milliseconds.toFixed(1),
    changes === null ? (graph === 'onnx' ? 'now in ONNX' : '') : formatChanges(changes),
  ]);
  print(`${signature}:`);
  print(table([head, ...rows]));
  const last = passes.at(-1)?.measures;
  if (last !== undefined) for (const note of notes(last)) print(note);
}

function formatChanges(changes: Readonly<Record<string, number>>): string {
  const all = Object.entries(changes).map(([op, change]) => `${change > 0 ? '+' : ''}${change} ${op}`);
  const more = all.length > MOST_CHANGES ? [`… ${all.length - MOST_CHANGES} more`] : [];
  return [...all.slice(0, MOST_CHANGES), ...more].join(', ');
}

/** What the count of FLOPs leaves out. */
export function notes({ uncounted, assumed }: Measures): readonly string[] {
  const ops = Object.entries(uncounted).map(([op, count]) => `${op} ${count}`);
  return [
    ...(ops.length === 0 ? [] : [`FLOPs leave out, for want of a formula: ${ops.join(', ')}`]),
    ...(assumed === 0 ? [] : [`FLOPs count an unknown dimension besides the batch as 1 in ${assumed} nodes`]),
  ];
}
