import { describe, expect, it } from 'vitest';
import {
  isDrawn,
  PLOT,
  type PlotData,
  pathOf,
  scaleOf,
  tickText,
  valueText,
} from '../../../../src/ui/models/base/plot.ts';

const FROM = Date.parse('2026-03-01T00:00:00Z');
const HOUR = 3_600_000;
const plot = (values: readonly (number | null)[], more: Partial<PlotData> = {}): PlotData => ({
  from: FROM,
  stepMs: HOUR,
  unit: 'count',
  lines: [{ label: 'a', values }],
  ...more,
});

describe('a plot', () => {
  it('has its axis from 0 to a round number above the greatest value and the limit', () => {
    expect(scaleOf(plot([3, 17])).ticks).toEqual([0, 5, 10, 15, 20]);
    expect(scaleOf(plot([3, 17], { limit: { label: 'pool', value: 100 } })).top).toBe(100);
    expect(scaleOf(plot([0, 0])).ticks).toEqual([0, 1]);
    expect(scaleOf(plot([0.011, 0.034], { unit: 'seconds' })).ticks).toEqual([0, 0.01, 0.02, 0.03, 0.04]);
  });

  it('has its first and last value at the edges, and round times below', () => {
    const scale = scaleOf(plot(Array.from({ length: 25 }, () => 1)));
    expect(scale.x(FROM)).toBe(PLOT.left);
    expect(scale.x(FROM + 24 * HOUR)).toBe(PLOT.width - PLOT.right);
    expect(scale.times.map(tickText)).toEqual(['03-01', '06:00', '12:00', '18:00', '03-02']);
    expect(scale.y(0)).toBe(PLOT.height - PLOT.below);
    expect(scale.y(scale.top)).toBe(PLOT.above);
  });

  it('has at most eight times, whatever the span', () => {
    for (const hours of [2, 24, 7 * 24, 30 * 24, 90 * 24, 400 * 24])
      expect(scaleOf(plot(Array.from({ length: hours }, () => 1))).times.length).toBeLessThanOrEqual(8);
  });

  it('invents no value in a gap, and shows a value between two gaps as a dot', () => {
    const data = plot([1, 1, null, 1, null, 1, 1]);
    const path = pathOf(data.lines[0] ?? { label: '', values: [] }, data, scaleOf(data));
    expect(path.replaceAll(/[\d.]+ [\d.]+/g, '')).toBe('MLMh0.01ML');
  });

  it('is drawn from two values on', () => {
    expect([[], [null, null], [1, null], [null, 1, 2]].map((values) => isDrawn(plot(values)))).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });

  it.each([
    [null, 'count', '–'],
    [40, 'count', '40'],
    [12_000_000, 'bytes', '12 MB'],
    [0.354, 'ratio', '35 %'],
    [0.0342, 'seconds', '34 ms'],
    [3.14159, 'seconds', '3.14 s'],
    [620, 'seconds', '10 min'],
    [4.125, 'per second', '4.13/s'],
  ] as const)('writes %s of %s as %s', (value, unit, text) => {
    expect(valueText(value, unit)).toBe(text);
  });
});
