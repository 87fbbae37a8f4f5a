import { describe, expect, it } from 'vitest';
import { busyPercent, parseProcessorTimes, readProcessorTimes } from '../../../src/drills/run/watch/busy.ts';

const line = (...ticks: number[]) => parseProcessorTimes(`cpu  ${ticks.join(' ')}\ncpu0 1 2 3\n`);

describe('how busy a machine was', () => {
  it('is all that was not idle: a wait for a disk is, what a hypervisor stole is not, and guests are in user time', () => {
    const from = line(100, 0, 50, 1000, 10, 0, 0, 0, 40, 0);
    expect(busyPercent(from, line(130, 0, 60, 1050, 20, 0, 0, 0, 70, 0))).toBeCloseTo(40);
    expect(busyPercent(from, line(100, 0, 50, 1050, 10, 0, 0, 50, 40, 0))).toBeCloseTo(50);
    expect(busyPercent(from, line(100, 0, 50, 1100, 10, 0, 0, 0, 40, 0))).toBe(0);
  });

  it('is not known without two readings with time between', () => {
    const from = line(100, 0, 50, 1000, 10, 0, 0, 0);
    expect(busyPercent(from, from)).toBeNull();
    expect(busyPercent(null, from)).toBeNull();
    expect(busyPercent(from, null)).toBeNull();
    expect(parseProcessorTimes('cpu  1 2 3\n')).toBeNull();
    expect(parseProcessorTimes('intr 1 2 3 4 5 6 7 8\n')).toBeNull();
  });

  it('is read from this machine', () => {
    const { total = 0, idle = 0 } = readProcessorTimes() ?? {};
    expect(total).toBeGreaterThan(0);
    expect(idle).toBeGreaterThanOrEqual(0);
    expect(idle).toBeLessThanOrEqual(total);
  });
});
