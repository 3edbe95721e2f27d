/** Graphs with bytes changed at random: whatever they say, compiling ends in a model or in a FloeError. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from '../../src/compile/index.ts';
import type { DType } from '../../src/dtype.ts';
import { FloeError } from '../../src/errors.ts';
import { graphFromDef } from '../../src/graph.ts';
import { GraphDef } from '../../src/proto/tensorflow.ts';

interface Described {
  readonly name: string;
  readonly dtype: DType;
  readonly declared: readonly number[] | null;
}
interface Case {
  readonly graph: string;
  readonly feeds: readonly Described[];
  readonly fetches: readonly Described[];
}
const cases = JSON.parse(
  readFileSync(new URL('../golden/compile/ops.json', import.meta.url), 'utf8'),
) as readonly Case[];

function attempt({ graph, feeds, fetches }: Case, changes: readonly (readonly [at: number, byte: number])[]): unknown {
  const bytes = new Uint8Array(Buffer.from(graph, 'base64'));
  for (const [at, byte] of changes) bytes[at % bytes.byteLength] = byte;
  const specs = feeds.map(({ name, dtype, declared }) => ({ name, dtype, shape: declared }));
  try {
    compile(
      graphFromDef(GraphDef.decode(bytes, 'mutated')),
      specs,
      fetches.map((fetch) => fetch.name),
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
