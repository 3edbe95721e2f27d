/** What can be said of a model without running it: for each signature whether it freezes and compiles, and what stops it. */
import {
  asFloeError,
  type CompiledGraph,
  compile,
  enginePart,
  type FloeError,
  type FreezeOptions,
  type Frozen,
  freeze,
  type Measures,
  measureGraph,
  measureOnnx,
  type Signature,
  type Source,
  type Stage,
} from '@floe/graph';
import { artefactKeyOf } from '../../build/artefact.ts';
import { type Problem, problemsOf } from './problems.ts';

/** The graph that the engine gets. */
export interface CompiledReport {
  readonly opset: number;
  readonly rowIndependent: CompiledGraph['rowIndependent'];
  readonly deterministic: boolean;
  readonly measures: Measures;
}

/** Frozen and compiled: what is needed to run it. */
export interface Runnable {
  readonly frozen: Frozen;
  readonly compiled: CompiledGraph;
}

export interface Verdict {
  readonly key: string;
  /** As it was declared, or as far as it was frozen. */
  readonly signature: Signature | undefined;
  readonly problems: readonly Problem[];
  /** Of the frozen graph, cut to this signature. */
  readonly measures?: Measures;
  readonly compiled?: CompiledReport;
}

export interface Examined extends Verdict {
  readonly runnable?: Runnable;
}

/** The key that a graph frozen by node names gets. */
const BY_NAMES = 'serving_default';

/**
 * Freezes all signatures at once; where that fails, each by itself, so that one does not hide another. Throws INVALID_ARGUMENT where there
 * is no signature to look at.
 */
export async function* examine(source: Source, wanted: FreezeOptions): AsyncGenerator<Examined> {
  const keys = wanted.outputs === undefined ? (wanted.signatures ?? Object.keys(source.signatures)) : [BY_NAMES];
  const together = await attempt(source, wanted);
  if ('frozen' in together) {
    for (const key of Object.keys(together.frozen.signatures)) yield examineFrozen(together.frozen, key);
    return;
  }
  if (keys.length === 0) throw together.error;
  for (const key of keys) {
    const alone = keys.length === 1 ? together : await attempt(source, { ...wanted, signatures: [key] });
    if ('frozen' in alone) yield examineFrozen(alone.frozen, key);
    else yield { key, signature: source.signatures[key], problems: problemsOf(alone.error) };
  }
}

type Attempt = { readonly frozen: Frozen } | { readonly error: FloeError };

async function attempt(source: Source, wanted: FreezeOptions): Promise<Attempt> {
  try {
    return { frozen: await freeze(source, wanted) };
  } catch (error) {
    return { error: asFloeError(error) };
  }
}

function examineFrozen(frozen: Frozen, key: string): Examined {
  const signature = frozen.signatures[key] as Signature;
  const seen: { frozen?: Measures; onnx?: Extract<Stage, { kind: 'onnx' }> } = {};
  const onPass = (stage: Stage): void => {
    if (stage.kind === 'onnx') seen.onnx = stage;
    else if (stage.name === 'cut') seen.frozen = measureGraph(stage.graph, stage.feeds);
  };
  const about = { key, signature };
  try {
    const { feeds, fetches } = artefactKeyOf('', signature);
    const part = enginePart(frozen.graph, feeds, fetches);
    if (part === undefined) return { ...about, problems: [] };
    const compiled = compile(part.graph, part.feeds, part.fetches, { onPass });
    const seenOf = { ...measured(seen.frozen), ...reported(compiled, seen.onnx, part.whole) };
    // No strings are made up to try a graph with.
    return { ...about, problems: [], ...seenOf, ...(part.whole ? { runnable: { frozen, compiled } } : {}) };
  } catch (error) {
    return { ...about, problems: problemsOf(asFloeError(error)), ...measured(seen.frozen) };
  }
}

function measured(measures: Measures | undefined): Pick<Verdict, 'measures'> {
  return measures === undefined ? {} : { measures };
}

/** The last stage is the graph that was written. */
function reported(
  { rowIndependent, deterministic }: CompiledGraph,
  last: Extract<Stage, { kind: 'onnx' }> | undefined,
  whole: boolean,
): Pick<Verdict, 'compiled'> {
  if (last === undefined) return {};
  const rows = whole ? rowIndependent : { proved: false, reason: 'a part of the graph runs on the host' };
  const measures = measureOnnx(last.graph);
  return { compiled: { opset: last.graph.opset, rowIndependent: rows, deterministic, measures } };
}
