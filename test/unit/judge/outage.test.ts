import { describe, expect, it } from 'vitest';
import { outageOf } from '../../../src/judge/outage.ts';
import type { Lane } from '../../../src/judge/timeline.ts';

/** A lane whose good answers came at these moments, at once. */
const answered = (...moments: readonly number[]): Lane => ({
  probe: 'read',
  samples: moments.map((at) => ({ sentAt: at, endedAt: at })),
});
const failed = (sentAt: number, endedAt: number) => ({ sentAt, endedAt, why: 'timeout' });
/** From, to and length of the outage; the fault was at 400, the end at 1000. */
const outage = (lane: Lane) => {
  const { from, to, ms } = outageOf(lane, { faultAt: 400, endedAt: 1_000 });
  return [from, to, ms];
};
const EVERY_100 = [0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1_000] as const;
const without = (...gone: readonly number[]) => answered(...EVERY_100.filter((at) => !gone.includes(at)));

describe('the outage of a lane', () => {
  it('is the time between two good answers, less what was usual before the fault', () => {
    expect(outage(without(500, 600, 700))).toEqual([400, 800, 300]);
  });

  it('is nothing where answers are only uneven, up to half as long again as usual', () => {
    expect(outage(without())).toEqual([null, null, 0]);
    expect(outage(answered(0, 100, 200, 300, 400, 550, 690, 800, 910, 1_000))).toEqual([null, null, 0]);
    expect(outage(answered(0, 100, 200, 300, 400, 551, 690, 800, 910, 1_000))).toEqual([400, 551, 51]);
  });

  it('is seen where a single question is missed, however rarely the lane is asked', () => {
    expect(outage(without(500))).toEqual([400, 600, 100]);
    const rare = answered(-8_000, -6_000, -4_000, -2_000, 0, 4_000);
    expect(outageOf(rare, { faultAt: 1_000, endedAt: 5_000 })).toMatchObject({ from: 0, to: 4_000, ms: 2_000 });
  });

  it('is not one that was over before the fault', () => {
    expect(outage(answered(-300, -200, -100, 0, 400, 500, 600, 700, 800, 900, 1_000))).toEqual([null, null, 0]);
    expect(outage(answered(-300, -200, -100, 0, 400, 500, 700, 800, 900, 1_000))).toEqual([500, 700, 100]);
  });

  it('begins before the fault when the last good answer was before', () => {
    expect(outage(without(300, 400, 500))).toEqual([200, 600, 300]);
  });

  it('is the longest of several, and of equal ones the first', () => {
    expect(outage(without(500, 700, 800))).toEqual([600, 900, 200]);
    expect(outage(without(500, 700))).toEqual([400, 600, 100]);
  });

  it('lasts until the end where no good answer came again', () => {
    expect(outage(without(800, 900, 1_000))).toEqual([700, 1_000, 200]);
  });

  it('is all the time since the first question where none was ever answered well; since the fault where none was asked', () => {
    expect(outage({ probe: 'read', samples: [failed(50, 90), failed(500, 900)] })).toEqual([50, 1_000, 950]);
    expect(outage({ probe: 'read', samples: [failed(450, 470)] })).toEqual([400, 1_000, 600]);
    expect(outage({ probe: 'read', samples: [] })).toEqual([400, 1_000, 600]);
  });

  it('goes by when answers came, not by when or in which order they were asked for', () => {
    const held = without(500, 600, 700);
    const late = [500, 600, 700].map((at) => ({ sentAt: at, endedAt: 1_500 - at }));
    const samples = [...held.samples, ...late].toSorted((a, b) => a.sentAt - b.sentAt);
    // They came at 1000, 900 and 800: nothing between 400 and 800.
    expect(outageOf({ probe: 'read', samples }, { faultAt: 400, endedAt: 1_000 })).toMatchObject({
      from: 400,
      to: 800,
      ms: 300,
      slowestMs: 500,
    });
  });

  it('does not reach beyond the end, where a question that was held is answered and none is asked any more', () => {
    const samples = [...without().samples, { sentAt: 700, endedAt: 9_000 }].toSorted((a, b) => a.sentAt - b.sentAt);
    expect(outage({ probe: 'read', samples })).toEqual([null, null, 0]);
    expect(outage(answered(0, 100, 200, 300, 400, 500, 600, 9_000))).toEqual([600, 1_000, 300]);
  });

  it('is looked for in all the time when there was no fault', () => {
    const { from, to } = outageOf(without(100, 200), { faultAt: null, endedAt: 1_000 });
    expect([from, to]).toEqual([0, 300]);
  });
});
