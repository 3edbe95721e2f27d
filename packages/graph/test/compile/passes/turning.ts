/** Random graphs of ops that work in any layout, with transpositions between them: the territory of push-transposes. */
import fc from 'fast-check';
import type { OnnxGraph, OnnxNode } from '../../../src/onnx-graph.ts';
import type { Tensor } from '../../../src/tensor.ts';
import { tensor } from '../../support/nodes.ts';
import { float, onnx, op, type Tensors, typed, wave } from './onnx.ts';

interface Made {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Where a step works and what else decides what it does: numbers that are taken modulo what there is. */
interface Where {
  readonly axis: number;
  /** The axis, counted from either end. */
  readonly stated: number;
  readonly numbers: readonly [number, number, number];
}

type StepOf = (b: Builder, from: Made, where: Where) => void;

const unary =
  (name: string, ...more: readonly string[]): StepOf =>
  (b, from) =>
    b.emit(name, [from.name, ...more], from.shape);

const withConstant =
  (name: string, sides: 1 | 2): StepOf =>
  (b, { name: from, shape }, { numbers: [mask, cut, side] }) => {
    const own = shape.map((dim, i) => ((mask >> i) & 1 ? 1 : dim)).slice(cut % (shape.length + 1));
    const inputs = [from, b.floats(own)];
    b.emit(name, side % sides === 0 ? inputs : inputs.toReversed(), shape);
  };

const transpose: StepOf = (b, { name, shape }, { numbers: [number] }) => {
  const perm = permutation(shape.length, number);
  b.emit(
    'Transpose',
    [name],
    perm.map((axis) => shape[axis] ?? 1),
    { perm },
  );
};

const pair: StepOf = (b, from, { numbers: [other] }) =>
  b.emit('Add', [from.name, b.like(from, other).name], from.shape);

/** A product with another value of whatever rank that broadcasts with it. */
const broadcast: StepOf = (b, from, { numbers: [number, side] }) => {
  const other = b.pick(number);
  const rank = Math.max(from.shape.length, other.shape.length);
  const widened = ({ shape }: Made): readonly number[] => [...new Array<number>(rank - shape.length).fill(1), ...shape];
  const [left, right] = [widened(from), widened(other)];
  if (!left.every((dim, i) => dim === right[i] || dim === 1 || right[i] === 1)) return;
  const inputs = [from.name, other.name];
  const result = left.map((dim, i) => (dim === 1 ? (right[i] ?? 1) : dim));
  b.emit('Mul', side % 2 === 0 ? inputs : inputs.toReversed(), result);
};

const where: StepOf = (b, from, { numbers: [number] }) => {
  const test = b.truth(from.shape);
  b.nodes.push(op('Greater', [from.name, 'high'], test));
  b.emit('Where', [test, from.name, b.like(from, number).name], from.shape);
};

const reduce: StepOf = (b, { name, shape }, { axis, stated, numbers: [number, second, keepdims] }) => {
  const other = second % shape.length;
  const axes = other === axis ? [axis] : [axis, other];
  const input = b.ints(other === axis ? [stated] : [stated, other]);
  const result =
    keepdims % 2 === 1
      ? shape.map((dim, i) => (axes.includes(i) ? 1 : dim))
      : shape.filter((_, i) => !axes.includes(i));
  const ops = ['ReduceMax', 'ReduceSum', 'ReduceMean', 'ReduceMin'];
  b.emit(ops[number % ops.length] ?? '', [name, input], result, { keepdims: keepdims % 2 });
};

const softmax: StepOf = (b, { name, shape }, { stated, numbers: [number] }) =>
  b.emit(number % 2 === 0 ? 'Softmax' : 'LogSoftmax', [name], shape, number % 4 < 2 ? { axis: stated } : {});

const split: StepOf = (b, { name, shape }, { axis, stated, numbers: [number] }) => {
  const size = shape[axis] ?? 1;
  const first = number % (size + 1);
  const outputs = [b.fresh(shape.with(axis, first)), b.fresh(shape.with(axis, size - first))];
  b.nodes.push(op('Split', [name, b.ints([first, size - first])], outputs, stated === 0 ? {} : { axis: stated }));
};

const concat: StepOf = (b, { name, shape }, { axis, stated, numbers: [number] }) => {
  const more = 1 + (number % 2);
  const whole = shape.with(axis, 2 * (shape[axis] ?? 1) + more);
  b.emit('Concat', [name, b.floats(shape.with(axis, more)), name], whole, { axis: stated });
};

const pad: StepOf = (b, { name, shape }, { axis, numbers: [number, front] }) => {
  const { length } = shape;
  const amounts = Array.from({ length: 2 * length }, (_, i) =>
    i % length === axis ? number % 3 : i === 0 ? front % 2 : 0,
  );
  b.emit(
    'Pad',
    [name, b.ints(amounts)],
    shape.map((dim, i) => dim + (amounts[i] ?? 0) + (amounts[length + i] ?? 0)),
  );
};

const slice: StepOf = (b, { name, shape }, { axis, stated, numbers: [number, stepped] }) => {
  const size = shape[axis] ?? 1;
  const from = number % size;
  const limits = [from, size, stated].map((limit) => b.ints([limit]));
  b.emit('Slice', [name, ...limits, ...(stepped % 2 === 0 ? [] : [b.ints([1])])], shape.with(axis, size - from));
};

const squeeze: StepOf = (b, { name, shape }, { axis, stated }) => {
  if (shape[axis] === 1) b.emit('Squeeze', [name, b.ints([stated])], shape.toSpliced(axis, 1));
};

const unsqueeze: StepOf = (b, { name, shape }, { axis }) => {
  if (shape.length < 5) b.emit('Unsqueeze', [name, b.ints([axis])], shape.toSpliced(axis, 0, 1));
};

const reshape: StepOf = (b, { name, shape }, { numbers: [number] }) => {
  const all = sizeOf(shape);
  const first = shape[0] ?? 1;
  const rest = all / first;
  const forms = [
    { target: [-1], result: [all] },
    { target: [0, -1], result: [first, rest] },
    { target: [first, rest], result: [first, rest] },
    { target: [1, all, 1], result: [1, all, 1] },
  ];
  const { target, result } = forms[number % forms.length] as (typeof forms)[number];
  b.emit('Reshape', [name, b.ints(target)], result);
};

/** An op that has no layout of its own choice. */
const stubborn: StepOf = (b, { name, shape }, { axis }) => {
  b.constants[`at${axis}`] = tensor('int64', [], [axis]);
  b.emit('CumSum', [name, `at${axis}`], shape);
};

const ANYWHERE = {
  transpose,
  turn: transpose,
  swap: transpose,
  relu: unary('Relu'),
  sin: unary('Sin'),
  clip: unary('Clip', 'low', 'high'),
  product: withConstant('Mul', 2),
  difference: withConstant('Sub', 2),
  pair,
  broadcast,
  where,
};
/** Steps along an axis, of values that have one and elements. */
const ALONG = { reduce, softmax, split, concat, pad, slice, squeeze, unsqueeze, reshape, stubborn };
const STEPS: Readonly<Record<string, StepOf>> = { ...ANYWHERE, ...ALONG };

interface Step {
  readonly kind: string;
  readonly from: number;
  readonly axis: number;
  readonly numbers: readonly [number, number, number];
}

export interface Turning {
  readonly graph: OnnxGraph;
  readonly feeds: Tensors;
}

const size = fc.integer({ min: 1, max: 3 });
export const randomTurning: fc.Arbitrary<Turning> = fc
  .record({
    shape: fc.tuple(fc.nat(2), size, size, fc.integer({ min: 1, max: 4 })),
    /** Which dimensions the types of values do not tell: a bit each. */
    unknown: fc.nat(15),
    steps: fc.array(
      fc.record({
        kind: fc.constantFrom(...Object.keys(STEPS)),
        from: fc.nat(),
        axis: fc.nat(),
        numbers: fc.tuple(fc.nat(), fc.nat(), fc.nat()),
      }),
      { minLength: 1, maxLength: 10 },
    ),
  })
  .map(({ shape, unknown, steps }) => turning(shape, unknown, steps));

/** The last two values that were made are the outputs. */
function turning(shape: readonly number[], unknown: number, steps: readonly Step[]): Turning {
  const builder = new Builder(shape);
  builder.emit('Neg', ['x'], shape);
  for (const step of steps) builder.add(step);
  const veil = (dims: readonly number[]) => float(...dims.map((dim, i) => ((unknown >> (i % 4)) & 1 ? -1 : dim)));
  const graph = onnx({
    inputs: { x: veil(shape) },
    constants: builder.constants,
    nodes: builder.nodes,
    types: Object.fromEntries(builder.made.map(({ name, shape: dims }) => [name, veil(dims)])),
    outputs: Object.fromEntries(
      builder.made
        .slice(1)
        .map(({ name, shape: dims }) => [name, veil(dims)])
        .slice(-2),
    ),
  });
  for (const [name, dims] of builder.truths) graph.types.set(name, typed('bool', ...dims));
  return { graph, feeds: { x: wave(shape) } };
}

class Builder {
  readonly made: Made[];
  readonly truths = new Map<string, readonly number[]>();
  readonly nodes: OnnxNode[] = [];
  readonly constants: Record<string, Tensor> = {
    low: tensor('float32', [], [-0.5]),
    high: tensor('float32', [], [0.25]),
  };

  constructor(shape: readonly number[]) {
    this.made = [{ name: 'x', shape }];
  }

  add({ kind, from: number, axis: at, numbers }: Step): void {
    const from = this.pick(number);
    const rank = from.shape.length;
    if (Object.hasOwn(ALONG, kind) && (rank === 0 || sizeOf(from.shape) === 0)) return;
    const axis = rank === 0 ? 0 : at % rank;
    STEPS[kind]?.(this, from, { axis, stated: numbers[2] % 3 === 0 ? axis - rank : axis, numbers });
  }

  pick(number: number): Made {
    return this.made[number % this.made.length] as Made;
  }

  /** A value of the same shape, the value itself if there is no other. */
  like({ shape }: Made, number: number): Made {
    const fit = this.made.filter((other) => other.shape.join() === shape.join());
    return fit[number % fit.length] as Made;
  }

  emit(kind: string, inputs: readonly string[], shape: readonly number[], attrs: OnnxNode['attrs'] = {}): void {
    this.nodes.push(op(kind, inputs, this.fresh(shape), attrs));
  }

  fresh(shape: readonly number[]): string {
    const name = `v${this.made.length}`;
    this.made.push({ name, shape });
    return name;
  }

  truth(shape: readonly number[]): string {
    const name = `t${this.truths.size}`;
    this.truths.set(name, shape);
    return name;
  }

  ints(list: readonly number[]): string {
    const name = `ints${list.join('_')}`;
    this.constants[name] = tensor('int64', [list.length], list);
    return name;
  }

  floats(shape: readonly number[]): string {
    const name = `k${shape.join('_')}`;
    this.constants[name] = wave(shape, shape.length);
    return name;
  }
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/** The permutation of this number. */
function permutation(rank: number, number: number): readonly number[] {
  const left = Array.from({ length: rank }, (_, i) => i);
  let rest = number;
  return Array.from({ length: rank }, () => {
    const [axis = 0] = left.splice(rest % left.length, 1);
    rest = Math.floor(rest / 7);
    return axis;
  });
}
