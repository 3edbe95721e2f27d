/** Complex arithmetic, and ops that do the same to both parts: all that move elements or are linear in them. */
import { invalid } from '../../errors.ts';
import { tensorName } from '../../graph.ts';
import type { ComplexNode, Parts, Result, Rule } from './builder.ts';

const PARTWISE =
  'Add AddN AddV2 BroadcastTo ConcatV2 Cumsum DynamicStitch EnsureShape ExpandDims Gather GatherNd GatherV2 Identity Mean Neg Pack Pad ' +
  'ReverseV2 Roll Reshape Select SelectV2 Slice Snapshot Split SplitV Squeeze StopGradient StridedSlice Sub Sum Tile Transpose Unpack ' +
  'ZerosLike';

const complex = (...parts: readonly Parts[]): Result => ({ complex: parts });

/** Outputs of a node that is run once for each part. */
function outputsOf(c: ComplexNode): number {
  if (c.node.op === 'Unpack') return c.attrs.int('num');
  if (c.node.op === 'Split') return c.attrs.int('num_split');
  return c.node.op === 'SplitV' ? c.attrs.int('num_split') : 1;
}

const partwise: Rule = (c) => {
  const given = c.inputs.map((_, i) => c.parts(i));
  if (!given.every((parts) => parts !== undefined)) return undefined;
  const re = c.copy(given.map((parts) => parts.re));
  const some = given.some(({ im }) => im !== undefined);
  const im = some ? c.copy(given.map((parts, i) => (c.isComplex(i) ? c.im(parts) : parts.re))) : undefined;
  const output = (name: string, i: number): string => (i === 0 ? name : `${name}:${i}`);
  const parts = Array.from({ length: outputsOf(c) }, (_, i) => ({
    re: output(re, i),
    ...(im === undefined ? {} : { im: output(im, i) }),
  }));
  return complex(...parts);
};

/** The product of two, given that of real tensors. */
function product(c: ComplexNode, a: Parts, b: Parts, times: (a: string, b: string) => string): Parts {
  const re = times(a.re, b.re);
  if (a.im === undefined && b.im === undefined) return { re };
  if (a.im === undefined) return { re, im: times(a.re, c.im(b)) };
  if (b.im === undefined) return { re, im: times(a.im, b.re) };
  return {
    re: c.do('Sub', [re, times(a.im, b.im)]),
    im: c.do('AddV2', [times(a.re, b.im), times(a.im, b.re)]),
  };
}

/** A rule on the parts of the first inputs, all of which have to be known. */
function on(count: 1 | 2, rule: (c: ComplexNode, a: Parts, b: Parts) => Result): Rule {
  return (c) => {
    const [a, b] = [c.parts(0), count === 2 ? c.parts(1) : { re: '' }];
    return a === undefined || b === undefined ? undefined : rule(c, a, b);
  };
}

const mul = (c: ComplexNode, a: string, b: string): string => c.do('Mul', [a, b]);

const conjugate = (c: ComplexNode, { re, im }: Parts): Parts =>
  im === undefined ? { re } : { re, im: c.do('Neg', [im]) };

/** re^2 + im^2 */
function squared(c: ComplexNode, { re, im }: Parts): string {
  const square = (x: string): string => c.do('Square', [x]);
  return im === undefined ? square(re) : c.do('AddV2', [square(re), square(im)]);
}

function divided(c: ComplexNode, a: Parts, b: Parts): Parts {
  const over = (x: string, y: string): string => c.do('RealDiv', [x, y]);
  if (b.im === undefined) return { re: over(a.re, b.re), ...(a.im === undefined ? {} : { im: over(a.im, b.re) }) };
  const above = product(c, a, conjugate(c, b), (x, y) => mul(c, x, y));
  const below = squared(c, b);
  return { re: over(above.re, below), im: over(c.im(above), below) };
}

function power(c: ComplexNode, a: Parts): Parts {
  const size = c.do('Exp', [a.re]);
  if (a.im === undefined) return { re: size };
  return { re: mul(c, size, c.do('Cos', [a.im])), im: mul(c, size, c.do('Sin', [a.im])) };
}

/** Both parts broadcast to one shape. */
const fromParts: Rule = (c) => {
  const [re = '', im = ''] = c.inputs;
  const like = (a: string, b: string): string => c.do('AddV2', [a, c.do('ZerosLike', [b])]);
  const [x, y] = [c.shape(0), c.shape(1)];
  const same = x !== null && y !== null && x.length === y.length && x.every((dim, i) => dim >= 0 && dim === y[i]);
  return complex(same ? { re, im } : { re: like(re, im), im: like(im, re) });
};

const cast: Rule = (c) => {
  const parts = c.parts(0);
  const [from, to] = [c.typeOf(tensorName(c.inputs[0] ?? '')), c.attrs.dtype('DstT')];
  if (parts === undefined || (from === 'complex128') !== (c.dtype === 'float64') || to === 'bool') return undefined;
  if (!to.startsWith('complex')) return { real: c.cast(parts.re, c.dtype, to) };
  if (!c.isComplex(0)) return complex({ re: c.cast(parts.re, from, c.dtype) });
  return from === to ? complex(parts) : undefined;
};

const constant: Rule = (c) => {
  const proto = c.node.attr.get('value')?.tensor;
  if (proto === undefined) return undefined;
  const shape = proto.tensor_shape?.dim.map(({ size }) => size) ?? [];
  const count = shape.reduce((size, dim) => size * dim, 1);
  const bytes = proto.tensor_content;
  const array = c.dtype === 'float64' ? Float64Array : Float32Array;
  const stated = c.dtype === 'float64' ? proto.dcomplex_val : proto.scomplex_val;
  const values = bytes.byteLength > 0 ? new array(bytes.slice().buffer) : stated;
  if (values.length === 0 || values.length % 2 !== 0 || values.length > 2 * count) {
    const { name: node, op } = c.node;
    throw invalid(`constant ${node} has ${values.length / 2} values where its shape needs ${count}`, { node, op });
  }
  // The last value stands for all that follow.
  const last = values.length / 2 - 1;
  const part = (offset: number): string =>
    c.constant(
      shape,
      Array.from({ length: count }, (_, i) => values[2 * Math.min(i, last) + offset] ?? 0),
    );
  return complex({ re: part(0), im: part(1) });
};

const matMul: Rule = (c) => {
  const [a, b] = [c.parts(0), c.parts(1)];
  if (a === undefined || b === undefined) return undefined;
  const turned = (name: string, parts: Parts): Parts => (c.attrs.bool(name, false) ? conjugate(c, parts) : parts);
  return complex(product(c, turned('adj_x', a), turned('adj_y', b), (x, y) => c.copy([x, y])));
};

/** What does not look at the elements. */
const ofShape: Rule = (c) => {
  const parts = c.parts(0);
  return parts === undefined ? undefined : { real: c.copy([parts.re, ...c.inputs.slice(1)]) };
};

const absolute = on(1, (c, a) => ({
  real: a.im === undefined ? c.do('Abs', [a.re]) : c.do('Sqrt', [squared(c, a)]),
}));

export const ARITHMETIC: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(PARTWISE.split(' ').map((op) => [op, partwise])),
  ...Object.fromEntries(['Shape', 'Size', 'Rank'].map((op) => [op, ofShape])),
  ...Object.fromEntries(['BatchMatMul', 'BatchMatMulV2', 'MatMul'].map((op) => [op, matMul])),
  Const: constant,
  Complex: fromParts,
  Cast: cast,
  Mul: on(2, (c, a, b) => complex(product(c, a, b, (x, y) => mul(c, x, y)))),
  Square: on(1, (c, a) => complex(product(c, a, a, (x, y) => mul(c, x, y)))),
  RealDiv: on(2, (c, a, b) => complex(divided(c, a, b))),
  Div: on(2, (c, a, b) => complex(divided(c, a, b))),
  Exp: on(1, (c, a) => complex(power(c, a))),
  Conj: on(1, (c, a) => complex(conjugate(c, a))),
  Real: on(1, (_, a) => ({ real: a.re })),
  Imag: on(1, (c, a) => ({ real: c.im(a) })),
  ComplexAbs: absolute,
  Angle: on(1, (c, a) => ({ real: c.do('Atan2', [c.im(a), a.re]) })),
};
