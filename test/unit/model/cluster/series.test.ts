import { describe, expect, it } from 'vitest';
import { forecastFull, quantileOf, spanOf } from '../../../../src/model/cluster/series.ts';

const NOW = Date.parse('2030-01-10T12:02:00Z') / 1000;
const HOUR = 3600;
const DAY = 86_400;
const at = (text: string) => Date.parse(`2030-01-${text}Z`) / 1000;

describe('the span of a call', () => {
  it('is the last day by default, at the bounds of its step', () => {
    expect(spanOf({}, NOW)).toEqual({ step: '5m', from: at('09T12:00'), to: at('10T12:05') });
    expect(spanOf({ from: at('05T12:30') }, NOW)).toEqual({ step: '1h', from: at('05T12:00'), to: at('10T13:00') });
    expect(spanOf({ from: at('05T12:30'), step: '5m' }, NOW)).toMatchObject({ step: '5m', from: at('05T12:30') });
  });

  it('ends with the step of now', () => {
    expect(spanOf({ from: NOW - HOUR, to: NOW + DAY }, NOW)).toMatchObject({ to: at('10T12:05') });
  });

  it('is refused with its rule', () => {
    const ends = (wanted: Parameters<typeof spanOf>[0]) => spanOf(wanted, NOW);

    expect(ends({ from: NOW - 9 * DAY, step: '5m' })).toEqual({
      field: 'from',
      problem: '2030-01-01T12:02:00.000Z is before the first value of step 5m',
      rule: 'step 5m has the last 8 days, step 1h the last 400 days',
    });
    expect(ends({ from: NOW - 402 * DAY })).toMatchObject({ field: 'from' });
    expect(ends({ from: NOW - 400 * DAY })).toMatchObject({ step: '1h' });
    expect(ends({ from: NOW - DAY, to: NOW - 2 * DAY })).toMatchObject({
      problem: '2030-01-09T12:02:00.000Z is not before 2030-01-08T12:02:00.000Z',
    });
    expect(ends({ from: NOW + DAY, to: NOW + 2 * DAY })).toMatchObject({ rule: 'a moment of the past' });
  });
});

describe('the forecast', () => {
  const from = at('01T00:00');
  const curve = (values: readonly (number | null)[]) => ({ from, step: HOUR, values });
  const grow = (hours: number, perHour: number, start = 0) =>
    Array.from({ length: hours }, (_, hour) => start + hour * perHour);

  it('is where the line meets the limit', () => {
    expect(forecastFull(curve(grow(48, 1)), 100)).toBe(from + 100 * HOUR);
  });

  it('does not mind gaps', () => {
    const values = grow(48, 1).map((value, hour) => (hour % 5 === 1 ? null : value));

    expect(forecastFull(curve(values), 100)).toBe(from + 100 * HOUR);
  });

  it('is the last value of a pool that is full', () => {
    expect(forecastFull(curve(grow(48, 1, 90)), 60)).toBe(from + 47 * HOUR);
  });

  it('is none without growth, without a day of values, and beyond 400 days', () => {
    expect(forecastFull(curve(grow(48, 0, 5)), 100)).toBeNull();
    expect(forecastFull(curve(grow(48, -1, 90)), 100)).toBeNull();
    expect(forecastFull(curve(grow(24, 1)), 100), '23 hours').toBeNull();
    expect(forecastFull(curve(grow(25, 1)), 100), '24 hours').not.toBeNull();
    expect(forecastFull(curve(grow(48, 0.001)), 100)).toBeNull();
    expect(forecastFull(curve([]), 100)).toBeNull();
    expect(forecastFull(curve(grow(48, 1).map(() => null)), 100)).toBeNull();
  });
});

describe('a quantile', () => {
  const bounds = [0.1, 1, 10];

  it('lies on a line within its bucket', () => {
    const histogram = { bounds, buckets: [50, 90, 100], count: 100 };

    expect(quantileOf(0.5, histogram)).toBeCloseTo(0.1);
    expect(quantileOf(0.25, histogram)).toBeCloseTo(0.05);
    expect(quantileOf(0.95, histogram)).toBeCloseTo(5.5);
  });

  it('is the last bound above it, and none without a request', () => {
    expect(quantileOf(0.95, { bounds, buckets: [0, 0, 1], count: 10 })).toBe(10);
    expect(quantileOf(0.5, { bounds, buckets: [0, 0, 0], count: 0 })).toBeNull();
  });
});
