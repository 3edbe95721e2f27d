/** What `floe check` says to people. */
import { big, print } from '../output.ts';
import { notes } from '../passes.ts';
import { formatSignature } from '../signature-text.ts';
import type { Difference } from './difference.ts';
import type { CheckReport, SignatureReport } from './findings.ts';
import type { Problem } from './problems.ts';

/** Nodes that are named of each problem; `--json` names all. */
const MOST_NODES = 5;

export function printReport({ path, format, producer, engine, tensorflow, signatures }: CheckReport): void {
  print(`${path}: ${format}${producer === '' ? '' : `, made by TensorFlow ${producer}`}`);
  for (const signature of signatures) printSignature(signature);
  if (engine === null) print('nothing was run: no engine works on this machine');
  if (tensorflow === null)
    print('not compared with TensorFlow: no Python with it was found (--python, FLOE_PYTHON, python3)');
  else if (tensorflow.error !== undefined) print(`not compared with TensorFlow: ${tensorflow.error}`);
}

function printSignature({ key, signature, problems, measures, compiled, trial, answers }: SignatureReport): void {
  print(signature === null ? `${key}:` : `${key}: ${formatSignature(signature)}`);
  if (measures !== null)
    print(
      `  frozen: ${measures.nodes} nodes, ${big(measures.parameters)} parameters, ${big(measures.flops)} FLOPs a row`,
    );
  for (const problem of problems) printProblem(problem);
  if (compiled === null) return;
  const rows = compiled.rowIndependent.proved
    ? 'rows are independent of each other'
    : `rows are not known to be independent: ${compiled.rowIndependent.reason}`;
  print(`  compiled: ${compiled.measures.nodes} nodes; ${rows}`);
  for (const note of notes(compiled.measures)) print(`  ${note}`);
  if (trial === null) return;
  print(trial.error === null ? `  runs on ${trial.inputs.join(', ')}` : `  **does not run**: ${trial.error.message}`);
  if (typeof answers === 'string') print(`  TensorFlow does not run it: ${answers}`);
  else if (answers !== null)
    for (const [output, difference] of Object.entries(answers)) print(`  ${output}: ${compared(difference)}`);
}

function printProblem({ op, reason, nodes }: Problem): void {
  if (op === null) {
    print(`  **will not run**: ${reason}`);
    return;
  }
  const more = nodes.length > MOST_NODES ? `, … ${nodes.length - MOST_NODES} more` : '';
  const named = nodes.slice(0, MOST_NODES).join(', ');
  print(`  **will not run**: ${op}, ${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'}: ${reason}`);
  print(`    ${named}${more}`);
}

function compared({ agrees, greatest, unequal, mismatch, worst }: Difference): string {
  if (mismatch !== null) return `**differs** from TensorFlow's: ${mismatch}`;
  if (unequal === 0) return "equal to TensorFlow's";
  const where = worst === null ? '' : ` at [${worst.join(', ')}]`;
  const off = `off by at most ${greatest.toExponential(1)}${where}`;
  return agrees ? `as TensorFlow's, ${off}` : `**differs** from TensorFlow's, ${off}; ${unequal} elements`;
}
