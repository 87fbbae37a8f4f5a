import { expect, it } from 'vitest';
import { openStamps, stampOf } from '../../../src/drills/run/watch/stamps.ts';

const LINE = '[2026-11-21T10:36:34.139984] Deleted 2: mgmt    inet 10.77.0.10/32 scope global mgmt';
const STAMP = Date.UTC(2026, 10, 21, 10, 36, 34) + 139.984;

it('reads the time of a line', () => {
  expect(stampOf(LINE)).toBeCloseTo(STAMP, 3);
  expect(stampOf('2: mgmt    inet 10.77.0.10/32')).toBeNull();
});

it('tells when lines were written, however late and in whatever order they are read', () => {
  let [now, wall] = [5000, Math.floor(STAMP)];
  const momentOf = openStamps(
    () => now,
    () => wall,
  );
  // The clocks are read in whole milliseconds: this reading is wrong by one.
  [now, wall] = [5130.9, wall + 130];
  const second = momentOf(LINE.replace('.139984', '.141000'));
  [now, wall] = [5131.2, wall + 1];
  const first = momentOf(LINE);
  expect(second - first).toBeCloseTo(1.016, 3);
  expect(Math.abs(first - 5000)).toBeLessThan(2);
});

it('goes on when the clock is set, and takes a time that cannot be for the time of reading', () => {
  let [now, wall] = [5000, STAMP];
  const momentOf = openStamps(
    () => now,
    () => wall,
  );
  expect(momentOf(LINE)).toBeCloseTo(5000, 3);
  [now, wall] = [6000, STAMP + 3_601_000];
  expect(momentOf(LINE)).toBe(6000);
  expect(momentOf(LINE.replace('10:36:34', '11:36:34'))).toBeCloseTo(5000, 3);
  expect(momentOf('no time')).toBe(6000);
});
