import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge } from '../../../src/judge/judge.ts';
import { outageOf } from '../../../src/judge/outage.ts';
import { overlapsOf } from '../../../src/judge/overlap.ts';
import type { Lane, Sample, HostSpan, Timeline } from '../../../src/judge/timeline.ts';
import { AT, goodRound, RULES } from './round.ts';

const moment = fc.integer({ min: 0, max: AT.end });

/** Questions at any time, with any answer; often many at once, so that they end out of order, and some after the end. */
const sampleFrom = (earliest: number, why: fc.Arbitrary<string | undefined>): fc.Arbitrary<Sample> =>
  fc
    .tuple(fc.integer({ min: earliest, max: AT.end }), fc.integer({ min: 0, max: 3_000 }), why)
    .map(([sentAt, took, reason]) => ({
      sentAt,
      endedAt: sentAt + took,
      ...(reason === undefined ? {} : { why: reason }),
    }));
const samples = fc
  .array(sampleFrom(0, fc.constantFrom(undefined, undefined, 'timeout')), { maxLength: 60 })
  .map((list) => list.toSorted((a, b) => a.sentAt - b.sentAt));
const lanes = samples.map((list): Lane => ({ probe: 'write', samples: list }));

const host = fc.constantFrom('r1', 'r2', 'r3');
/** On a small grid, so that spans meet, touch and have no length often. */
const span = fc
  .tuple(host, fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 12 }))
  .map(([name, from, length]): HostSpan => ({ host: name, from, to: from + length }));
const spans = fc.array(span, { maxLength: 8 });

/** Rounds of all kinds, most of them bad. */
const rounds = fc
  .record({
    lists: fc.array(samples, { maxLength: 4 }),
    holdings: spans,
    writables: spans,
    absences: spans,
    faultAt: fc.option(moment),
    promotedAt: fc.array(moment, { maxLength: 3 }),
    healedAt: fc.option(moment),
    redundantAt: fc.option(moment),
  })
  .map(
    ({ lists, faultAt, promotedAt, ...rest }): Timeline => ({
      ...goodRound(),
      ...rest,
      lanes: lists.map((list, index) => ({ probe: ['write', 'read', 'dns r2', 'dns r3'][index] ?? '', samples: list })),
      marks: faultAt === null ? [] : [{ at: faultAt, kind: 'fault', host: 'r1', text: 'r1 is killed' }],
      deeds: promotedAt.map((at) => ({ at, host: 'r2', kind: 'promotion', text: 'became the primary' })),
    }),
  );

function shifted(timeline: Timeline, by: number): Timeline {
  const at = <T extends { readonly at: number }>(item: T): T => ({ ...item, at: item.at + by });
  const along = (item: HostSpan): HostSpan => ({ ...item, from: item.from + by, to: item.to + by });
  const or = (time: number | null) => (time === null ? null : time + by);
  return {
    ...timeline,
    marks: timeline.marks.map(at),
    deeds: timeline.deeds.map(at),
    lanes: timeline.lanes.map((lane) => ({
      ...lane,
      samples: lane.samples.map((sample) => ({
        ...sample,
        sentAt: sample.sentAt + by,
        endedAt: sample.endedAt + by,
      })),
    })),
    holdings: timeline.holdings.map(along),
    writables: timeline.writables.map(along),
    absences: timeline.absences.map(along),
    healedAt: or(timeline.healedAt),
    redundantAt: or(timeline.redundantAt),
    endedAt: timeline.endedAt + by,
  };
}

describe('an outage', () => {
  const judged = { faultAt: AT.fault, endedAt: AT.end };

  it('is never lengthened by good answers that are added to it', () => {
    fc.assert(
      fc.property(lanes, fc.array(sampleFrom(AT.fault, fc.constant(undefined))), (lane, added) => {
        const more = [...lane.samples, ...added].toSorted((a, b) => a.sentAt - b.sentAt);
        expect(outageOf({ ...lane, samples: more }, judged).ms).toBeLessThanOrEqual(outageOf(lane, judged).ms);
      }),
    );
  });

  it('is not changed by failures, which are only counted', () => {
    fc.assert(
      fc.property(lanes, fc.array(sampleFrom(AT.fault, fc.constant('timeout'))), (lane, added) => {
        const before = outageOf(lane, judged);
        // Behind the others: a lane's first question says since when it was asked.
        const after = outageOf({ ...lane, samples: [...lane.samples, ...added] }, judged);
        expect(after).toEqual({
          ...before,
          asked: before.asked + added.length,
          failed: before.failed + added.length,
        });
      }),
    );
  });

  it('has no good answer within, and is at most as long as the time that it names', () => {
    fc.assert(
      fc.property(lanes, (lane) => {
        const { ms, from, to } = outageOf(lane, judged);
        expect(from === null).toBe(ms === 0);
        if (from === null || to === null) return;
        const within = lane.samples.filter(
          (sample) => sample.why === undefined && sample.endedAt > from && sample.endedAt < to,
        );
        expect(within).toEqual([]);
        expect(to).toBeGreaterThan(AT.fault);
        expect(ms).toBeGreaterThan(0);
        expect(ms).toBeLessThanOrEqual(to - from);
      }),
    );
  });
});

describe('overlaps', () => {
  it('are as long as when every instant is looked at', () => {
    fc.assert(
      fc.property(spans, spans, (list, excused) => {
        // Half steps: an odd one is the inside of a step, the even ones its ends.
        const has = (of: readonly HostSpan[], name: string, half: number) =>
          of.some((item) => item.host === name && item.from * 2 <= half && half <= item.to * 2);
        const overlaps = overlapsOf(list, excused);
        for (const [one, other] of [
          ['r1', 'r2'],
          ['r1', 'r3'],
          ['r2', 'r3'],
        ] as const) {
          const inside = Array.from({ length: 50 }, (_, index) => 2 * index + 1).filter(
            (half) =>
              has(list, one, half) && has(list, other, half) && !has(excused, one, half) && !has(excused, other, half),
          );
          const found = overlaps.find(({ hosts }) => hosts[0] === one && hosts[1] === other);
          expect(found?.ms ?? 0).toBe(inside.length);
        }
      }),
    );
  });

  it('do not depend on the order of spans, nor on how one is cut', () => {
    fc.assert(
      fc.property(spans, spans, (list, excused) => {
        const cut = list.flatMap((item) => {
          const middle = (item.from + item.to) / 2;
          return [
            { ...item, from: middle },
            { ...item, to: middle },
          ];
        });
        expect(overlapsOf(cut.toReversed(), excused.toReversed())).toEqual(overlapsOf(list, excused));
      }),
    );
  });
});

describe('a verdict', () => {
  it('is the same when all times are shifted', () => {
    fc.assert(
      fc.property(rounds, fc.integer({ min: -1_000_000, max: 1_000_000 }), (timeline, by) => {
        const verdict = judge(timeline, RULES);
        const or = (time: number | null) => (time === null ? null : time + by);
        expect(judge(shifted(timeline, by), RULES)).toEqual({
          ...verdict,
          outages: verdict.outages.map((outage) => ({ ...outage, from: or(outage.from), to: or(outage.to) })),
        });
      }),
    );
  });

  it('always says lost when one found number of an acknowledged write is taken away', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(), { minLength: 1 }),
        host,
        fc.nat(),
        fc.boolean(),
        (numbers, from, pick, isLocal) => {
          const good = goodRound();
          const gone = numbers[pick % numbers.length] ?? 0;
          const writes = numbers.map((number) => `r3 ${number}`);
          const everywhere = <T>(list: readonly T[], without: T) =>
            Object.fromEntries(
              ['r1', 'r2', 'r3'].map((name) => [name, name === from ? list.filter((item) => item !== without) : list]),
            );
          const whole = isLocal
            ? { ...good.ledger, local: { r3: numbers }, foundLocal: everywhere(writes, '') }
            : { ...good.ledger, acknowledged: numbers, ambiguous: [], refused: [], found: everywhere(numbers, -1) };
          const holed = isLocal
            ? { ...whole, foundLocal: everywhere(writes, `r3 ${gone}`) }
            : { ...whole, found: everywhere(numbers, gone) };
          expect(judge({ ...good, ledger: whole }, RULES)).toMatchObject({ isPassed: true, ledger: { lost: [] } });
          expect(judge({ ...good, ledger: holed }, RULES)).toMatchObject({
            isPassed: false,
            ledger: { lost: [`${isLocal ? `r3 ${gone}` : gone} on ${from}`] },
          });
        },
      ),
    );
  });

  it('passes only when every check holds, and never without a check of the recording', () => {
    fc.assert(
      fc.property(rounds, (timeline) => {
        const { checks, isPassed } = judge(timeline, RULES);
        expect(isPassed).toBe(checks.every(({ isHeld }) => isHeld));
        expect(checks.filter(({ what }) => what === 'recording')).toHaveLength(1);
      }),
    );
  });
});
