import { describe, expect, it } from 'vitest';
import type { Lane } from '../../../src/judge/timeline.ts';
import { wholeScale } from '../../../src/drills/report/drawing/scale.ts';
import { badRuns, goodRuns, pathOf } from '../../../src/drills/report/drawing/runs.ts';
import { page } from '../../../src/drills/report/page/page.ts';
import type { ReportedRound } from '../../../src/drills/report/round.ts';
import { HOSTILE, hazard, hostile, RUN, round, unbalanced } from './report-rounds.ts';

const count = (text: string, part: string): number => text.split(part).length - 1;

/** Bytes that each further round adds, drawn. */
const bytesOf = (item: ReportedRound): number =>
  Buffer.byteLength(page(RUN, [item, item])) - Buffer.byteLength(page(RUN, [item]));

describe('a page of one round', () => {
  const text = page(RUN, [round()]);

  it('is whole in itself: no script, nothing that is fetched', () => {
    expect(text).toMatch(/^<!DOCTYPE html>/);
    expect(text).not.toMatch(/<script|<link|<img|<iframe|@import|url\((?!#)|\bsrc=|\son\w+=|href="(?!#)/);
    expect(text).toContain(`default-src 'none'`);
    expect(unbalanced(text.replace(/<!DOCTYPE html>|<meta[^>]*>|<br>/g, ''))).toEqual([]);
  });

  it('draws a lane for each probe and host, twice: around the fault and whole', () => {
    expect(count(text, '<svg class="drawing"')).toBe(2);
    for (const name of ['write', 'dns r1', 'dhcp vlan20 renew', 'r2', 'k1'])
      expect(count(text, `>${name}</text>`), name).toBe(2);
    expect(text).toContain('<title>write: no good answer for 3.12 s, from −0.05 s to +3.12 s</title>');
    expect(text).toContain('<title>r2 VIP from +0.64 s for 51.0 s</title>');
    expect(count(text, 'class="label fault"')).toBe(2);
    // It was taken away long after what is around the fault.
    expect(count(text, 'class="label heal"')).toBe(1);
  });

  it('shows what was foretold beside what was measured, once there is something', () => {
    expect(text).not.toContain('predicted');
    const foretold = page(RUN, [{ ...round(), predicted: [{ probe: 'write', leastMs: 2500, mostMs: 4000 }] }]);
    expect(foretold).toContain('<td>2.50 s to 4.00 s</td><td>3.12 s</td>');
  });
});

describe('a page of many rounds', () => {
  const kinds = ['host-kill-primary', 'switchover', 'vip-move'].map((id) => hazard({ id, title: `Title of ${id}` }));
  const rounds = kinds.flatMap((item, kind) =>
    Array.from({ length: 20 }, (_, index) =>
      round({
        hazard: item,
        probes: ['write', 'proxy', 'dns r2', 'lookup'],
        number: index + 1,
        writeMs: kind === 1 && index === 7 ? 5230 : 2000 + ((index * 7) % 20) * 50,
      }),
    ),
  );
  const text = page(RUN, rounds);

  it('draws what failed and the slowest of each hazard, and has every round in the table', () => {
    const slowest =
      rounds.findIndex((item) => item.hazard.id === 'vip-move' && item.verdict.outages[0]?.ms === 2950) + 1;
    expect(text.match(/<details open id="[^"]+"/g)).toEqual(
      ['round-18', 'round-28', `round-${slowest}`].map((id) => `<details open id="${id}"`),
    );
    expect(count(text, 'href="#round-28"')).toBe(2);
    expect(count(text, '</tr>')).toBeGreaterThan(60);
    expect(text).toContain('✗ 1 of 60 rounds failed');
    expect(text).toContain('the other 57 are in the table below');
  });

  it('draws all while they are few, and none without a recording', () => {
    expect(count(page(RUN, rounds.slice(0, 12)), '<details ')).toBe(12);
    expect(page(RUN, [{ ...round(), timeline: null }])).not.toContain('<details ');
    expect(page(RUN, [])).toContain('No rounds were run');
  });

  it('never draws more than 60, and says how many failed ones it left out', () => {
    const failed = Array.from({ length: 70 }, (_, index) =>
      round({ number: index + 1, writeMs: 5230, probes: ['write'] }),
    );
    const other = round({ number: 1, probes: ['write'], hazard: hazard({ id: 'vip-move', expects: [] }) });
    const long = page(RUN, [...failed, other]);
    expect(count(long, '<details ')).toBe(60);
    expect(long).toContain('11 failed ones among them');
    expect(long).toContain('<details open id="round-71"');
  });
});

describe('a page of hostile texts', () => {
  it('shows them as text', () => {
    const text = page({ ...RUN, title: HOSTILE, command: HOSTILE, place: HOSTILE }, [hostile(), hostile()]);
    expect(text).not.toMatch(/<script|<img|\u202e|javascript:[^&]*"/);
    expect(text).toContain('&lt;script&gt;');
    expect(unbalanced(text.replace(/<!DOCTYPE html>|<meta[^>]*>|<br>/g, ''))).toEqual([]);
  });

  it('bears moments that are no numbers', () => {
    const broken = round({
      timeline: { endedAt: Number.POSITIVE_INFINITY, holdings: [{ host: 'r1', from: Number.NaN, to: 3 }] },
    });
    expect(page(RUN, [broken])).not.toMatch(/="[^"]*(NaN|Infinity)/);
  });
});

describe('the size of a drawn round', () => {
  it('is below 60 kB for 12 lanes of 1,200 samples, whatever they say', () => {
    expect(bytesOf(round())).toBeLessThan(30_000);
    const flicker = (lane: Lane): Lane => ({
      probe: lane.probe,
      samples: lane.samples.map(({ sentAt, endedAt }, index) =>
        Math.floor(index / 3) % 2 === 0 ? { sentAt, endedAt } : { sentAt, endedAt, why: 'lost' },
      ),
    });
    const worst = round();
    const lanes = (worst.timeline?.lanes ?? []).map(flicker);
    expect(lanes).toHaveLength(12);
    expect(bytesOf(round({ timeline: { lanes } }))).toBeLessThan(60_000);
  });

  it('does not grow with the length of a recording', () => {
    const lane = (length: number): Lane => ({
      probe: 'write',
      samples: Array.from({ length }, (_, index) => ({
        sentAt: index * 50,
        endedAt: index * 50 + 3,
        ...(index % 11 === 0 ? { why: 'lost' } : {}),
      })),
    });
    const long = round({ timeline: { lanes: [lane(36_000)], endedAt: 1_800_000 } });
    expect(bytesOf(long)).toBeLessThan(15_000);
  });
});

describe('runs of samples', () => {
  const scale = { ...wholeScale(round().timeline ?? expect.fail()), from: 0, to: 8000 };
  const good = Array.from({ length: 160 }, (_, index) => ({ sentAt: index * 50, endedAt: index * 50 + 3 }));

  it('joins neighbours and breaks where answers stayed away', () => {
    expect(goodRuns(good, scale)).toHaveLength(1);
    expect(
      goodRuns(
        good.filter((item) => item.sentAt < 2000 || item.sentAt > 3000),
        scale,
      ),
    ).toHaveLength(2);
  });

  it('shows each failure by itself while there is room', () => {
    const some = good.map((item, index) => (index === 40 || index === 80 ? { ...item, why: 'lost' } : item));
    const bad = badRuns(some, scale);
    expect(bad).toHaveLength(2);
    expect(pathOf(bad, 7)).toBe('M332 7h2m198 0h2');
  });
});
