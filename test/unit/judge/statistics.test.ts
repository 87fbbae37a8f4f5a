import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearestRank, spreadOf } from '../../../src/judge/statistics.ts';
import { seconds } from '../../../src/judge/formats.ts';

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe('nearest rank', () => {
  it('is the known value of the textbook', () => {
    const values = [35, 20, 15, 50, 40];
    expect([5, 30, 40, 50, 100].map((percent) => nearestRank(values, percent))).toEqual([15, 20, 20, 35, 50]);
    expect(nearestRank([], 50)).toBeNull();
  });

  it('is a measured value that so many do not exceed, and the smallest such', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1 }),
        fc.integer({ min: 1, max: 100 }),
        (values, percent) => {
          const enough = (limit: number) =>
            values.filter((value) => value <= limit).length * 100 >= values.length * percent;
          expect(nearestRank(values, percent)).toBe(Math.min(...values.filter(enough)));
        },
      ),
    );
  });
});

describe('a spread', () => {
  it('claims a 95th percentile from 30 rounds on', () => {
    expect(spreadOf(upTo(29))).toEqual({ rounds: 29, p50: 15, p95: null, max: 29 });
    expect(spreadOf(upTo(30))).toEqual({ rounds: 30, p50: 15, p95: 29, max: 30 });
    expect(spreadOf([])).toBeNull();
  });
});

describe('a duration in words', () => {
  it.each([
    [0, '0.0 s'],
    [4_000, '4.0 s'],
    [4_000.2, '4.01 s'],
    [310, '0.31 s'],
    [0.1 + 0.2, '0.01 s'],
    [3_000.000_000_01, '3.0 s'],
    [12_345, '12.35 s'],
  ])('of %s ms is %s', (ms, text) => expect(seconds(ms)).toBe(text));
});
