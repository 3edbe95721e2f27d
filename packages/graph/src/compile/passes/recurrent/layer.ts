/** A loop as a recurrent layer: the cell in its body, what it goes over, and what the loop's results are of it. */
import type { OnnxGraph, OnnxNode, Value } from '../../../onnx-graph.ts';
import { Makers } from '../makers.ts';
import { type Cell, cellOf } from './cells.ts';

export interface Layer {
  readonly cell: Cell;
  /** [steps, batch, width] */
  readonly rows: Value;
  /** The row of a turn, as the gates' weights name it. */
  readonly row: Value;
  readonly turns: Value;
  /** Of the cell's states, in its order. */
  readonly initial: readonly Value[];
  readonly results: readonly Result[];
}

/** A result of the loop: the output of each step, or the last of a state of the cell, which may be a list of this one item. */
export type Result = 'each' | { readonly last: number; readonly listed: boolean };

/** Inputs of a Loop and of its body before the states. */
const FIRST = 2;

export function layerOf(outer: Makers, loop: OnnxNode): Layer | undefined {
  const body = loop.bodies?.['body'];
  const [turns = '', condition = ''] = loop.inputs;
  if (body === undefined || turns === '' || condition !== '') return undefined;
  const makers = new Makers(body);
  const [goesOn = '', ...after] = body.outputs.map(({ name }) => behindIdentities(makers, name));
  const states = body.inputs.slice(FIRST).map(({ name }) => name);
  const always = body.constants.get(goesOn)?.data[0];
  const cell = Number(always) === 1 ? cellOf(makers, states, after) : undefined;
  const results = cell && resultsOf(makers, cell, after, states.length);
  const row = cell && rowOf(cell);
  const rows = row && pickedRows(makers, body, row);
  if (cell === undefined || results === undefined || row === undefined || rows === undefined) return undefined;
  const initial = cell.states.map((at) => loop.inputs[FIRST + at] ?? '');
  const isFloat = [rows, ...initial].every((value) => outer.graph.types.get(value)?.dtype === 'float32');
  const fits = outer.rank(rows) === 3 && initial.every((value) => outer.rank(value) === 2);
  return isFloat && fits ? { cell, rows, row, turns, initial, results } : undefined;
}

function behindIdentities(makers: Makers, value: Value): Value {
  let at = value;
  for (let next = makers.of('Identity', at); next !== undefined; next = makers.of('Identity', at)) at = next;
  return at;
}

/** Undefined where a result is something else. */
function resultsOf(
  makers: Makers,
  { states }: Cell,
  after: readonly Value[],
  count: number,
): readonly Result[] | undefined {
  const made = states.map((at) => after[at] ?? '');
  const results = after.map((value, i): Result | undefined => {
    if (i >= count) return value === made[0] ? 'each' : undefined;
    const last = made.indexOf(value);
    if (last >= 0) return { last, listed: false };
    const node = makers.node('Unsqueeze', value);
    const [item = '', axes = ''] = node?.inputs ?? [];
    const only = made.indexOf(item);
    return only >= 0 && makers.numbers(axes)?.join() === '0' ? { last: only, listed: true } : undefined;
  });
  return results.includes(undefined) ? undefined : (results as Result[]);
}

/** The one value that the gates multiply besides the states; undefined where there are more, or none. */
function rowOf({ gates }: Cell): Value | undefined {
  const others = new Set(
    gates.flatMap(({ input, state }) => input.terms.flatMap(({ source }) => (source === state ? [] : [source]))),
  );
  const [row] = others;
  return others.size === 1 ? row : undefined;
}

/** The tensor outside of which a value of the body is the row of this turn. */
function pickedRows(makers: Makers, body: OnnxGraph, value: Value): Value | undefined {
  const node = makers.node('Gather', value);
  const [rows = '', index = ''] = node?.inputs ?? [];
  const turn = body.inputs[0]?.name ?? '';
  const isOfTurn = index === turn || makers.of('Cast', index) === turn;
  const isOutside = makers.maker(rows) === undefined && body.inputs.every(({ name }) => name !== rows);
  return isOfTurn && isOutside && node?.attrs['axis'] === 0 ? rows : undefined;
}
