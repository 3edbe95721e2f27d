/** The labels of an Einsum of two inputs, by what they do. */
import type { OnnxNode } from '../../onnx-graph.ts';

export interface Equation {
  /** One letter for each dimension of the inputs and of the output. */
  readonly left: string;
  readonly right: string;
  readonly output: string;
  /** In both inputs and the output. */
  readonly batch: string;
  /** In both inputs, not in the output. */
  readonly summed: string;
  /** In the output and the left or the right input alone. */
  readonly rows: string;
  readonly columns: string;
  /** In one input and nowhere else. */
  readonly droppedLeft: string;
  readonly droppedRight: string;
}

/** Stand for the dimensions of an ellipsis. */
const ELLIPSIS = '0123456789';

/**
 * Undefined for other numbers of inputs, a label that a term repeats (a diagonal), an output that is not said, and an ellipsis in both
 * inputs (which broadcasts) or of an input of unknown rank.
 */
export function equationOf({ attrs, inputs }: OnnxNode, ranks: readonly (number | undefined)[]): Equation | undefined {
  const terms = String(attrs['equation']).replaceAll(' ', '').split(/,|->/);
  const [left, right, output] = terms.length === 3 ? (withoutEllipsis(terms, ranks) ?? []) : [];
  if (inputs.length !== 2 || left === undefined || right === undefined || output === undefined) return undefined;
  const isPlain = (term: string): boolean => /^[a-zA-Z0-9]*$/.test(term) && new Set(term).size === term.length;
  if (![left, right, output].every(isPlain)) return undefined;
  const those = (from: string, is: (label: string) => boolean): string => [...from].filter(is).join('');
  const inside = (term: string) => (label: string) => term.includes(label);
  const [inLeft, inRight, inOutput] = [inside(left), inside(right), inside(output)];
  return {
    left,
    right,
    output,
    batch: those(output, (label) => inLeft(label) && inRight(label)),
    summed: those(left, (label) => inRight(label) && !inOutput(label)),
    rows: those(output, (label) => inLeft(label) && !inRight(label)),
    columns: those(output, (label) => inRight(label) && !inLeft(label)),
    droppedLeft: those(left, (label) => !inRight(label) && !inOutput(label)),
    droppedRight: those(right, (label) => !inLeft(label) && !inOutput(label)),
  };
}

function withoutEllipsis(
  terms: readonly string[],
  ranks: readonly (number | undefined)[],
): readonly string[] | undefined {
  const holders = [0, 1].filter((i) => terms[i]?.includes('...'));
  const [holder] = holders;
  if (holder === undefined) return terms;
  const rank = ranks[holder];
  const count = (rank ?? -1) - ((terms[holder]?.length ?? 0) - 3);
  if (holders.length > 1 || count < 0 || count > ELLIPSIS.length) return undefined;
  return terms.map((term) => term.replace('...', ELLIPSIS.slice(0, count)));
}
