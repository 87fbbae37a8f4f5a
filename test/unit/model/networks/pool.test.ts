import { describe, expect, it } from 'vitest';
import { forecastOf, type PoolCount, shortageOf, sumPools } from '../../../../src/model/networks/pool.ts';

const NOW = Date.UTC(2026, 2, 1, 10);
const HOUR = 3_600_000;
const pool = (changes: Partial<PoolCount>): PoolCount => ({
  size: 100,
  used: 50,
  before: 40,
  seconds: 3600,
  ...changes,
});

describe('when a pool is full', () => {
  it.each([
    ['ten more in an hour', {}, { free: 50, perHour: 10, fullAt: NOW + 5 * HOUR }],
    ['five more in ten minutes', { used: 45, seconds: 600 }, { free: 55, perHour: 30, fullAt: NOW + (55 / 30) * HOUR }],
    ['not known yet', { seconds: 599 }, { free: 50, perHour: null, fullAt: null }],
    ['nobody has come yet', { used: 0, before: 0, seconds: 0 }, { free: 100, perHour: null, fullAt: null }],
    ['as many go as come', { before: 50 }, { free: 50, perHour: 0, fullAt: null }],
    ['it shrinks', { before: 60 }, { free: 50, perHour: -10, fullAt: null }],
    ['full, whatever the rate', { used: 100, before: 110 }, { free: 0, perHour: -10, fullAt: NOW }],
    ['full at once', { used: 100, seconds: 60 }, { free: 0, perHour: null, fullAt: NOW }],
    ['more leases than addresses: the range was cut', { used: 120 }, { free: 0, perHour: 80, fullAt: NOW }],
    ['no address at all', { size: 0, used: 0, before: 0 }, { free: 0, perHour: 0, fullAt: null }],
  ] as const)('%s', (_name, changes, expected) => {
    expect(forecastOf(pool(changes), NOW)).toEqual(expected);
  });

  it('is told of several as of one', () => {
    expect(sumPools([pool({}), pool({ size: 10, used: 10, before: 2, seconds: 700 })])).toEqual({
      size: 110,
      used: 60,
      before: 42,
      seconds: 3600,
    });
    expect(sumPools([])).toEqual({ size: 0, used: 0, before: 0, seconds: 0 });
  });
});

describe('a shortage', () => {
  it.each([
    ['full', { used: 100, before: 100 }],
    ['short', { used: 96, before: 96 }],
    [null, { used: 95, before: 95 }],
    ['filling', { used: 60, before: 50 }],
    // 40 free, one an hour: 40 hours.
    [null, { used: 60, before: 59 }],
    // Machines that start on a new VLAN.
    [null, { used: 20, before: 0 }],
    [null, { size: 0, used: 0, before: 0 }],
  ] as const)('%s', (expected, changes) => {
    expect(shortageOf(pool(changes), NOW)).toBe(expected);
  });
});
