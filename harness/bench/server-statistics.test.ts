import { describe, expect, it } from 'vitest';
import { median, quantile, slopeOf, spreadOf } from './server-statistics.ts';

describe('the statistics of the benchmarks', () => {
  it('takes the median in the middle, whatever the order', () => {
    expect(median([30, 4, 200])).toBe(30);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([7])).toBe(7);
    expect(median([])).toBeNaN();
  });

  it('compares numbers as numbers', () => {
    expect(quantile([9, 100, 20], 0.99)).toBe(100);
    expect(quantile([9, 100, 20], 0)).toBe(9);
  });

  it('tells a spread by its ends', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
  });

  it('finds the slope of a line, and of points about a line', () => {
    expect(slopeOf([0, 1, 2, 3].map((x) => ({ x, y: 100 + 2.5 * x })))).toBeCloseTo(2.5);
    const y = [10, 12, 9, 13, 10, 14];
    expect(slopeOf(y.map((each, x) => ({ x, y: each })))).toBeCloseTo(9 / 17.5);
  });

  it('knows no slope of a single moment', () => {
    expect(slopeOf([{ x: 1, y: 2 }])).toBeNaN();
  });
});
