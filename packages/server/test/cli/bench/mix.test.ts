import { describe, expect, it } from 'vitest';
import { drawFrom, parseMix } from '../../../src/cli/bench/mix.ts';
import { random } from '../../../src/cli/made-up.ts';

describe('a mix', () => {
  it('is read as classes of rows and shares', () => {
    expect(parseMix('small=1:0.9,large=20:0.1')).toEqual([
      { name: 'small', rows: 1, share: 0.9 },
      { name: 'large', rows: 20, share: 0.1 },
    ]);
  });

  it('is read as classes of shapes, whose first dimension is the rows', () => {
    expect(parseMix('small=1x224x224x3:0.9,large=2x96x96x3:0.1')).toEqual([
      { name: 'small', rows: 1, shape: [1, 224, 224, 3], share: 0.9 },
      { name: 'large', rows: 2, shape: [2, 96, 96, 3], share: 0.1 },
    ]);
  });

  it('takes shares as parts of their sum', () => {
    expect(parseMix('a=1:3, b=2:1').map(({ share }) => share)).toEqual([0.75, 0.25]);
  });

  it.each([
    ['', 'name=rows:share'],
    ['small', 'name=rows:share'],
    ['small=1', 'name=rows:share'],
    ['small=1:-1', 'name=rows:share'],
    ['small=0:1', 'rows are'],
    ['small=99999:1', 'rows are'],
    ['small=1x:1', 'name=rows:share'],
    ['small=0x4:1', 'rows are'],
    ['small=1:0', 'all shares are 0'],
    ['a=1:1,a=2:1', 'a name comes twice'],
  ])('refuses %j: %s', (text, reason) => {
    expect(() => parseMix(text)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(reason) }),
    );
  });

  it('is drawn in its shares, the same for the same seed', () => {
    const draws = (seed: number): number[] => {
      const draw = drawFrom(parseMix('a=1:0.9,b=1:0.1'), random(seed));
      return Array.from({ length: 10_000 }, draw);
    };
    const share = draws(1).filter((at) => at === 1).length / 10_000;
    expect(share).toBeGreaterThan(0.09);
    expect(share).toBeLessThan(0.11);
    expect(draws(1)).toEqual(draws(1));
    expect(draws(2)).not.toEqual(draws(1));
  });
});
