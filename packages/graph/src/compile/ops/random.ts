/**
 * Random numbers. Those with a state are the engine's own: no two runs are equal. Stateless ones are TensorFlow's, number by number (see
 * analysis/philox.ts), for which the seed has to be constant: one that a layer counts up is the one that the checkpoint holds.
 * Source: `tensorflow/core/lib/random/random_distributions.h`.
 */
import { keyAndCounter, keysOf, PHILOX } from '../../analysis/index.ts';
import type { DType } from '../../dtype.ts';
import type { Value } from '../../onnx-graph.ts';
import { each, type Lower, type Lowering } from '../lowering.ts';
import { Calculator, indices, reshapeTo, vector } from './calculate.ts';
import { asInt64, cast, ints, reshape, scalar, unsqueeze } from './common.ts';

/** Numbers of the engine in the shape that input 0 tells. */
function drawn(l: Lowering, op: 'RandomUniformLike' | 'RandomNormalLike', shape: Value): Value {
  const like = l.emit('Expand', [scalar(l, 'float32', 0), shape], {}, { dtype: 'float32', shape: l.outType().shape });
  return l.emit(op, [like], {}, { dtype: 'float32', shape: l.outType().shape });
}

function stateful(op: 'RandomUniformLike' | 'RandomNormalLike'): Lower {
  return (l) => cast(l, drawn(l, op, asInt64(l, 0)), 'float32', l.outType().dtype);
}

/** How often a normal number outside of two deviations is drawn anew; that all of them are outside happens once in 10^21 times. */
const DRAWS = 16;

/** Normal numbers up to two deviations from the mean. */
function truncatedNormal(l: Lowering): Value {
  const f = new Calculator(l, 'float32');
  const shape = asInt64(l, 0);
  let value = drawn(l, 'RandomNormalLike', shape);
  for (let draw = 1; draw < DRAWS; draw++) {
    const inside = f.is('LessOrEqual', f.do('Abs', value), 2);
    value = f.pick(inside, value, drawn(l, 'RandomNormalLike', shape));
  }
  return cast(l, f.do('Max', f.do('Min', value, 2), -2), 'float32', l.outType().dtype);
}

/** Inputs: shape, least, what they stay below. */
function uniformInt(l: Lowering): Value {
  const dtype = l.outType().dtype;
  const f = new Calculator(l, 'float64');
  const [low, high] = [1, 2].map((i) => f.from(l.input(i), dtype));
  const share = f.from(drawn(l, 'RandomUniformLike', asInt64(l, 0)), 'float32');
  const steps = f.do('Floor', f.do('Mul', share, f.do('Sub', high as Value, low as Value)));
  return cast(l, f.do('Add', steps, low as Value), 'float64', dtype);
}

/** Inputs: logits [batch, classes], how many to draw. The greatest logit with Gumbel's noise wins as often as it should. */
function multinomial(l: Lowering): Value {
  const f = new Calculator(l, 'float32');
  const logits = unsqueeze(l, f.from(l.input(0), l.dtype()), [1]);
  const count = reshape(l, asInt64(l, 1), [1], 'int64');
  const shape = l.emit('Shape', [l.input(0)], {}, { dtype: 'int64', shape: [2] });
  const size = (i: number): Value =>
    l.emit('Gather', [shape, ints(l, [i])], { axis: 0 }, { dtype: 'int64', shape: [1] });
  const even = drawn(l, 'RandomUniformLike', vector(l, [size(0), count, size(1)]));
  l.graph.types.set(even, { dtype: 'float32', shape: [-1, -1, -1] });
  const noise = f.do('Neg', f.do('Log', f.do('Neg', f.do('Log', f.do('Max', even, 1e-30)))));
  const noisy = f.do('Add', logits, noise);
  const best = l.emit('ArgMax', [noisy], { axis: 2, keepdims: 0 }, { dtype: 'int64', shape: l.outType().shape });
  return cast(l, best, 'int64', l.outType().dtype);
}

/** Rows in the order of random numbers. */
function shuffle(l: Lowering): Value {
  const rows = l.emit('Shape', [l.input(0)], { end: 1 }, { dtype: 'int64', shape: [1] });
  const keys = drawn(l, 'RandomUniformLike', rows);
  l.graph.types.set(keys, { dtype: 'float32', shape: [-1] });
  const [, order = ''] = l.emitMany('TopK', [keys, rows], 2, { axis: 0 }, { dtype: 'int64', shape: [-1] });
  return l.emit('Gather', [l.input(0), order], { axis: 0 }, l.outType());
}

interface Start {
  readonly key: bigint;
  readonly counter: readonly bigint[];
}

/** Philox itself, and whatever the device chooses: on a CPU that is Philox. */
const PHILOX_ALGORITHMS: readonly number[] = [1, 3];

/** Where the numbers of a node start: key and counter are inputs 1 and 2, or input 1 is the seed. */
function startOf(l: Lowering): Start {
  const numbers = (i: number): readonly bigint[] => {
    const constant = l.constant(i);
    if (constant === undefined || !/int/.test(constant.dtype)) throw l.refuse('its seed is not constant');
    return Array.from(constant.data as ArrayLike<number | bigint>, BigInt);
  };
  const [first = 0n, second = 0n] = numbers(1);
  if (!l.node.op.endsWith('V2')) return keyAndCounter([first, second]);
  if (!PHILOX_ALGORITHMS.includes(l.numbers(3)?.[0] ?? 0))
    throw l.refuse('random numbers by another algorithm than Philox');
  return { key: first, counter: numbers(2) };
}

const UINT64 = { dtype: 'uint64', shape: [-1] } as const;
const WORD = 0xffffffffn;

/** Words of 32 bits, as uint64. */
class Words {
  private readonly l: Lowering;

  constructor(l: Lowering) {
    this.l = l;
  }

  constant(value: bigint): Value {
    return this.l.fresh('word', { dtype: 'uint64', shape: [], data: BigUint64Array.of(value) });
  }

  do(op: string, a: Value, b: Value | bigint): Value {
    const attrs = op === 'BitShift' ? { direction: 'RIGHT' } : {};
    return this.l.emit(op, [a, typeof b === 'bigint' ? this.constant(b) : b], attrs, UINT64);
  }

  low = (value: Value): Value => this.do('BitwiseAnd', value, WORD);
  high = (value: Value): Value => this.do('BitShift', value, 32n);

  /** The words of `groups` counters, one group of four behind the other: [groups, 4]. */
  of({ key, counter: [low = 0n, high = 0n] }: Start, groups: Value): Value {
    const numbers = this.do('Add', cast(this.l, indices(this.l, groups), 'int64', 'uint64'), low);
    const upper = this.do('Mul', numbers, 0n);
    let [a, b] = [this.low(numbers), this.high(numbers)];
    let [c, d] = [this.do('Add', upper, high & WORD), this.do('Add', upper, high >> 32n)];
    for (const [first, second] of keysOf(key)) {
      const [p, q] = [this.do('Mul', a, PHILOX.factors[0]), this.do('Mul', c, PHILOX.factors[1])];
      const mixed = (product: Value, word: Value, part: bigint): Value =>
        this.do('BitwiseXor', this.do('BitwiseXor', this.high(product), word), part);
      [a, b, c, d] = [mixed(q, b, first), this.low(q), mixed(p, d, second), this.low(p)];
    }
    const columns = [a, b, c, d].map((word) => unsqueeze(this.l, word, [1]));
    return this.l.emit('Concat', columns, { axis: 1 }, { dtype: 'uint64', shape: [-1, 4] });
  }

  /** 23 bits as a number in [0, 1). */
  share(words: Value, shape: readonly number[]): Value {
    const bits = this.do('BitwiseAnd', words, 0x7fffffn);
    this.l.graph.types.set(bits, { dtype: 'uint64', shape });
    return new Calculator(this.l, 'float32').do('Mul', cast(this.l, bits, 'uint64', 'float32'), 2 ** -23);
  }
}

/** As many groups as the shape in input 0 needs; `numbers` makes [groups, 4] numbers of [groups, 4] words. */
function stateless(dtype: DType, numbers: (l: Lowering, words: Value, use: Words) => Value): Lower {
  return (l) => {
    const wanted = l.outType().dtype;
    if (l.opset < BITWISE_SINCE) throw l.refuse(`bits of numbers before operator set ${BITWISE_SINCE}`);
    if (wanted !== dtype) throw l.refuse(`random numbers of ${wanted}`);
    const whole = new Calculator(l, 'int64');
    const shape = asInt64(l, 0);
    const size = l.emit('ReduceProd', [shape], { keepdims: 0 }, { dtype: 'int64', shape: [] });
    const groups = whole.do('Div', whole.do('Add', size, 3), 4);
    const use = new Words(l);
    const made = reshapeTo(l, numbers(l, use.of(startOf(l), groups), use), [-1], dtype);
    const cut = l.emit('Slice', [made, ints(l, [0]), vector(l, [size]), ints(l, [0])], {}, { dtype, shape: [-1] });
    return l.emit('Reshape', [cut, shape], { allowzero: 1 }, l.outType());
  };
}

/** First operator set with ops on bits. */
const BITWISE_SINCE = 18;

/** Two normal numbers of two even ones (Box and Muller). */
function normals(l: Lowering, words: Value, use: Words): Value {
  const f = new Calculator(l, 'float32');
  const pairs = reshapeTo(l, words, [-1, 2], 'uint64');
  const part = (i: number): Value => {
    const index = l.fresh('index', { dtype: 'int64', shape: [], data: BigInt64Array.of(BigInt(i)) });
    return use.share(l.emit('Gather', [pairs, index], { axis: 1 }, UINT64), [-1]);
  };
  const length = f.do('Sqrt', f.do('Mul', f.do('Log', f.do('Max', part(0), 1e-7)), -2));
  const angle = f.do('Mul', part(1), 2 * Math.PI);
  const both = ['Sin', 'Cos'].map((wave) => unsqueeze(l, f.do('Mul', f.do(wave, angle), length), [1]));
  return l.emit('Concat', both, { axis: 1 }, { dtype: 'float32', shape: [-1, 2] });
}

/** Last inputs: the least, and what they stay below. */
function integers(l: Lowering, words: Value): Value {
  const whole = new Calculator(l, 'int64');
  const [low, high] = [l.arity - 2, l.arity - 1].map((i) => asInt64(l, i)) as [Value, Value];
  const word = cast(l, words, 'uint64', 'int64');
  const number = whole.do('Add', whole.do('Mod', word, whole.do('Sub', high, low)), low);
  return cast(l, number, 'int64', 'int32');
}

const seedOnly: Lower = (l) => {
  throw l.refuse('its seed is not constant');
};

export const RANDOM = {
  RandomUniform: stateful('RandomUniformLike'),
  RandomStandardNormal: stateful('RandomNormalLike'),
  TruncatedNormal: truncatedNormal,
  RandomUniformInt: uniformInt,
  RandomShuffle: shuffle,
  Multinomial: multinomial,
  StatelessRandomGetKeyCounter: seedOnly,
  ...each(
    'StatelessRandomUniform StatelessRandomUniformV2',
    stateless('float32', (_, words, use) => use.share(words, [-1, 4])),
  ),
  ...each('StatelessRandomNormal StatelessRandomNormalV2', stateless('float32', normals)),
  ...each('StatelessRandomUniformInt StatelessRandomUniformIntV2', stateless('int32', integers)),
} satisfies Record<string, Lower>;
