/**
 * Recurrent cells that are one op, and a whole layer of them. Source: `tensorflow/core/kernels/rnn/lstm_ops.cc` and `gru_ops.cc`.
 *
 *   i, ci, f, o = [x, h] * w + b    of which V2 of the layer has f before ci, and no bias of forgetting
 *   c = sigmoid(i) * tanh(ci) + sigmoid(f + forget_bias) * c, limited to +-cell_clip
 *   h = sigmoid(o) * tanh(c)        with peepholes the gates see c too: i and f the one before, o the new one
 */
import type { DType } from '../../dtype.ts';
import { bodyOf, type Value, type ValueType, withOutputs } from '../../onnx-graph.ts';
import { scalarOf } from '../constant.ts';
import type { Lower, Lowering } from '../lowering.ts';
import { Calculator, sizeOfAxis, vector } from './calculate.ts';
import { asInt64, ints, reshape, run, scalar } from './common.ts';

/** Numbers of the inputs; those of a layer have the number of steps in front of them. */
interface Inputs {
  readonly x: number;
  readonly c: number;
  readonly h: number;
  readonly weights: number;
  readonly peepholes: readonly [input: number, forget: number, output: number];
  readonly bias: number;
}

function inputsFrom(x: number): Inputs {
  return { x, c: x + 1, h: x + 2, weights: x + 3, peepholes: [x + 4, x + 5, x + 6], bias: x + 7 };
}

/** What the layers' kinds have of their own. */
interface Kind {
  /** Places of i, ci, f and o among the gates. */
  readonly order: readonly [input: number, candidate: number, forget: number, output: number];
  readonly forgetBias: number;
  readonly clip: number;
}

const CELL: Kind = { order: [0, 1, 2, 3], forgetBias: 1, clip: 3 };
const LAYER_V2: Kind = { order: [0, 2, 1, 3], forgetBias: 0, clip: 0 };

/** i, cs, f, o, ci, co, h: the outputs of every step. */
type Step = readonly [Value, Value, Value, Value, Value, Value, Value];
const [CELL_STATE, OUTPUT] = [1, 6] as const;

class Lstm {
  private readonly l: Lowering;
  private readonly kind: Kind;
  private readonly at: Inputs;
  private readonly dtype: DType;

  constructor(l: Lowering, kind: Kind, at: Inputs) {
    this.l = l;
    this.kind = kind;
    this.at = at;
    this.dtype = l.dtype(at.x);
  }

  /** Weights of x, and of h, which lie below them. */
  weights(): readonly [Value, Value] {
    const { l, at } = this;
    const size = l.shape(at.x)?.at(-1) ?? -1;
    const split = size >= 0 ? ints(l, [size]) : vector(l, [sizeOfAxis(l, l.input(at.x), l.rank(at.x) - 1)]);
    return rowsBeforeAndAfter(l, l.input(at.weights), split, this.dtype);
  }

  /** What x gives to the gates, for one step or for all of them. */
  fromInput(x: Value, weights: Value): Value {
    const calculate = new Calculator(this.l, this.dtype);
    return calculate.do('Add', product(this.l, x, weights, this.dtype), this.l.input(this.at.bias));
  }

  /** One step; `l` adds to the graph that the step is in. */
  step(l: Lowering, fromInput: Value, weights: Value, c: Value, h: Value): Step {
    const { order, forgetBias, clip } = this.kind;
    const calculate = new Calculator(l, this.dtype);
    const gates = calculate.do('Add', fromInput, product(l, h, weights, this.dtype));
    const parts = splitInto(l, gates, 4, this.state);
    const [gate, candidate, forget, output] = order.map((place) => parts[place] ?? '') as [Value, Value, Value, Value];
    const [seesInput, seesForget, seesOutput] = this.at.peepholes;
    const i = calculate.do('Sigmoid', this.peeping(calculate, gate, c, seesInput));
    const kept = calculate.do(
      'Add',
      this.peeping(calculate, forget, c, seesForget),
      l.attrs.float('forget_bias', forgetBias),
    );
    const f = calculate.do('Sigmoid', kept);
    const ci = calculate.do('Tanh', candidate);
    const sum = calculate.do('Add', calculate.do('Mul', i, ci), calculate.do('Mul', f, c));
    const limit = l.attrs.float('cell_clip', clip);
    const cs = limit > 0 ? calculate.do('Min', calculate.do('Max', sum, -limit), limit) : sum;
    const co = calculate.do('Tanh', cs);
    const o = calculate.do('Sigmoid', this.peeping(calculate, output, cs, seesOutput));
    return [i, cs, f, o, ci, co, calculate.do('Mul', o, co)];
  }

  /** Type of a state, and of each output of a step. */
  get state(): ValueType {
    const gates = this.l.shape(this.at.bias)?.[0] ?? -1;
    return { dtype: this.dtype, shape: [-1, gates < 0 ? -1 : gates / 4] };
  }

  private peeping(calculate: Calculator, gate: Value, state: Value, weights: number): Value {
    if (!this.l.attrs.bool('use_peephole', false)) return gate;
    return calculate.do('Add', gate, calculate.do('Mul', state, this.l.input(weights)));
  }
}

function product(l: Lowering, a: Value, b: Value, dtype: DType): Value {
  return run(l, 'MatMul', [a, b], dtype, { shape: null });
}

function rowsBeforeAndAfter(l: Lowering, matrix: Value, split: Value, dtype: DType): readonly [Value, Value] {
  const [start, end, axis] = [ints(l, [0]), ints(l, [Number.MAX_SAFE_INTEGER]), ints(l, [0])];
  const type = { dtype, shape: [-1, -1] };
  return [
    l.emit('Slice', [matrix, start, split, axis], {}, type),
    l.emit('Slice', [matrix, split, end, axis], {}, type),
  ];
}

/** As many equal parts along axis 1. */
function splitInto(l: Lowering, value: Value, count: number, type: ValueType): readonly Value[] {
  return l.emitMany('Split', [value], count, l.opset >= 18 ? { axis: 1, num_outputs: count } : { axis: 1 }, type);
}

/** Inputs: x [batch, size], states, weights. */
function lstmCell(l: Lowering): readonly Value[] {
  const at = inputsFrom(0);
  const lstm = new Lstm(l, CELL, at);
  const [ofInput, ofState] = lstm.weights();
  return lstm.step(l, lstm.fromInput(l.input(at.x), ofInput), ofState, l.input(at.c), l.input(at.h));
}

/**
 * Inputs: the number of steps that count, x [steps, batch, size], states, weights. The outputs are those of every step, zeros behind
 * the steps that count.
 */
function lstmLayer(kind: Kind): Lower {
  return (l) => {
    const at = inputsFrom(1);
    const lstm = new Lstm(l, kind, at);
    const dtype = l.dtype(at.x);
    const [ofInput, ofState] = lstm.weights();
    const gates = lstm.fromInput(l.input(at.x), ofInput);
    const steps = sizeOfAxis(l, l.input(at.x), 0, l.shape(at.x)?.[0]);
    const whole = new Calculator(l, 'int64');
    const turns = reshape(l, whole.do('Min', reshape(l, asInt64(l, 0), [], 'int64'), steps), [], 'int64');
    const results = stepsInLoop(
      l,
      turns,
      [l.input(at.c), l.input(at.h)],
      lstm.state,
      (inside, turn, [c = '', h = '']) => {
        const row = inside.emit('Gather', [gates, turn], { axis: 0 }, { dtype, shape: [-1, -1] });
        return lstm.step(inside, row, ofState, c, h);
      },
    );
    const missing = whole.do('Sub', steps, turns);
    return results.map((rows) => padded(l, rows, missing, dtype));
  };
}

const STEP: ValueType = { dtype: 'int64', shape: [] };
const GOES_ON: ValueType = { dtype: 'bool', shape: [] };

/** A Loop of `turns` turns, of which each makes a step of both states; its outputs, stacked. */
function stepsInLoop(
  l: Lowering,
  turns: Value,
  initial: readonly Value[],
  state: ValueType,
  stepOf: (inside: Lowering, turn: Value, states: readonly Value[]) => Step,
): readonly Value[] {
  const input = (label: string, type: ValueType) => ({ name: l.named(label, type), ...type });
  const turn = input('turn', STEP);
  const states = initial.map((_, i) => input(`state_${i}`, state));
  const body = bodyOf(l.graph, [turn, input('goes_on', GOES_ON), ...states]);
  const inside = l.inside(body);
  const step = stepOf(
    inside,
    turn.name,
    states.map(({ name }) => name),
  );
  const always = inside.fresh('always', scalarOf('bool', 1));
  const made = [step[CELL_STATE], step[OUTPUT], ...step];
  const whole = withOutputs(body, [always, ...made], [GOES_ON, ...made.map(() => state)]);
  const stacked = { ...state, shape: state.shape && [-1, ...state.shape] };
  const types = [state, state, ...step.map(() => stacked)];
  return l.emitFlow('Loop', [turns, '', ...initial], types, { body: whole }).slice(2);
}

/** Rows with as many of zeros behind them as are missing. */
function padded(l: Lowering, rows: Value, missing: Value, dtype: DType): Value {
  const pads = vector(l, [0, 0, 0, missing, 0, 0]);
  return l.emit('Pad', [rows, pads, scalar(l, dtype, 0)], {}, { dtype, shape: [-1, -1, -1] });
}

/**
 * Inputs: x, h, weights and biases of the gates r and u, then those of the candidate.
 * r, u = sigmoid([x, h] * w_ru + b_ru); c = tanh([x, r * h] * w_c + b_c); h = u * h + (1 - u) * c
 */
function gruCell(l: Lowering): readonly Value[] {
  const dtype = l.dtype();
  const calculate = new Calculator(l, dtype);
  const [x = '', h = '', gateWeights = '', weights = '', gateBias = '', bias = ''] = l.inputs();
  const joined = (state: Value): Value => l.emit('Concat', [x, state], { axis: 1 }, { dtype, shape: [-1, -1] });
  const dense = (state: Value, matrix: Value, offset: Value): Value =>
    calculate.do('Add', product(l, joined(state), matrix, dtype), offset);
  const gates = calculate.do('Sigmoid', dense(h, gateWeights, gateBias));
  const [r = '', u = ''] = splitInto(l, gates, 2, l.outType());
  const c = calculate.do('Tanh', dense(calculate.do('Mul', r, h), weights, bias));
  const rest = calculate.do('Mul', calculate.do('Sub', 1, u), c);
  return [r, u, c, calculate.do('Add', calculate.do('Mul', u, h), rest)];
}

export const RECURRENT = {
  LSTMBlockCell: lstmCell,
  BlockLSTM: lstmLayer(CELL),
  BlockLSTMV2: lstmLayer(LAYER_V2),
  GRUBlockCell: gruCell,
} satisfies Record<string, Lower>;
