import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { confidenceInterval, lowerBound, upperBound } from '../../../src/core/accuracy.ts';
import { findAnswers, numbersOf } from '../../../src/train/evaluate/answers.ts';
import { ClassTally, numberMetrics } from '../../../src/train/evaluate/metrics.ts';

describe('metrics of classes', () => {
  it('count what is right, what is near, and what was taken for what', () => {
    const tally = new ClassTally();
    tally.scored(0, [0.4, 0.3, 0.1, 0.1, 0.06, 0.04]);
    tally.scored(5, [0.4, 0.3, 0.1, 0.1, 0.06, 0.04]);
    tally.scored(4, [0.4, 0.3, 0.1, 0.1, 0.06, 0.04]);
    expect(tally.result()).toMatchObject({
      metrics: { accuracy: 1 / 3, top5: 2 / 3 },
      confusion: [
        [0, 0, 1],
        [4, 0, 1],
        [5, 0, 1],
      ],
    });
  });

  it('have no top five of five classes, nor of classes alone', () => {
    const scored = new ClassTally();
    scored.scored(1, [0, 1, 0, 0, 0]);
    const answered = new ClassTally();
    answered.answered(1, 1);
    for (const tally of [scored, answered]) expect(tally.result().metrics).toEqual({ accuracy: 1 });
  });

  it('take a class that the model does not have for wrong', () => {
    const tally = new ClassTally();
    tally.scored(7, [1, 0]);
    expect(tally.result()).toMatchObject({ metrics: { accuracy: 0 }, confusion: [[7, 0, 1]] });
  });
});

describe('metrics of numbers', () => {
  it('are the mean and the root mean square of what is wrong, and the share of the variance explained', () => {
    expect(numberMetrics([0, 2, 4], [1, 2, 3])).toEqual({
      metrics: { mae: 2 / 3, rmse: Math.sqrt(2 / 3), r2: 1 - 2 / 8 },
    });
  });

  it('explain nothing where nothing varies', () => {
    expect(numberMetrics([2, 2], [2, 3]).metrics).not.toHaveProperty('r2');
  });
});

describe('the interval of an accuracy', () => {
  it("is Wilson's", () => {
    const { low, high } = confidenceInterval(90, 100);
    expect([low, high]).toEqual([expect.closeTo(0.8256, 3), expect.closeTo(0.9448, 3)]);
    expect(confidenceInterval(0, 0)).toEqual({ low: 0, high: 1 });
  });

  it('holds the share, and mirrors', () => {
    const property = fc.property(fc.nat(500), fc.nat(500), (right, wrong) => {
      const n = right + wrong;
      if (n === 0) return;
      const { low, high } = confidenceInterval(right, n);
      expect(low).toBeLessThanOrEqual(right / n + 1e-9);
      expect(high).toBeGreaterThanOrEqual(right / n - 1e-9);
      expect(upperBound(right, n)).toBeCloseTo(1 - lowerBound(wrong, n), 9);
    });
    fc.assert(property);
  });
});

describe('the answer among outputs', () => {
  const scores = { dtype: 'float32', shape: [2, 3], data: new Float32Array(6) } as const;
  const klass = { dtype: 'int64', shape: [2], data: new BigInt64Array(2) } as const;
  const number = { dtype: 'float32', shape: [2, 1], data: new Float32Array(2) } as const;
  it('is the scores, else the class, where labels are classes', () => {
    expect(findAnswers(['k', 's'], [klass, scores], 'classes')).toEqual({ index: 1, form: 'scores' });
    expect(findAnswers(['k', 'n'], [klass, number], 'classes')).toEqual({ index: 0, form: 'class' });
  });

  it('is the number where labels are numbers', () => {
    expect(findAnswers(['s', 'n'], [scores, number], 'numbers')).toEqual({ index: 1, form: 'number' });
  });

  it('is missed by the names of what there is', () => {
    expect(() => findAnswers(['s'], [scores], 'numbers')).toThrow(/labels are numbers.*s \(float32 \[2, 3\]\)/);
  });

  it('has to be numbers', () => {
    expect(() => numbersOf({ ...number, data: Float32Array.of(0, Number.NaN) }, 'n')).toThrow('output n holds NaN');
  });
});
