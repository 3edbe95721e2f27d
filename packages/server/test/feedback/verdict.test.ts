import type { Tensor } from '@floe/graph/base';
import { describe, expect, it } from 'vitest';
import { countedLabels } from '../../src/feedback/shares.ts';
import { answeredClasses, classOf, type Label, rightRows } from '../../src/feedback/verdict.ts';

const floats = (shape: number[], ...data: number[]): Tensor => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from(data),
});
const named = (...tensors: Tensor[]) => tensors.map((tensor, at) => ({ name: `out${at}`, tensor }));
const digits = ['zero', 'one', 'two'];

describe('the class that an answer names', () => {
  const index: Tensor = { dtype: 'int64', shape: [2], data: BigInt64Array.of(2n, 0n) };
  const half: Tensor = { dtype: 'float16', shape: [1, 2], data: Uint16Array.of(0x3800, 0x3c00) };
  const table: { says: string; outputs: Tensor[]; labels: string[]; classes: number[] | undefined }[] = [
    {
      says: 'is the best score of each row',
      outputs: [floats([2, 3], 0, 1, 0.5, 3, 2, 1)],
      labels: digits,
      classes: [1, 0],
    },
    { says: 'is the first of equal scores', outputs: [floats([1, 3], 1, 1, 1)], labels: digits, classes: [0] },
    { says: 'is read off half floats', outputs: [half], labels: [], classes: [1] },
    { says: 'is an index where there are no scores', outputs: [index], labels: digits, classes: [2, 0] },
    {
      says: 'is that of the scores where there is an index too',
      outputs: [index, floats([1, 3], 0, 0, 1)],
      labels: digits,
      classes: [2],
    },
    {
      says: 'is the second of two above a half',
      outputs: [floats([3, 1], 0.2, 0.5, 0.7)],
      labels: ['no', 'yes'],
      classes: [0, 0, 1],
    },
    {
      says: 'is none of as many scores as there are no names for',
      outputs: [floats([1, 4], 1, 2, 3, 4)],
      labels: digits,
      classes: undefined,
    },
    { says: 'is none of a picture', outputs: [floats([1, 2, 2, 1], 1, 2, 3, 4)], labels: [], classes: undefined },
  ];
  for (const { says, outputs, labels, classes } of table) {
    it(says, () => expect(answeredClasses(named(...outputs), labels)).toEqual(classes));
  }
});

describe('a label', () => {
  const table: { label: Label; labels: string[]; is: number | undefined }[] = [
    { label: 2, labels: digits, is: 2 },
    { label: 'two', labels: digits, is: 2 },
    { label: 7, labels: [], is: 7 },
    { label: 3, labels: digits, is: undefined },
    { label: -1, labels: [], is: undefined },
    { label: 0.5, labels: [], is: undefined },
    { label: 'three', labels: digits, is: undefined },
    { label: 'one', labels: [], is: undefined },
  ];
  for (const { label, labels, is } of table) {
    it(`${JSON.stringify(label)} ${is === undefined ? 'is no class' : 'is a class'} of ${JSON.stringify(labels)}`, () => {
      if (is !== undefined) expect(classOf(label, labels, 'label')).toBe(is);
      else expect(() => classOf(label, labels, 'label')).toThrow('is no class');
    });
  }

  it('is needed for each row', () => {
    expect(rightRows([1, 2, 3], [1, 0, 3], 'labels')).toBe(2);
    expect(() => rightRows([1, 2], [1], 'labels')).toThrow('2 rows, there are 1 labels');
  });
});

describe('the labels that count', () => {
  const table: { says: string; labels: Record<string, number>; share: number; count: Record<string, number> }[] = [
    { says: 'are all of a lone caller', labels: { a: 900 }, share: 0.2, count: { a: 900 } },
    {
      says: 'are at most the share of the one with the most',
      labels: { a: 900, b: 50, c: 50 },
      share: 0.5,
      count: { a: 100, b: 50, c: 50 },
    },
    {
      says: 'are all where nobody floods',
      labels: { a: 30, b: 40, c: 50 },
      share: 0.5,
      count: { a: 30, b: 40, c: 50 },
    },
    { says: 'are all of two who say as many', labels: { a: 40, b: 40 }, share: 0.2, count: { a: 40, b: 40 } },
    {
      says: "are no more than others' where the share is small",
      labels: { a: 400, b: 40 },
      share: 0.2,
      count: { a: 40, b: 40 },
    },
    { says: 'are all where one may have all', labels: { a: 400, b: 4 }, share: 1, count: { a: 400, b: 4 } },
  ];
  for (const { says, labels, share, count } of table) {
    it(says, () => expect(Object.fromEntries(countedLabels(new Map(Object.entries(labels)), share))).toEqual(count));
  }
});
