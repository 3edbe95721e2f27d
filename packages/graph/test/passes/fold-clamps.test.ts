import { describe, expect, it } from 'vitest';
import { type Graph, graphOf } from '../../src/graph.ts';
import { foldClamps } from '../../src/passes/fold-clamps.ts';
import { ints, node, placeholder } from '../support/nodes.ts';

const I = { T: 'int32' } as const;
const FEEDS = new Map([['x:0', { dtype: 'int32', shape: [] }]]) as Parameters<typeof foldClamps>[2];

const clamp = (most: number, least: number): Graph =>
  graphOf([
    placeholder('x', []),
    ints('most', most),
    ints('least', least),
    node('Maximum', 'low', ['least', 'x'], I),
    node('Minimum', 'y', ['most', 'low'], I),
  ]);

const opOfY = (graph: Graph, keep: readonly string[] = []) =>
  foldClamps(graph, new Set(keep), FEEDS).byName.get('y')?.op;

describe('a number that has to be at least and at most something', () => {
  it('is known where both are the same, or contradict each other', () => {
    expect(opOfY(clamp(5, 5))).toBe('Const');
    expect(opOfY(clamp(5, 7))).toBe('Const');
  });

  it('is computed where there is a choice', () => {
    expect(opOfY(clamp(7, 5))).toBe('Minimum');
  });

  it('stays an op where it is asked for', () => {
    expect(opOfY(clamp(5, 5), ['y:0'])).toBe('Minimum');
  });

  it('is computed where it is many numbers', () => {
    const feeds = new Map([['x:0', { dtype: 'int32', shape: [3] }]]) as typeof FEEDS;
    expect(foldClamps(clamp(5, 5), new Set(), feeds).byName.get('y')?.op).toBe('Minimum');
  });
});
