/** One case of every op against the outputs that TensorFlow gave (made by `conformance/ops/generate.py` and `golden.py`). */
import { describe, expect, it } from 'vitest';
import { compile } from '../../src/compile/index.ts';
import { LOWERINGS } from '../../src/compile/ops/index.ts';
import { graphFromDef } from '../../src/graph.ts';
import type { GraphDef } from '../../src/proto/tensorflow.ts';
import { expectClose, goldenCases, graphOfCase, specsOf, tensorOf } from '../support/golden.ts';
import { runCompiled } from './run.ts';

const cases = goldenCases('compile/ops.json');

/** Ops of a graph and of its functions. */
function opsIn({ node, library }: GraphDef): readonly string[] {
  const inside = (library?.function ?? []).flatMap(({ node_def }) => node_def);
  return [...node, ...inside].map(({ op }) => op);
}

describe('compiled ops give the answers of TensorFlow', () => {
  it.each(cases.map((each) => [each.op, each] as const))('%s', async (_, each) => {
    const { feeds, fetches } = each;
    const names = fetches.map((fetch) => fetch.name);
    const compiled = compile(graphFromDef(graphOfCase(each)), specsOf(each), names);
    const outputs = await runCompiled(compiled, Object.fromEntries(feeds.map((feed) => [feed.name, tensorOf(feed)])));
    fetches.forEach((fetch, i) => {
      expectClose(outputs[i], tensorOf(fetch));
    });
  });

  it('has a case for every op that can be compiled', () => {
    const covered = new Set(cases.flatMap((each) => opsIn(graphOfCase(each))));
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
