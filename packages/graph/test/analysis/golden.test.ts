/** Single ops against TensorFlow's own results (golden/analysis/cases.json, made by make.py beside it). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { foldableOps } from '../../src/analysis/evaluate/index.ts';
import { analyse, type TensorType } from '../../src/analysis/index.ts';
import type { DType } from '../../src/dtype.ts';
import { sizeOf, type Tensor } from '../../src/tensor.ts';
import { type AttrInit, constant, graph, node, placeholder, tensor } from '../support/nodes.ts';

interface Golden {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly values?: readonly (number | string)[];
}

interface Case {
  readonly op: string;
  readonly attrs: Readonly<Record<string, AttrInit>>;
  readonly inputs: readonly Golden[];
  readonly outputs: readonly Golden[] | null;
}

const cases = JSON.parse(
  readFileSync(new URL('../golden/analysis/cases.json', import.meta.url), 'utf8'),
) as readonly Case[];

const names = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `in${i}`);

/** The values of large tensors do not matter and are not stored. */
function valuesOf({ shape, values }: Golden): readonly (number | string)[] {
  return values ?? new Array<number>(sizeOf(shape)).fill(0);
}

function constantGraph({ op, attrs, inputs }: Case) {
  const sources = inputs.map((input, i) => constant(`in${i}`, input.dtype, input.shape, valuesOf(input)));
  return graph(...sources, node(op, 'n', names(inputs.length), attrs));
}

/** The data input is fed, what looks like an argument (an integer) is constant. */
function fedGraph({ op, attrs, inputs }: Case, shapeOf: (input: Golden) => readonly number[] | null) {
  const feeds = new Map<string, TensorType>();
  const sources = inputs.map((input, i) => {
    const { dtype, shape } = input;
    if (!dtype.startsWith('float')) return constant(`in${i}`, dtype, shape, valuesOf(input));
    feeds.set(`in${i}:0`, { dtype, shape: shapeOf(input) });
    return placeholder(`in${i}`, null, dtype);
  });
  return { graph: graph(...sources, node(op, 'n', names(inputs.length), attrs)), feeds };
}

function compatible(found: readonly number[] | null, actual: readonly number[]): boolean {
  return found === null || (found.length === actual.length && found.every((dim, i) => dim === -1 || dim === actual[i]));
}

/** Elements with bit patterns told apart where `===` would not: NaN equals NaN, 0 and -0 differ. */
function elements(value: Tensor): readonly unknown[] {
  return Array.from(value.data as ArrayLike<unknown>);
}

const label = (c: Case, i: number): string =>
  `${i}: ${c.op}(${c.inputs.map(({ dtype, shape }) => `${dtype}[${shape}]`)}) ${JSON.stringify(c.attrs)}`;

/** Cases in which TensorFlow fails on values, not shapes: the op stays in the graph. */
const FAILS_ON_VALUES = /^(FloorDiv|FloorMod|TruncateDiv|TruncateMod|Div)$/;

describe('inference agrees with TensorFlow', () => {
  it.each(cases.map((c, i) => [label(c, i), c] as const))('%s', (_, c) => {
    const { outputs } = c;
    if (outputs === null) {
      if (!FAILS_ON_VALUES.test(c.op)) expect(() => analyse(constantGraph(c), new Map())).toThrow(/^node n \(/);
      return;
    }
    const complete = fedGraph(c, ({ shape }) => shape);
    const facts = analyse(complete.graph, complete.feeds);
    const open = fedGraph(c, ({ shape }) => shape.map(() => -1));
    const openFacts = analyse(open.graph, open.feeds);
    const blind = fedGraph(c, () => null);
    const blindFacts = analyse(blind.graph, blind.feeds);
    outputs.forEach(({ dtype, shape }, i) => {
      const type = facts.type(`n:${i}`);
      expect(type.dtype).toBe(dtype);
      const reserved = c.op === 'FusedBatchNormV3' && i === 5;
      expect(type.shape?.length).toBe(reserved ? undefined : shape.length);
      expect(type.shape).toSatisfy(
        (found: readonly number[]) => compatible(found, shape),
        `${type.shape} for ${shape}`,
      );
      expect(openFacts.type(`n:${i}`).shape).toSatisfy((found: readonly number[]) => compatible(found, shape));
      expect(blindFacts.type(`n:${i}`).shape).toSatisfy((found: readonly number[]) => compatible(found, shape));
    });
  });
});

describe('folding agrees with TensorFlow', () => {
  const folded = cases
    .filter(({ op, outputs }) => outputs !== null && foldableOps.includes(op))
    .filter(({ inputs }) => inputs.every(({ values }) => values));
  it.each(folded.map((c, i) => [label(c, i), c] as const))('%s', (_, c) => {
    const facts = analyse(constantGraph(c), new Map());
    c.outputs?.forEach(({ dtype, shape, values }, i) => {
      const value = facts.constant(`n:${i}`);
      if (value === undefined) {
        expect(mayStay(c)).toBe(true);
        return;
      }
      expect([value.dtype, value.shape]).toEqual([dtype, shape]);
      if (values === undefined) return;
      const expected = tensor(dtype, shape, values);
      if (APPROXIMATE.has(c.op)) expect(ulpsApart(value, expected)).toBeLessThanOrEqual(2);
      else expect(elements(value)).toEqual(elements(expected));
    });
  });

  it('leaves to the run what it would have to report: a division of integers by zero', () => {
    const failing = cases.filter(({ op, outputs }) => outputs === null && FAILS_ON_VALUES.test(op));
    expect(failing.length).toBeGreaterThan(4);
    for (const c of failing) expect(analyse(constantGraph(c), new Map()).constant('n:0')).toBeUndefined();
  });
});

/** TensorFlow computes these by an approximation, where Floe rounds correctly. */
const APPROXIMATE = new Set(['Reciprocal', 'Inv', 'Rsqrt']);

/** The largest distance, in units of the last place. */
function ulpsApart(a: Tensor, b: Tensor): number {
  const [x, y] = [a, b].map(({ data }) => new Int32Array((data as Float32Array).buffer));
  return Math.max(...Array.from(x ?? [], (bits, i) => Math.abs(bits - (y?.[i] ?? 0))));
}

/** The sum of floats depends on the order, a float range on how it counts, an old Select may choose whole rows, and TensorFlow's Round
 * of integers gives zeros. */
function mayStay({ op, inputs }: Case): boolean {
  const float = inputs.some(({ dtype }) => dtype.startsWith('float'));
  return (
    (float && /^(Sum|Prod|Range)$/.test(op)) ||
    (!float && op === 'Round') ||
    (op === 'Select' && inputs[0]?.shape.length === 1)
  );
}
