/** Rows through loops and branches: what is inside is followed like the rest; how often and which way must not depend on the batch. */
import { bodiesOf, type OnnxGraph, type OnnxNode, usedInside, type Value } from '../onnx-graph.ts';
import { rowsThrough } from './row-rules.ts';
import { batchAt, FIXED, lasting, RowContext, type RowState, sameState } from './rows.ts';

export type RowStates = Map<Value, RowState>;

/** Adds the states of all that the nodes of a graph make. Throws Denied. */
export function followRows(graph: OnnxGraph, states: RowStates): void {
  for (const node of graph.nodes) {
    if (node.guard === true) continue;
    if (node.bodies === undefined) {
      const result = rowsThrough(new RowContext(graph, node, states));
      for (const [i, output] of node.outputs.entries()) states.set(output, Array.isArray(result) ? result[i] : result);
    } else {
      for (const [i, state] of flowResults(graph, node, states).entries()) states.set(node.outputs[i] ?? '', state);
    }
  }
}

function flowResults(graph: OnnxGraph, node: OnnxNode, states: RowStates): readonly RowState[] {
  const c = new RowContext(graph, node, states);
  if (node.op === 'If') return branchResults(c, states);
  if (node.op === 'Loop') return loopResults(c, states);
  throw c.deny('this op is not known to keep rows apart');
}

function branchResults(c: RowContext, states: RowStates): readonly RowState[] {
  // Both give the same: what is found of the second, which may be taken in any case, holds for both.
  if (c.node.interchangeable === true) return resultsOf(bodiesOf(c.node)[1] ?? c.graph, states);
  c.fixedFrom(0);
  const [yes = [], no = []] = bodiesOf(c.node).map((body) => resultsOf(body, states));
  return yes.map((state, i) => {
    if (!sameState(state, no[i] ?? FIXED)) throw c.deny('its branches differ in what they do with rows');
    return lasting(state);
  });
}

function resultsOf(body: OnnxGraph, states: RowStates): readonly RowState[] {
  followRows(body, states);
  return body.outputs.map(({ name }) => states.get(name) ?? FIXED);
}

/** A variable has to be the same kind of thing in every turn. */
function loopResults(c: RowContext, states: RowStates): readonly RowState[] {
  const body = c.node.bodies?.['body'];
  if (body === undefined) throw c.deny('it has no body');
  for (const i of [0, 1]) if (c.state(i).kind !== 'fixed') throw c.deny('how often it runs depends on the batch');
  const given = c.node.inputs.slice(2).map((_, i) => lasting(c.state(i + 2)));
  for (const [i, state] of given.entries()) states.set(body.inputs[i + 2]?.name ?? '', state);
  const [goesOn = FIXED, ...results] = resultsOf(body, states);
  if (goesOn.kind !== 'fixed') throw c.deny('how often it runs depends on the batch');
  const used = new Set(body.nodes.flatMap((inner) => [...inner.inputs, ...usedInside(inner)]));
  given.forEach((state, i) => {
    const result = results[i] ?? FIXED;
    const replaced = !used.has(body.inputs[i + 2]?.name ?? '') && (runs(c) || fitsRows(c, i + 2, result));
    if (!replaced && !sameState(state, result)) throw c.deny('a variable of the loop has other rows after a turn');
  });
  return results.map((state, i) => (i < given.length ? state : collected(c, state)));
}

/**
 * True for a fixed value that is broadcast over the rows which take its place: where the loop has no turn, it is the same for all of them.
 */
function fitsRows(c: RowContext, i: number, result: RowState): boolean {
  if (c.state(i).kind !== 'fixed' || (result.kind !== 'rows' && result.kind !== 'turned')) return false;
  return c.rank(i) === result.rank && c.shape(i)?.[result.kind === 'rows' ? 0 : result.axis] === 1;
}

/** True for a loop that is known to have a turn. */
function runs(c: RowContext): boolean {
  const [turns = 0] = c.numbers(0) ?? [];
  return turns > 0 && c.node.inputs[1] === '';
}

/** One behind the other, a new dimension in front. */
function collected(c: RowContext, state: RowState): RowState {
  if (state.kind === 'fixed') return FIXED;
  if (state.kind === 'turned') return batchAt(state.axis + 1, state.rank + 1);
  if (state.kind === 'rows' && state.per === 1) return batchAt(1, state.rank + 1);
  throw c.deny('it collects something else than rows');
}
