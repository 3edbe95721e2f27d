/** Elementwise functions of one tensor. */
import type { DType } from '../../dtype.ts';
import type { Value } from '../../onnx-graph.ts';
import { each, type Lower, type Lowering } from '../lowering.ts';
import { cast, choose, type RunOptions, run, scalar } from './common.ts';
import { ofDouble } from './double.ts';

/** TensorFlow op -> the ONNX op that is the same function. */
const SAME = {
  Abs: 'Abs',
  Acos: 'Acos',
  Acosh: 'Acosh',
  Asin: 'Asin',
  Asinh: 'Asinh',
  Atan: 'Atan',
  Atanh: 'Atanh',
  Cos: 'Cos',
  Cosh: 'Cosh',
  Erf: 'Erf',
  Exp: 'Exp',
  Inv: 'Reciprocal',
  Log: 'Log',
  Reciprocal: 'Reciprocal',
  Sigmoid: 'Sigmoid',
  Sign: 'Sign',
  Sin: 'Sin',
  Sinh: 'Sinh',
  Sqrt: 'Sqrt',
  Tan: 'Tan',
  Tanh: 'Tanh',
} as const;

/** Rounding leaves integers as they are; TensorFlow's own Round makes 0 of them. */
const ROUNDING = { Ceil: 'Ceil', Floor: 'Floor', Rint: 'Round', Round: 'Round' } as const;

function same(op: string): Lower {
  return (l) => {
    const careful = {
      expm1: (x: Value) => expm1Double(l, x),
      log1p: (x: Value) => log1pDouble(l, x),
    };
    const spelt = l.dtype() === 'float64' ? ofDouble(l, op, careful) : undefined;
    return spelt ?? run(l, op, [l.input(0)], l.dtype());
  };
}

function rounding(op: string): Lower {
  return (l) => {
    if (isFloat(l.dtype())) return run(l, op, [l.input(0)], l.dtype());
    if (l.node.op === 'Round') throw l.refuse('of an integer TensorFlow makes 0');
    return l.input(0);
  };
}

export function isFloat(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float64' || dtype === 'float16' || dtype === 'bfloat16';
}

function tables<K extends string>(names: Record<K, string>, lower: (op: string) => Lower): Record<K, Lower> {
  return Object.fromEntries(Object.entries<string>(names).map(([name, op]) => [name, lower(op)])) as Record<K, Lower>;
}

function neg(l: Lowering): Value {
  const dtype = l.dtype();
  if (!dtype.startsWith('uint')) return run(l, 'Neg', [l.input(0)], dtype);
  return run(l, 'Sub', [scalar(l, dtype, 0), l.input(0)], dtype);
}

/** The constants of "Self-Normalizing Neural Networks" (arXiv 1706.02515), as TensorFlow and ONNX round them. */
const SELU = { alpha: 1.6732632423543772, gamma: 1.0507009873554805 };

// The engine has most activations for float32 only: half floats go through that, doubles are spelt out.

function relu(l: Lowering): Value {
  const dtype = l.dtype();
  if (isFloat(dtype)) return run(l, 'Relu', [l.input(0)], dtype);
  return dtype.startsWith('uint') ? l.input(0) : run(l, 'Max', [l.input(0), scalar(l, dtype, 0)], dtype);
}

/** gamma * x where positive, gamma * alpha * (exp(x) - 1) elsewhere. */
function exponential(l: Lowering, op: 'Elu' | 'Selu', alpha: number, gamma: number): Value {
  if (l.dtype() !== 'float64') return run(l, op, [l.input(0)], l.dtype());
  const x = l.input(0);
  const f = (name: string, a: Value, b: number): Value => run(l, name, [a, scalar(l, 'float64', b)], 'float64');
  const negative = f('Mul', expm1Double(l, x), alpha * gamma);
  return choose(
    l,
    run(l, 'Greater', [x, scalar(l, 'float64', 0)], 'float64', { result: 'bool' }),
    f('Mul', x, gamma),
    negative,
    'float64',
  );
}

function leakyRelu(l: Lowering): Value {
  const alpha = l.attrs.float('alpha', 0.2);
  const [x, dtype] = [l.input(0), l.dtype()];
  if (dtype !== 'float64') return run(l, 'LeakyRelu', [x], dtype, { attrs: { alpha: { f: alpha } } });
  const positive = run(l, 'Greater', [x, scalar(l, dtype, 0)], dtype, { result: 'bool' });
  return choose(l, positive, x, run(l, 'Mul', [x, scalar(l, dtype, alpha)], dtype), dtype);
}

/** log(1 + exp(x)), as max(x, 0) + log(1 + exp(-|x|)), which cannot overflow. */
function softplus(l: Lowering): Value {
  if (l.dtype() !== 'float64') return run(l, 'Softplus', [l.input(0)], l.dtype());
  const f = (op: string, ...inputs: Value[]): Value => run(l, op, inputs, 'float64');
  const tail = log1pDouble(l, f('Exp', f('Neg', f('Abs', l.input(0)))));
  return f('Add', f('Max', l.input(0), scalar(l, 'float64', 0)), tail);
}

function softsign(l: Lowering): Value {
  const dtype = l.dtype();
  if (dtype !== 'float64') return run(l, 'Softsign', [l.input(0)], dtype);
  const below = run(l, 'Add', [run(l, 'Abs', [l.input(0)], dtype), scalar(l, dtype, 1)], dtype);
  return run(l, 'Div', [l.input(0), below], dtype);
}

/** Between constants, so that the engine fuses it into a convolution. */
function relu6(l: Lowering): Value {
  const dtype = l.dtype() === 'float16' ? 'float32' : l.dtype();
  const out = run(l, 'Clip', [cast(l, l.input(0), l.dtype(), dtype), scalar(l, dtype, 0), scalar(l, dtype, 6)], dtype);
  return cast(l, out, dtype, l.dtype());
}

function rsqrt(l: Lowering): Value {
  return run(l, 'Reciprocal', [run(l, 'Sqrt', [l.input(0)], l.dtype())], l.dtype());
}

/** log(1 + x), by u = 1 + x: log(u) x / (u - 1) is exact to rounding where log(1 + x) would lose small x (W. Kahan). */
export function log1pOf(l: Lowering, value: Value, dtype: DType, shape: readonly number[] | null): Value {
  return cast(l, log1pDouble(l, cast(l, value, dtype, 'float64'), shape), 'float64', dtype);
}

function log1pDouble(l: Lowering, x: Value, shape = l.outType().shape): Value {
  const f = (op: string, ...inputs: Value[]): Value => run(l, op, inputs, 'float64', { shape });
  const u = f('Add', x, scalar(l, 'float64', 1));
  const below = f('Sub', u, scalar(l, 'float64', 1));
  const log = f('Log', u);
  const corrected = f('Mul', log, f('Div', x, below));
  const tiny = run(l, 'Equal', [below, scalar(l, 'float64', 0)], 'float64', { result: 'bool', shape });
  // Infinity would be divided by itself.
  const huge = run(l, 'IsInf', [u], 'float64', { result: 'bool', shape });
  return choose(l, tiny, x, choose(l, huge, log, corrected, 'float64', shape), 'float64', shape);
}

/** exp(x) - 1 as (u - 1) x / log(u) with u = exp(x) (W. Kahan). */
function expm1(l: Lowering): Value {
  return l.dtype() === 'float64' ? expm1Double(l, l.input(0)) : throughDouble(l, (x) => expm1Double(l, x));
}

function expm1Double(l: Lowering, x: Value): Value {
  const f = (op: string, ...inputs: Value[]): Value => run(l, op, inputs, 'float64');
  const u = f('Exp', x);
  const below = f('Sub', u, scalar(l, 'float64', 1));
  const corrected = f('Mul', below, f('Div', x, f('Log', u)));
  const tiny = run(l, 'Equal', [below, scalar(l, 'float64', 0)], 'float64', { result: 'bool' });
  const large = run(l, 'Greater', [f('Abs', x), scalar(l, 'float64', 1)], 'float64', { result: 'bool' });
  return choose(l, tiny, x, choose(l, large, below, corrected, 'float64'), 'float64');
}

function throughDouble(l: Lowering, lower: (x: Value) => Value): Value {
  const dtype = l.dtype();
  return cast(l, lower(cast(l, l.input(0), dtype, 'float64')), 'float64', dtype);
}

function finite(l: Lowering): Value {
  const x = l.input(0);
  const to: RunOptions = { result: 'bool' };
  const strange = l.emit(
    'Or',
    [run(l, 'IsNaN', [x], l.dtype(), to), run(l, 'IsInf', [x], l.dtype(), to)],
    {},
    l.outType(),
  );
  return l.emit('Not', [strange], {}, l.outType());
}

export const UNARY = {
  ...tables(SAME, same),
  ...tables(ROUNDING, rounding),
  Neg: neg,
  Relu6: relu6,
  Rsqrt: rsqrt,
  Log1p: (l) => log1pOf(l, l.input(0), l.dtype(), l.outType().shape),
  Expm1: expm1,
  Relu: relu,
  Elu: (l) => exponential(l, 'Elu', 1, 1),
  Selu: (l) => exponential(l, 'Selu', SELU.alpha, SELU.gamma),
  LeakyRelu: leakyRelu,
  Softplus: softplus,
  Softsign: softsign,
  Erfc: (l) => run(l, 'Sub', [scalar(l, l.dtype(), 1), run(l, 'Erf', [l.input(0)], l.dtype())], l.dtype()),
  Square: (l) => run(l, 'Mul', [l.input(0), l.input(0)], l.dtype()),
  LogicalNot: (l) => l.emit('Not', [l.input(0)], {}, l.outType()),
  IsNan: (l) => run(l, 'IsNaN', [l.input(0)], l.dtype(), { result: 'bool' }),
  IsInf: (l) => run(l, 'IsInf', [l.input(0)], l.dtype(), { result: 'bool' }),
  IsFinite: finite,
  ...each('ZerosLike', (l) => like(l, 0)),
  ...each('OnesLike', (l) => like(l, 1)),
} satisfies Record<string, Lower>;

function like(l: Lowering, value: number): Value {
  const shape = l.emit('Shape', [l.input(0)], {}, { dtype: 'int64', shape: null });
  return l.emit('Expand', [scalar(l, l.dtype(), value), shape], {}, l.outType());
}
