import { describe, expect, it } from 'vitest';
import { analyse } from '../../src/analysis/index.ts';
import { constNode } from '../../src/constants.ts';
import { attrOf, graphOf } from '../../src/graph.ts';
import { widenBfloat16 } from '../../src/passes/widen-bfloat16.ts';
import { node, placeholder } from '../support/nodes.ts';

const HALF = { T: 'bfloat16' } as const;
const FEEDS = new Map([['x:0', { dtype: 'float32', shape: [2] }]]) as Parameters<typeof widenBfloat16>[2];

const graph = graphOf([
  placeholder('x', [2]),
  node('Cast', 'h', ['x'], { SrcT: 'float32', DstT: 'bfloat16' }),
  constNode('c', { dtype: 'bfloat16', shape: [], data: Uint16Array.of(0x3fc0) }),
  node('Mul', 'm', ['h', 'c'], HALF),
  node('Cast', 'y', ['m'], { SrcT: 'bfloat16', DstT: 'float32' }),
]);

describe('bfloat16 between casts', () => {
  it('is computed in float32, its constants with the same numbers', () => {
    const wide = widenBfloat16(graph, new Set(['y:0']), FEEDS);
    const facts = analyse(wide, FEEDS);
    expect(facts.type('m:0')).toEqual({ dtype: 'float32', shape: [2] });
    expect(facts.constant('c:0')?.data).toEqual(Float32Array.of(1.5));
    expect(wide.byName.get('h/rounded')?.attr.get('DstT')).toEqual(attrOf({ type: 14 }));
  });

  it('stays where it is asked for', () => {
    expect(widenBfloat16(graph, new Set(['m:0']), FEEDS)).toBe(graph);
  });
});
