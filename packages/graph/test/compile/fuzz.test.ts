/** Graphs with bytes changed at random: whatever they say, compiling ends in a model or in a FloeError. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from '../../src/compile/index.ts';
import { FloeError } from '../../src/errors.ts';
import { graphFromDef } from '../../src/graph.ts';
import { GraphDef } from '../../src/proto/tensorflow.ts';
import { bytes as decoded, type GoldenCase, goldenCases, specsOf } from '../support/golden.ts';

const cases = [...goldenCases('compile/ops.json'), ...goldenCases('raise/programs.json')];

function attempt(each: GoldenCase, changes: readonly (readonly [at: number, byte: number])[]): unknown {
  const bytes = decoded(each.graph);
  for (const [at, byte] of changes) bytes[at % bytes.byteLength] = byte;
  try {
    compile(
      graphFromDef(GraphDef.decode(bytes, 'mutated')),
      specsOf(each),
      each.fetches.map((fetch) => fetch.name),
    );
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('hostile graphs', () => {
  it('end in a model or in a FloeError', () => {
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
    const mutation = fc.tuple(fc.constantFrom(...cases), fc.array(change, { minLength: 1, maxLength: 4 }));
    fc.assert(
      fc.property(mutation, ([each, changes]) => {
        const error = attempt(each, changes);
        if (error !== undefined) expect(error).toBeInstanceOf(FloeError);
      }),
      { numRuns: 3000, seed: 1 },
    );
  });
});
