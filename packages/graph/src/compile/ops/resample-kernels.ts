/** The kernels of ScaleAndTranslate: the weight of a pixel by its distance. Source: `tensorflow/core/kernels/image/sampling_kernels.h`. */
import type { Value } from '../../onnx-graph.ts';
import { type Calculator, polynomial } from './calculate.ts';

export interface Kernel {
  /** Farther away there is no weight. */
  readonly radius: number;
  /** Of distances that are not negative. */
  readonly weight: (f: Calculator, distance: Value) => Value;
}

type Coefficients = Parameters<typeof polynomial>[2];

/** One polynomial below a distance of 1, another up to 2. */
function piecewise(inner: Coefficients, outer: Coefficients): Kernel['weight'] {
  return (f, x) => {
    const beyond = f.pick(f.is('GreaterOrEqual', x, 2), 0, polynomial(f, x, outer));
    return f.pick(f.is('GreaterOrEqual', x, 1), beyond, polynomial(f, x, inner));
  };
}

/** radius sin(pi x) sin(pi x / radius) / (pi x)^2, and 1 near 0. */
function lanczos(radius: number): Kernel {
  return {
    radius,
    weight: (f, x) => {
      const close = f.is('LessOrEqual', x, 1e-3);
      const safe = f.pick(close, 1, x);
      const waves = f.do(
        'Mul',
        f.do('Sin', f.do('Mul', safe, Math.PI)),
        f.do('Sin', f.do('Mul', safe, Math.PI / radius)),
      );
      const value = f.do('Div', f.do('Mul', waves, radius / Math.PI ** 2), f.do('Mul', safe, safe));
      return f.pick(f.is('Greater', x, radius), 0, f.pick(close, 1, value));
    },
  };
}

/** Of a deviation of a third of the radius. */
const gaussian: Kernel = {
  radius: 1.5,
  weight: (f, x) => {
    const value = f.do('Exp', f.do('Mul', f.do('Mul', x, x), -2));
    return f.pick(f.is('GreaterOrEqual', x, 1.5), 0, value);
  },
};

const box: Kernel = {
  radius: 0.5,
  weight: (f, x) => f.pick(f.is('Less', x, 0.5), 1, f.pick(f.is('Equal', x, 0.5), 0.5, 0)),
};

const triangle: Kernel = { radius: 1, weight: (f, x) => f.do('Max', f.do('Sub', 1, x), 0) };

export const KERNELS: ReadonlyMap<string, Kernel> = new Map([
  ['lanczos1', lanczos(1)],
  ['lanczos3', lanczos(3)],
  ['lanczos5', lanczos(5)],
  ['gaussian', gaussian],
  ['box', box],
  ['triangle', triangle],
  ['keyscubic', { radius: 2, weight: piecewise([1.5, -2.5, 0, 1], [-0.5, 2.5, -4, 2]) }],
  ['mitchellcubic', { radius: 2, weight: piecewise([7 / 6, -2, 0, 8 / 9], [-7 / 18, 2, -10 / 3, 16 / 9]) }],
]);
