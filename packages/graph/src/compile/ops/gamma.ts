/**
 * Special functions as series that are as exact as the dtype: the logarithm of the gamma function and its derivative, the inverse of the
 * error function, Bessel functions. All are computed in doubles.
 *
 * Sources: Lanczos, "A precision approximation of the gamma function", 1964 (g = 7, nine terms); Abramowitz and Stegun, 6.3.18 and 6.4
 * (digamma), 9.6.10 (Bessel); Giles, "Approximating the erfinv function", 2010.
 */
import type { Value } from '../../onnx-graph.ts';
import type { Lower, Lowering } from '../lowering.ts';
import { Calculator, polynomial } from './calculate.ts';
import { cast, scalar } from './common.ts';

/** A function of doubles, for a dtype of floats. */
function throughDouble(f: (l: Lowering, d: Calculator, x: Value) => Value): Lower {
  return (l) => {
    const d = new Calculator(l, 'float64');
    return cast(l, f(l, d, d.from(l.input(0), l.dtype())), 'float64', l.dtype());
  };
}

const LANCZOS_FIRST = 0.99999999999980993;
const LANCZOS = [
  676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
  -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];
const LANCZOS_G = 7;

/** log of the gamma function of numbers from 1/2 on. */
function logGammaRight(l: Lowering, d: Calculator, x: Value): Value {
  const z = d.do('Sub', x, 1);
  const terms = LANCZOS.map((term, i) => d.do('Div', term, d.do('Add', z, i + 1)));
  const series = terms.reduce((sum, term) => d.do('Add', sum, term), scalar(l, 'float64', LANCZOS_FIRST));
  const t = d.do('Add', z, LANCZOS_G + 0.5);
  const power = d.do('Sub', d.do('Mul', d.do('Add', z, 0.5), d.do('Log', t)), t);
  return d.do('Add', d.do('Add', power, 0.5 * Math.log(2 * Math.PI)), d.do('Log', series));
}

/** Reflected: log(pi / |sin(pi x)|) minus that of 1 - x. */
function logGamma(l: Lowering, d: Calculator, x: Value): Value {
  const left = d.is('Less', x, 0.5);
  const right = logGammaRight(l, d, d.pick(left, d.do('Sub', 1, x), x));
  const near = d.do('Sub', x, d.do('Round', x));
  const sine = d.do('Abs', d.do('Sin', d.do('Mul', near, Math.PI)));
  const reflected = d.do('Sub', d.do('Sub', Math.log(Math.PI), d.do('Log', sine)), right);
  const infinite = l.emit('IsInf', [x], {}, { dtype: 'bool', shape: null });
  return d.pick(infinite, Number.POSITIVE_INFINITY, d.pick(left, reflected, right));
}

/** Numbers up to this are raised by one as often. */
const RAISED = 10;

/** psi(x) = log x - 1/(2x) - sum B_2k / (2k x^2k) of large numbers; psi(x) = psi(x + 1) - 1/x. */
function digammaRight(d: Calculator, x: Value): Value {
  let at = x;
  const lost: Value[] = [];
  for (let i = 0; i < RAISED; i++) {
    lost.push(d.do('Div', 1, at));
    at = d.do('Add', at, 1);
  }
  const square = d.do('Div', 1, d.do('Mul', at, at));
  const series = polynomial(d, square, [1 / 132, -1 / 240, 1 / 252, -1 / 120, 1 / 12]);
  const large = d.do('Sub', d.do('Sub', d.do('Log', at), d.do('Div', 0.5, at)), d.do('Mul', series, square));
  return lost.reduce((value, part) => d.do('Sub', value, part), large);
}

/** psi(1 - x) - psi(x) = pi / tan(pi x); not a number at 0, -1, -2, ... */
function digamma(_: Lowering, d: Calculator, x: Value): Value {
  const left = d.is('Less', x, 0.5);
  const right = digammaRight(d, d.pick(left, d.do('Sub', 1, x), x));
  const near = d.do('Sub', x, d.do('Round', x));
  const angle = d.do('Mul', near, Math.PI);
  const cotangent = d.do('Div', d.do('Cos', angle), d.do('Sin', angle));
  const reflected = d.do('Sub', right, d.do('Mul', cotangent, Math.PI));
  const pole = d.is('Equal', near, 0);
  return d.pick(left, d.pick(pole, Number.NaN, reflected), right);
}

type Coefficients = Parameters<typeof polynomial>[2];

const NEAR: Coefficients = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 2.1858087e-4, -1.25372503e-3, -4.17768164e-3,
  0.246640727, 1.50140941,
];
const FAR: Coefficients = [
  -2.00214257e-4, 1.00950558e-4, 1.34934322e-3, -3.67342844e-3, 5.73950773e-3, -7.6224613e-3, 9.43887047e-3, 1.00167406,
  2.83297682,
];

function inverseErf(_: Lowering, d: Calculator, x: Value): Value {
  const w = d.do('Neg', d.do('Log', d.do('Mul', d.do('Sub', 1, x), d.do('Add', 1, x))));
  const close = polynomial(d, d.do('Sub', w, 2.5), NEAR);
  const distant = polynomial(d, d.do('Sub', d.do('Sqrt', w), 3), FAR);
  const value = d.do('Mul', x, d.pick(d.is('Less', w, 5), close, distant));
  const edge = d.is('Equal', d.do('Abs', x), 1);
  return d.pick(edge, d.do('Mul', x, Number.POSITIVE_INFINITY), value);
}

/** Of a probability: sqrt(2) erfinv(2 p - 1). */
function inverseNormal(l: Lowering, d: Calculator, x: Value): Value {
  return d.do('Mul', inverseErf(l, d, d.do('Sub', d.do('Mul', x, 2), 1)), Math.SQRT2);
}

/** Up to here the power series of a Bessel function has all its terms in so many steps; beyond, that of large numbers is exact. */
const BESSEL_BORDER = 18;
const BESSEL_TERMS = 40;
const BESSEL_LARGE = 14;

/** exp(-|x|) I(x) of order 0 or 1. */
function besselScaled(order: 0 | 1): (l: Lowering, d: Calculator, x: Value) => Value {
  return (l, d, x) => {
    const size = d.do('Abs', x);
    const large = d.is('Greater', size, BESSEL_BORDER);
    const small = d.pick(large, 1, size);
    const quarter = d.do('Mul', d.do('Mul', small, small), 0.25);
    let term = d.do('Exp', d.do('Neg', small));
    if (order === 1) term = d.do('Mul', term, d.do('Mul', small, 0.5));
    let sum = term;
    for (let k = 1; k < BESSEL_TERMS; k++) {
      term = d.do('Mul', d.do('Mul', term, quarter), 1 / (k * (k + order)));
      sum = d.do('Add', sum, term);
    }
    const far = d.pick(large, size, BESSEL_BORDER);
    let [part, series] = [scalar(l, 'float64', 1), scalar(l, 'float64', 1)];
    for (let k = 1; k < BESSEL_LARGE; k++) {
      const factor = ((2 * k - 1) ** 2 - 4 * order) / (8 * k);
      part = d.do('Div', d.do('Mul', part, factor), far);
      series = d.do('Add', series, part);
    }
    const beyond = d.do('Div', series, d.do('Sqrt', d.do('Mul', far, 2 * Math.PI)));
    const value = d.pick(large, beyond, sum);
    return order === 0 ? value : d.do('Mul', d.do('Sign', x), value);
  };
}

function bessel(order: 0 | 1): Lower {
  return throughDouble((l, d, x) => d.do('Mul', besselScaled(order)(l, d, x), d.do('Exp', d.do('Abs', x))));
}

export const GAMMA = {
  Lgamma: throughDouble(logGamma),
  Digamma: throughDouble(digamma),
  Erfinv: throughDouble(inverseErf),
  Ndtri: throughDouble(inverseNormal),
  BesselI0e: throughDouble(besselScaled(0)),
  BesselI1e: throughDouble(besselScaled(1)),
  BesselI0: bessel(0),
  BesselI1: bessel(1),
} satisfies Record<string, Lower>;
