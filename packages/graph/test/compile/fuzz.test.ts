/** Graphs that something was changed in, by bytes or by sense: whatever they say, they end in a model or in a FloeError. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from '../../src/compile/index.ts';
import { FloeError } from '../../src/errors.ts';
import { freeze } from '../../src/freeze.ts';
import { graphFromDef } from '../../src/graph.ts';
import { GraphDef } from '../../src/proto/tensorflow.ts';
import { sourceOfGraph } from '../../src/read/frozen-graph.ts';
import { bytes as decoded, type GoldenCase, goldenCases, graphOfCase, specsOf } from '../support/golden.ts';
import { mutatedGraph } from '../support/mutate/graph.ts';
import { Random } from '../support/mutate/random.ts';
import { mutatedRequest, type Request } from '../support/mutate/request.ts';

const programs = goldenCases('raise/programs.json');
const cases = [...goldenCases('compile/ops.json'), ...programs];
const requestOf = (each: GoldenCase): Request => ({
  feeds: specsOf(each),
  fetches: each.fetches.map(({ name }) => name),
});

function attempt(each: GoldenCase, changes: readonly (readonly [at: number, byte: number])[]): unknown {
  const bytes = decoded(each.graph);
  for (const [at, byte] of changes) bytes[at % bytes.byteLength] = byte;
  const { feeds, fetches } = requestOf(each);
  try {
    compile(graphFromDef(GraphDef.decode(bytes, 'mutated')), feeds, fetches);
    return undefined;
  } catch (error) {
    return error;
  }
}

interface Mutated {
  readonly seed: number;
  readonly def: GraphDef;
  readonly request: Request;
}

/** The same graphs and requests in every run. */
function* mutated(count: number): Generator<Mutated> {
  const graphs = new Map(cases.map((each) => [each, graphOfCase(each)]));
  const ops = [...new Set([...graphs.values()].flatMap(({ node }) => node.map(({ op }) => op)))];
  for (let seed = 0; seed < count; seed++) {
    const random = new Random(seed);
    const each = random.pick(random.chance(0.2) ? programs : cases);
    const def = mutatedGraph(random, graphs.get(each) as GraphDef, ops);
    const request = random.chance(0.3) ? mutatedRequest(random, def, requestOf(each)) : requestOf(each);
    yield { seed, def, request };
  }
}

/** A FloeError says where, and does not hide that something else was thrown. */
function expectPrecise(error: unknown, seed: number): void {
  expect(error, `seed ${seed}`).toBeInstanceOf(FloeError);
  const { details, cause } = error as FloeError;
  expect(details, `seed ${seed}: ${error}`).not.toEqual([]);
  expect(cause, `seed ${seed}: ${error}`).toBe(undefined);
}

describe('hostile graphs', () => {
  it('of changed bytes end in a model or in a FloeError', () => {
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

  it('of changed sense end in a model or in a FloeError that says where', () => {
    for (const { seed, def, request } of mutated(1500)) {
      try {
        compile(graphFromDef(def), request.feeds, request.fetches);
      } catch (error) {
        expectPrecise(error, seed);
      }
    }
  });

  it('are frozen, or end in a FloeError that says where', async () => {
    for (const { seed, def, request } of mutated(400)) {
      const outputs = request.fetches;
      const inputs = request.feeds.map(({ name }) => name);
      const freezing = async () => freeze(sourceOfGraph(def, '', 'graph.pb'), { outputs, inputs });
      await freezing().catch((error: unknown) => expectPrecise(error, seed));
    }
  });
});
