/** One case of every op against the outputs that TensorFlow gave (made by `conformance/ops/generate.py` and `golden.py`). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compile } from '../../src/compile/index.ts';
import { LOWERINGS } from '../../src/compile/ops/index.ts';
import type { DType } from '../../src/dtype.ts';
import { graphFromDef } from '../../src/graph.ts';
import { GraphDef } from '../../src/proto/tensorflow.ts';
import { numericView, type Tensor } from '../../src/tensor.ts';
import { numbersOf, runCompiled } from './run.ts';

interface Described {
  readonly name: string;
  readonly dtype: DType;
  readonly declared: readonly number[] | null;
  readonly shape: readonly number[];
  readonly data: string;
}
interface Case {
  readonly op: string;
  readonly graph: string;
  readonly feeds: readonly Described[];
  readonly fetches: readonly Described[];
}

const cases = JSON.parse(
  readFileSync(new URL('../golden/compile/ops.json', import.meta.url), 'utf8'),
) as readonly Case[];

const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));

function tensorOf({ dtype, shape, data }: Described): Tensor {
  return { dtype, shape, data: numericView(dtype, bytes(data)) };
}

/** What numbers of a tensor may differ by: nothing for integers. */
function expectClose(got: Tensor | undefined, wanted: Tensor): void {
  expect(got?.shape).toEqual(wanted.shape);
  const [a, b] = [numbersOf(got), numbersOf(wanted)];
  const scale = Math.max(1, ...b.filter(Number.isFinite).map(Math.abs));
  const slack = wanted.dtype.startsWith('float') ? 1e-5 * scale : 0;
  const bad = b.findIndex(
    (value, i) => !Object.is(value, a[i]) && !(Math.abs(value - (a[i] ?? Number.NaN)) <= slack) && value !== a[i],
  );
  expect({ index: bad, wanted: b[bad], got: a[bad] }).toEqual({ index: -1, wanted: undefined, got: undefined });
}

/** Ops of a graph and of its functions. */
function opsIn({ node, library }: GraphDef): readonly string[] {
  const inside = (library?.function ?? []).flatMap(({ node_def }) => node_def);
  return [...node, ...inside].map(({ op }) => op);
}

describe('compiled ops give the answers of TensorFlow', () => {
  it.each(cases.map((each) => [each.op, each] as const))('%s', async (_, { graph, feeds, fetches }) => {
    const decoded = graphFromDef(GraphDef.decode(bytes(graph), 'golden'));
    const specs = feeds.map(({ name, dtype, declared }) => ({ name, dtype, shape: declared }));
    const compiled = compile(
      decoded,
      specs,
      fetches.map((fetch) => fetch.name),
    );
    const outputs = await runCompiled(compiled, Object.fromEntries(feeds.map((feed) => [feed.name, tensorOf(feed)])));
    fetches.forEach((fetch, i) => {
      expectClose(outputs[i], tensorOf(fetch));
    });
  });

  it('has a case for every op that can be compiled', () => {
    const covered = new Set(cases.flatMap(({ graph }) => opsIn(GraphDef.decode(bytes(graph), 'golden'))));
    const passedOn = new Set([
      'Snapshot',
      'CheckNumerics',
      'EnsureShape',
      'DebugGradientIdentity',
      'ConjugateTranspose',
    ]);
    expect([...LOWERINGS.keys()].filter((op) => !covered.has(op) && !passedOn.has(op))).toEqual([]);
  });
});
