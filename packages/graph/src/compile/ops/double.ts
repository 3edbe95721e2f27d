/** Functions that the engine has for float32 only, spelt out for doubles in what it has for both. */
import type { Value } from '../../onnx-graph.ts';
import type { Lowering } from '../lowering.ts';
import { Calculator } from './calculate.ts';

/** What the formulas use, with care at small numbers. */
export interface Careful {
  readonly expm1: (x: Value) => Value;
  readonly log1p: (x: Value) => Value;
}

/** From here on the square root of x * x + 1 is x. */
const LARGE = 2 ** 28;

type Formula = (n: Calculator, x: Value, careful: Careful) => Value;

const half = (n: Calculator, x: Value): Value => n.do('Mul', x, 0.5);
const exps = (n: Calculator, x: Value): readonly [Value, Value] => [n.do('Exp', x), n.do('Exp', n.do('Neg', x))];
const logOfTwice = (n: Calculator, x: Value): Value => n.do('Add', n.do('Log', x), Math.LN2);

/** (e^x - e^-x) / 2; of small x with u = e^x - 1 it is (u + u / (u + 1)) / 2. */
const sinh: Formula = (n, x, { expm1 }) => {
  const u = expm1(x);
  const small = n.do('Add', u, n.do('Div', u, n.do('Add', u, 1)));
  return half(n, n.pick(n.is('Less', n.do('Abs', x), 1), small, n.do('Sub', ...exps(n, x))));
};

/** The sign of x times log(1 + |x| + x^2 / (1 + sqrt(x^2 + 1))). */
const asinh: Formula = (n, x, { log1p }) => {
  const size = n.do('Abs', x);
  const square = n.do('Mul', x, x);
  const root = n.do('Sqrt', n.do('Add', square, 1));
  const small = log1p(n.do('Add', size, n.do('Div', square, n.do('Add', root, 1))));
  return n.do('Mul', n.do('Sign', x), n.pick(n.is('Greater', size, LARGE), logOfTwice(n, size), small));
};

/** log(1 + t + sqrt(2 t + t^2)) with t = x - 1. */
const acosh: Formula = (n, x, { log1p }) => {
  const t = n.do('Sub', x, 1);
  const root = n.do('Sqrt', n.do('Mul', t, n.do('Add', t, 2)));
  return n.pick(n.is('Greater', x, LARGE), logOfTwice(n, x), log1p(n.do('Add', t, root)));
};

/** log(1 + 2 x / (1 - x)) / 2. */
const atanh: Formula = (n, x, { log1p }) => half(n, log1p(n.do('Div', n.do('Mul', x, 2), n.do('Sub', 1, x))));

const FORMULAS: Readonly<Record<string, Formula>> = {
  Sinh: sinh,
  Cosh: (n, x) => half(n, n.do('Add', ...exps(n, x))),
  Tan: (n, x) => n.do('Div', n.do('Sin', x), n.do('Cos', x)),
  Asinh: asinh,
  Acosh: acosh,
  Atanh: atanh,
};

/** Undefined where there is no formula for the ONNX op. */
export function ofDouble(l: Lowering, op: string, careful: Careful): Value | undefined {
  return FORMULAS[op]?.(new Calculator(l, 'float64'), l.input(0), careful);
}
