import { describe, expect, it } from 'vitest';
import type { Timeline } from '../../../src/judge/timeline.ts';
import { exportJson } from '../../../src/drills/report/json.ts';
import { junit } from '../../../src/drills/report/junit.ts';
import { markdownTable, overview } from '../../../src/drills/report/overview.ts';
import type { ReportedRound } from '../../../src/drills/report/round.ts';
import { screen } from '../../../src/drills/report/screen.ts';
import { byHazard, byHeadline } from '../../../src/drills/report/summary.ts';
import { moment, seconds } from '../../../src/drills/report/formats.ts';
import { HOSTILE, hazard, hostile, lines, RUN, round, unbalanced } from './report-rounds.ts';

describe('words', () => {
  it('rounds a duration up, so that what is beyond a limit never reads as the limit', () => {
    expect([0, 1, 310, 4000, 4001, 9999, 10_000, 10_001, 15_200, 119_900, 119_901, 125_000].map(seconds)).toEqual([
      '0.00 s',
      '0.01 s',
      '0.31 s',
      '4.00 s',
      '4.01 s',
      '10.00 s',
      '10.00 s',
      '10.1 s',
      '15.2 s',
      '119.9 s',
      '2 min 0 s',
      '2 min 5 s',
    ]);
    expect(seconds(null)).toBe('–');
    expect([-400, -1, 0, 3120].map(moment)).toEqual(['−0.40 s', '+0.00 s', '+0.00 s', '+3.12 s']);
  });
});

describe('one round on a screen', () => {
  it('says the verdict first, then what was done to whom, outages, the judged and how to repeat it', async () => {
    await expect(screen(round({ number: 4, writeMs: 5230 }))).toMatchFileSnapshot('golden/round.txt');
  });

  it('keeps to 40 lines of 100 columns, and to what did not hold, however much there is', () => {
    const probes = Array.from({ length: 60 }, (_, index) => `dns host-${index}`);
    const marks: Timeline['marks'] = Array.from({ length: 90 }, (_, index) => ({
      at: index * 100,
      kind: index === 70 ? 'fault' : 'role',
      host: 'r1',
      text: 'a very long sentence that goes on and on '.repeat(4),
    }));
    const expects = [{ probe: 'proxy', withinMs: 100 }];
    const full = round({ probes: [...probes, 'proxy'], hazard: hazard({ expects }), timeline: { marks } });
    const text = lines(screen(full));
    expect(text.length).toBeLessThanOrEqual(40);
    expect(Math.max(...text.map((line) => Array.from(line).length))).toBeLessThanOrEqual(100);
    expect(text[0]).toMatch(/^FAILED/);
    expect(text.some((line) => /^✗ {2}proxy .*0\.90 s/.test(line))).toBe(true);
    expect(text.some((line) => line.includes('fault') && line.includes('r1 (primary, VIP)'))).toBe(true);
    expect(text.at(-1)).toBe('again: scripts/drill run host-kill-primary --seed 421001');
  });

  it('does without a recording', () => {
    expect(screen({ ...round(), timeline: null })).toMatch(/^PASSED[^]*write +3\.12 s[^]*--seed 421001\n$/);
  });
});

describe('a table over rounds', () => {
  const slow = hazard({ id: 'switchover', title: 'Planned switchover | under load', headline: null });
  const rounds = [
    ...Array.from({ length: 30 }, (_, index) => round({ number: index + 1, writeMs: 2000 + index * 50 })),
    round({ number: 1, hazard: slow, writeMs: 900 }),
    round({ number: 2, hazard: slow, writeMs: 5230 }),
  ];

  it('takes its figures from the rounds: nearest rank, a p95 from 30 rounds on', () => {
    const [kill, moved] = byHazard(rounds);
    expect(kill).toMatchObject({ name: 'host-kill-primary', rounds: 30, passed: 30, lost: 0, acknowledged: 30 * 1197 });
    expect(kill?.write?.max).toBeCloseTo(3450, 0);
    expect(kill?.write?.p50).toBeCloseTo(2700, 0);
    expect(kill?.write?.p95).toBeCloseTo(3400, 0);
    expect(moved).toMatchObject({ rounds: 2, passed: 1, writeLimitMs: 4000, write: { p95: null } });
    expect(byHeadline(rounds).map((row) => [row.name, row.rounds])).toEqual([['primary’s host dies', 30]]);
  });

  it('counts a round whose recording was not fit, and measures nothing by it', () => {
    const unfit = round({ number: 3, writeMs: 20, timeline: { marks: [] } });
    expect(unfit.verdict.isPassed).toBe(false);
    expect(byHazard([round(), unfit])[0]).toMatchObject({ rounds: 2, passed: 1, write: { rounds: 1 } });
    expect(byHazard([unfit])[0]).toMatchObject({ rounds: 1, passed: 0, write: null, vip: null });
  });

  it('has a row for each hazard and each headline, in the order in which they were first run', () => {
    const mixed = ['a', 'b', 'c', 'a', 'd'].map((id, index) => {
      const headline = { a: 'primary', c: 'primary', b: 'switchover' }[id] ?? null;
      return round({ number: index + 1, probes: ['write'], hazard: hazard({ id, headline }) });
    });
    const counts = (rows: ReturnType<typeof byHazard>) => rows.map((row) => [row.name, row.rounds]);
    expect(counts(byHazard(mixed))).toEqual([
      ['a', 2],
      ['b', 1],
      ['c', 1],
      ['d', 1],
    ]);
    expect(counts(byHeadline(mixed))).toEqual([
      ['primary', 3],
      ['switchover', 1],
    ]);
  });

  it('counts what was lost, and says when redundancy did not come back', () => {
    const ledger = { ...round().verdict.ledger, lost: ['17 on r1', '17 on r2', '18 on r2'] };
    const lost: ReportedRound = { ...round(), verdict: { ...round().verdict, ledger } };
    const text = overview(RUN, [lost, round({ timeline: { redundantAt: null } })]);
    expect(text).toMatch(/host-kill-primary +1\/2 .* 2 +94 +never \(1\)\n/);
    expect(text).toContain('2 of 2,394 acknowledged writes lost');
    expect(screen(lost)).toMatch(/ 2 lost, 0 unexpected/);
  });

  it('is 100 columns wide and names the rounds that failed', () => {
    const text = lines(overview(RUN, rounds));
    expect(Math.max(...text.map((line) => Array.from(line).length))).toBeLessThanOrEqual(100);
    expect(text).toContain('FAILED  switchover round 2, seed 421002: Outage of write: 5.23 s; limit 4.0 s');
    expect(overview(RUN, [])).toContain('no rounds');
  });

  it('says how busy the machine was that carried the hosts, where that was looked at', () => {
    const busy = (before: number, after: number) => round({ timeline: { busy: { before, after } } });
    expect(overview(RUN, [busy(41.4, 80), busy(61.5, 92), busy(55, 99.6), round()])).toContain(
      '\nthe machine, before and after the faults: p50 55 % busy, then 92 %; max 62 % busy, then 100 %\n',
    );
    expect(screen(busy(41.4, 80))).toContain(' recorded · 41 % busy, then 80 % · seed ');
    expect(overview(RUN, [round()])).not.toContain('busy');
  });

  it('is Markdown with date and command', () => {
    const text = lines(markdownTable(RUN, rounds, null));
    const cells = (line: string): number => line.split(/(?<!\\)\|/).length;
    expect(new Set(text.slice(0, 4).map(cells))).toEqual(new Set([13]));
    expect(text[3]).toMatch(
      /^\| Planned switchover \\\| under load \| 2 \| 1 \| 0\.90 s \| – \| 5\.23 s \| – \| 0\.65 s \|/,
    );
    expect(text.at(-1)).toContain('Measured 2026-11-20 22:15:03 UTC with `scripts/drill all --rounds 10`');
  });

  it('is Markdown with what each row of the headline table promises', () => {
    const names = [...new Set(rounds.flatMap(({ hazard }) => (hazard.headline === null ? [] : [hazard.headline])))];
    expect(names.length).toBeGreaterThan(0);
    const [first = ''] = names;
    const text = lines(markdownTable(RUN, rounds, new Map([[first, 'within | 4 s']])));
    expect(text[0]).toMatch(/^\| event \| target \| rounds \|/);
    const promised = text.slice(2, 2 + names.length).map((line) => line.split(/(?<!\\)\|/)[2]?.trim());
    expect(promised).toEqual(['within \\| 4 s', ...names.slice(1).map(() => '–')]);
  });
});

describe('the export', () => {
  it('has the documented shape, and the same text for the same rounds in whatever order their keys came', () => {
    const one = round();
    const text = exportJson(RUN, [one], true);
    const { verdict, hazard: facts, timeline } = one;
    expect(exportJson({ ...RUN }, [{ timeline, verdict: { ...verdict }, hazard: facts }], true)).toBe(text);
    const value: unknown = JSON.parse(text);
    expect(value).toMatchObject({
      format: 'regent-drill-report',
      version: 1,
      run: RUN,
      summary: { hazards: [{ name: 'host-kill-primary', passed: 1 }], headlines: [{ rounds: 1 }] },
      rounds: [
        {
          hazard: { id: 'host-kill-primary', group: 'host' },
          replay: 'scripts/drill run host-kill-primary --seed 421001',
          figures: { writeMs: 3120, failedCalls: 47, lost: 0 },
          verdict: { isPassed: true, seed: 421_001 },
          predicted: [],
          timeline: { seed: 421_001, endedAt: 60_000 },
        },
      ],
    });
    expect(text).toContain('"probe":"write","samples":[[0,3.2],[50,3.2],');
    expect(text).toContain('[8400,500,"no answer within 500 ms"]');
  });

  it('is small without recordings, and carries a broken one', () => {
    expect(exportJson(RUN, [round()], false).length).toBeLessThan(7000);
    const broken = exportJson(RUN, [round({ timeline: { endedAt: Number.NaN } })], true);
    expect(JSON.parse(broken)).toMatchObject({ rounds: [{ timeline: { endedAt: null } }] });
  });
});

describe('JUnit', () => {
  it('has a case for each round and the sentences of what did not hold', async () => {
    const rounds = [round(), round({ number: 4, writeMs: 5230 })];
    await expect(junit(RUN, rounds)).toMatchFileSnapshot('golden/junit.xml');
  });

  it('stays well-formed whatever the texts', () => {
    const text = junit({ ...RUN, title: HOSTILE }, [hostile(), hostile()]);
    expect(unbalanced(text)).toEqual([]);
    expect(text).not.toMatch(/<script|[\u0000-\u0009\u000b-\u001f\ufffe\uffff]/);
  });
});
