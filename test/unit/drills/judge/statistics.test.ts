import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge } from '../../../../src/drills/judge/judge.ts';
import { nearestRank, spreadOf } from '../../../../src/drills/judge/statistics.ts';
import { summariesByHazard, summariesByHeadline } from '../../../../src/drills/judge/summary.ts';
import type { Verdict } from '../../../../src/drills/judge/verdict.ts';
import { seconds } from '../../../../src/drills/judge/words.ts';
import { AT, goodRound, lane, RULES, withLane } from './round.ts';

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

describe('a summary', () => {
  const writesOut = (ms: number): Verdict =>
    judge(withLane(goodRound(), lane('write', { outs: [[AT.fault, AT.fault + ms]] })), RULES);
  const good = upTo(30).map((index) => writesOut(index * 100));
  const slow = writesOut(5_000);
  const lost = judge({ ...goodRound(), ledger: { ...goodRound().ledger, acknowledged: [1, 99] } }, RULES);
  const unfit = judge({ ...goodRound(), marks: [] }, RULES);
  const writeOf = (verdicts: readonly Verdict[]) =>
    summariesByHazard(verdicts)[0]?.probes.find(({ probe }) => probe === 'write')?.outage;

  it('counts rounds and losses, and spreads the outages of each probe', () => {
    const [summary, ...others] = summariesByHazard([...good, slow]);
    expect(others).toEqual([]);
    expect(summary).toMatchObject({ row: 'host-kill-primary', rounds: 31, passed: 30, unfit: 0, lost: 0 });
    expect(summary?.probes.map(({ probe }) => probe)).toEqual(goodRound().lanes.map(({ probe }) => probe));
    expect(writeOf([...good, slow])).toEqual({ rounds: 31, p50: 1_600, p95: 3_000, max: 5_000 });
    expect(summariesByHazard([lost])[0]).toMatchObject({ rounds: 1, passed: 0, unfit: 0, lost: 3 });
  });

  it('takes no figure from a round that was not fit to be judged, and says how many these were', () => {
    expect(summariesByHazard([unfit])).toEqual([
      { row: 'host-kill-primary', rounds: 1, passed: 0, unfit: 1, lost: 0, probes: [] },
    ]);
    expect(writeOf([...good.slice(1), unfit])).toMatchObject({ rounds: 29, p95: null });
  });

  it('is made of each hazard and of each headline row', () => {
    const verdicts = ['a', 'b', 'c', 'a', 'd'].map((hazard) => ({ ...slow, hazard }));
    const headline = new Map([
      ['a', 'primary'],
      ['c', 'primary'],
      ['b', 'switchover'],
    ]);
    const rows = (of: ReturnType<typeof summariesByHazard>) => of.map(({ row, rounds }) => [row, rounds]);
    expect(rows(summariesByHazard(verdicts))).toEqual([
      ['a', 2],
      ['b', 1],
      ['c', 1],
      ['d', 1],
    ]);
    expect(rows(summariesByHeadline(verdicts, (hazard) => headline.get(hazard) ?? null))).toEqual([
      ['primary', 3],
      ['switchover', 1],
    ]);
  });
});
