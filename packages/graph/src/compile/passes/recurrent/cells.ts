/**
 * Cells of recurrent layers, told by what a turn of a loop does to its states, whichever framework wrote them down:
 *
 *     LSTM   c' = f * c + i * g,  h' = o * tanh(c')          f, i, o, g functions of x W + h R + b
 *     GRU    h' = z * h + (1 - z) * n                        n of x W + r * (h R + b), or of x W + (r * h) R
 *     RNN    h' = tanh(x W + h R + b)
 */
import type { Value } from '../../../onnx-graph.ts';
import type { Makers } from '../makers.ts';
import { ACTIVATIONS, type Affine, activatedOf, affineOf, isAffineIn } from './affine.ts';

/** One gate, or what takes the place of one. */
export interface Gate {
  readonly input: Affine;
  /** Its weights are those of the state; where only `input` has weights for it, they are the same. */
  readonly recurrent: Affine;
  readonly state: Value;
}

export interface Cell {
  readonly op: 'LSTM' | 'GRU' | 'RNN';
  /** Numbers of the states that are the output and, for an LSTM, the carry. */
  readonly states: readonly number[];
  /** In ONNX's order. */
  readonly gates: readonly Gate[];
  readonly activations: readonly string[];
  /** GRU: the reset gate works on the product with the state and not on the state. */
  readonly resetsAfter?: boolean;
}

/** `states` before a turn and `results` after it. */
export function cellOf(makers: Makers, states: readonly Value[], results: readonly Value[]): Cell | undefined {
  for (const [at, state] of states.entries()) {
    const result = results[at] ?? '';
    const cell =
      simple(makers, state, result, at) ?? gru(makers, state, result, at) ?? lstm(makers, states, results, at);
    if (cell !== undefined) return cell;
  }
  return undefined;
}

function gateOf(of: Affine, state: Value): Gate {
  return { input: of, recurrent: of, state };
}

function simple(makers: Makers, state: Value, result: Value, at: number): Cell | undefined {
  const found = activatedOf(makers, result);
  if (found === undefined || !isAffineIn(found.of, state)) return undefined;
  return { op: 'RNN', states: [at], gates: [gateOf(found.of, state)], activations: [found.activation] };
}

/** `at`: number of the state that may be the carry. */
function lstm(makers: Makers, states: readonly Value[], results: readonly Value[], at: number): Cell | undefined {
  const [carry, after] = [states[at] ?? '', results[at] ?? ''];
  for (const [kept, added] of makers.sides('Add', after)) {
    for (const [forget, old] of makers.sides('Mul', kept)) {
      const f = old === carry ? activatedOf(makers, forget) : undefined;
      const out = f && outputOf(makers, results, after);
      if (f === undefined || out === undefined) continue;
      const state = states[out.at] ?? '';
      const { o } = out;
      for (const [input, candidate] of makers.sides('Mul', added)) {
        const [i, g] = [activatedOf(makers, input), activatedOf(makers, candidate)];
        if (i?.activation !== f.activation || o.activation !== f.activation || g === undefined) continue;
        const gates = [i.of, o.of, f.of, g.of].map((of) => gateOf(of, state));
        return { op: 'LSTM', states: [out.at, at], gates, activations: [f.activation, g.activation, out.activation] };
      }
    }
  }
  return undefined;
}

type Activated = NonNullable<ReturnType<typeof activatedOf>>;

interface Output {
  readonly at: number;
  readonly o: Activated;
  readonly activation: string;
}

/** The state that becomes o * tanh(carry). */
function outputOf(makers: Makers, results: readonly Value[], carry: Value): Output | undefined {
  for (const [at, result] of results.entries()) {
    for (const [gate, squashed] of makers.sides('Mul', result)) {
      const maker = makers.maker(squashed);
      const o = maker?.inputs[0] === carry ? activatedOf(makers, gate) : undefined;
      if (o !== undefined && maker !== undefined && ACTIVATIONS.has(maker.op)) return { at, o, activation: maker.op };
    }
  }
  return undefined;
}

function gru(makers: Makers, state: Value, result: Value, at: number): Cell | undefined {
  for (const [kept, added] of makers.sides('Add', result)) {
    for (const [update, old] of makers.sides('Mul', kept)) {
      const z = old === state ? activatedOf(makers, update) : undefined;
      for (const [rest, candidate] of makers.sides('Mul', added)) {
        const [one, same] = makers.node('Sub', rest)?.inputs ?? [];
        if (z === undefined || makers.number(one, 2) !== 1 || same !== update) continue;
        const found = resetAfter(makers, candidate, state) ?? resetBefore(makers, candidate, state);
        if (found === undefined || found.r.activation !== z.activation) continue;
        const { r, n, activation, after } = found;
        const gates = [gateOf(z.of, state), gateOf(r.of, state), n];
        return { op: 'GRU', states: [at], gates, activations: [z.activation, activation], resetsAfter: after };
      }
    }
  }
  return undefined;
}

interface Candidate {
  readonly r: Activated;
  readonly n: Gate;
  readonly activation: string;
  readonly after: boolean;
}

/** tanh(x W + b + r * (h R + c)) */
function resetAfter(makers: Makers, candidate: Value, state: Value): Candidate | undefined {
  const node = makers.maker(candidate);
  if (node === undefined || !ACTIVATIONS.has(node.op)) return undefined;
  for (const [fromInput, fromState] of makers.sides('Add', node.inputs[0])) {
    for (const [reset, value] of makers.sides('Mul', fromState)) {
      const r = activatedOf(makers, reset);
      const [input, recurrent] = [affineOf(makers, fromInput), affineOf(makers, value)];
      if (r === undefined || input === undefined || recurrent === undefined || isAffineIn(input, state)) continue;
      if (recurrent.terms.some(({ source }) => source !== state)) continue;
      return { r, n: { input, recurrent, state }, activation: node.op, after: true };
    }
  }
  return undefined;
}

/** tanh(x W + b + (r * h) R) */
function resetBefore(makers: Makers, candidate: Value, state: Value): Candidate | undefined {
  const found = activatedOf(makers, candidate);
  for (const { source } of found?.of.terms ?? []) {
    for (const [reset, old] of makers.sides('Mul', source)) {
      const r = old === state ? activatedOf(makers, reset) : undefined;
      if (r === undefined || found === undefined) continue;
      return { r, n: gateOf(found.of, source), activation: found.activation, after: false };
    }
  }
  return undefined;
}
