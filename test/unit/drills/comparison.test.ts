import { describe, expect, it } from 'vitest';
import { HEADLINES } from '../../../src/drills/hazards/headlines.ts';
import { comparisonMarkdown, comparisonSection, comparisonText } from '../../../src/drills/report/comparison-table.ts';
import { compare, type HeadlineFacts } from '../../../src/drills/report/comparison.ts';
import { page } from '../../../src/drills/report/page/page.ts';
import { overview } from '../../../src/drills/report/overview.ts';
import type { ReportedRound } from '../../../src/drills/report/round.ts';
import { screen } from '../../../src/drills/report/screen.ts';
import { byHazard, byHeadline, total } from '../../../src/drills/report/summary.ts';
import { notJudged } from '../../../src/drills/run/suite.ts';
import { hazard, HOSTILE, lines, RUN, round, unbalanced } from './report-rounds.ts';

const HOST = 'primary’s host dies';
const FACTS: readonly HeadlineFacts[] = [
  { name: HOST, probe: 'write', withinMs: 4000, target: 'writes back within 4 s (p95)' },
  { name: 'planned switchover', probe: 'write', withinMs: 3000, failures: 0, target: 'no call fails' },
  { name: 'VIP holder dies', probe: 'vip', withinMs: 1000, target: 'the VIP answers within 1 s' },
  { name: 'noise', probe: null, target: 'no failover' },
];

const many = (count: number, writeMs: (index: number) => number, part: Partial<ReportedRound> = {}): ReportedRound[] =>
  Array.from({ length: count }, (_, index) => ({ ...round({ number: index + 1, writeMs: writeMs(index) }), ...part }));
const stock = (rounds: readonly ReportedRound[]): ReportedRound[] =>
  rounds.map((one) => ({ ...one, label: 'baseline', verdict: notJudged(one.verdict) }));
const losing = (one: ReportedRound): ReportedRound => ({
  ...one,
  verdict: {
    ...one.verdict,
    ledger: { ...one.verdict.ledger, lost: ['17 on r1', '17 on r2', '18 on r2'] },
    checks: one.verdict.checks.map((check) => (check.what === 'ledger' ? { ...check, isHeld: false } : check)),
  },
});

describe('our settings beside stock ones', () => {
  it('are never mixed: each side has its own rounds, figures and losses', () => {
    const own = many(4, (index) => 2000 + index * 100);
    const theirs = stock(many(3, () => 20_000).map(losing));
    const [row] = compare(FACTS, [...own, ...theirs]);
    expect(row).toMatchObject({
      name: HOST,
      isPromiseHeld: true,
      own: { rounds: 4, lost: 0, spread: { rounds: 4, p95: null } },
      stock: { rounds: 3, lost: 6, spread: { rounds: 3, p95: null } },
    });
    expect(row?.ratio).toBeCloseTo((row?.stock?.spread?.p50 ?? 0) / (row?.own?.spread?.p50 ?? 1));
    expect(row?.ratio).toBeGreaterThan(5);
    // What a round with stock settings lost fails nobody, and stays a finding.
    expect(theirs.every(({ verdict }) => verdict.isPassed)).toBe(true);
    expect(total([...own, ...theirs])).toMatchObject({ rounds: 4, lost: 0 });
    expect(byHeadline([...own, ...theirs])).toMatchObject([{ rounds: 4 }]);
    expect(byHazard([...own, ...theirs]).map(({ name, rounds }) => [name, rounds])).toEqual([
      ['host-kill-primary', 4],
      ['host-kill-primary (stock)', 3],
    ]);
  });

  it('are divided by their p95s when both have one', () => {
    const own = many(30, (index) => 1000 + index * 100);
    const theirs = stock(many(30, () => 12_000));
    const [row] = compare(FACTS, [...own, ...theirs]);
    expect(row?.ratio).toBeCloseTo((row?.stock?.spread?.p95 ?? 0) / (row?.own?.spread?.p95 ?? 1));
  });

  it('keep a promise of a p95 with one slow round in thirty, and not with the slowest of a few', () => {
    const withOneSlow = (count: number) =>
      compare(
        FACTS,
        many(count, (index) => (index === 0 ? 6000 : 3000)),
      )[0];
    expect(withOneSlow(30)?.isPromiseHeld).toBe(true);
    expect(withOneSlow(5)?.isPromiseHeld).toBe(false);
  });

  it('do not keep it when a write is lost, two did one’s work, or a call failed that may not', () => {
    expect(compare(FACTS, many(1, () => 1000).map(losing))[0]?.isPromiseHeld).toBe(false);
    const holdings = [...(round().timeline?.holdings ?? []), { host: 'r3', from: 9500, to: 9600 }];
    const split = round({ writeMs: 1000, timeline: { holdings } });
    expect(compare(FACTS, [split])).toMatchObject([
      { isPromiseHeld: false, own: { split: 1 } },
      { isPromiseHeld: true },
      { isPromiseHeld: false },
    ]);
    const moved = hazard({ headline: 'planned switchover' });
    expect(compare(FACTS, [round({ writeMs: 1000, hazard: moved })])[0]).toMatchObject({
      isPromiseHeld: false,
      ratio: null,
    });
  });

  it('count failovers where none may be', () => {
    const noisy = hazard({ headline: 'noise' });
    expect(compare(FACTS, [round({ hazard: noisy })])[0]).toMatchObject({
      isPromiseHeld: false,
      own: { failovers: 1, spread: null },
    });
    expect(compare(FACTS, [round({ hazard: noisy, timeline: { deeds: [] } })])[0]?.isPromiseHeld).toBe(true);
  });

  it('have a row for everything at the end, hazards without a headline too, and none without rounds', () => {
    const other = losing(round({ hazard: hazard({ id: 'net-halfopen', headline: null }) }));
    const rows = compare(FACTS, [other]);
    expect(rows.map(({ name, isPromiseHeld }) => [name.slice(0, 12), isPromiseHeld])).toEqual([
      ['acknowledged', false],
      ['two VIP hold', true],
    ]);
    expect(compare(FACTS, [])).toEqual([]);
    expect(comparisonText([])).toBe('no rounds\n');
  });

  it('measure nothing by a round whose recording was not fit', () => {
    const unfit = round({ timeline: { marks: [] } });
    expect(compare(FACTS, [unfit])[0]).toMatchObject({
      isPromiseHeld: false,
      own: { rounds: 1, unfit: 1, spread: null },
    });
    expect(notJudged(unfit.verdict).isPassed).toBe(false);
  });

  it('fit the headlines of the hazards', () => {
    const headlines: readonly HeadlineFacts[] = Object.values(HEADLINES);
    const rounds = headlines.map(({ name }) => round({ hazard: hazard({ headline: name }) }));
    expect(compare(headlines, rounds).map(({ name }) => name)).toEqual(
      expect.arrayContaining(headlines.map(({ name }) => name)),
    );
  });
});

describe('their table', () => {
  const rows = compare(FACTS, [
    ...many(30, (index) => 1500 + index * 50),
    ...stock(many(3, () => 20_000).map(losing)),
    round({ hazard: hazard({ id: 'move', headline: 'VIP holder dies' }) }),
    ...stock([round({ hazard: hazard({ id: 'noise-busy', headline: 'noise' }) })]),
  ]);

  it('is text, with a line for each row', async () => {
    await expect(comparisonText(rows)).toMatchFileSnapshot('golden/comparison.txt');
  });

  it('is Markdown, with the runs that it is made of', async () => {
    const text = comparisonMarkdown([RUN, { ...RUN, command: 'scripts/drill baseline --rounds 3' }], rows);
    await expect(text).toMatchFileSnapshot('golden/comparison.md');
    expect(
      new Set(
        lines(text)
          .slice(0, 2 + rows.length)
          .map((line) => line.split('|').length),
      ).size,
    ).toBe(1);
  });

  it('is a section of the page when there is something beside it, well-formed whatever the texts', () => {
    const [first] = FACTS;
    const hostile = { name: HOSTILE, target: HOSTILE, probe: 'write', withinMs: 1 };
    const bad = stock([round({ hazard: hazard({ headline: HOSTILE }) })]);
    expect(unbalanced(comparisonSection(compare([hostile], bad)))).toEqual([]);
    expect(comparisonSection(compare([first ?? hostile], [round()]))).toBe('');
    const whole = page(RUN, [round(), ...stock([losing(round())])], FACTS);
    expect(whole).toContain('Beside stock settings');
    expect(whole).toContain('<span class="verdict">recorded</span>');
    expect(whole).toContain('The round passed');
    expect(page(RUN, [round()], FACTS)).not.toContain('Beside stock settings');
  });

  it('is said of a single round: noted, with what was found', () => {
    const [one] = stock([losing(round())]);
    const text = one === undefined ? '' : screen(one);
    expect(text).toMatch(/^NOTED {3}host-kill-primary \(stock\) · round 1\n[^]* {2}found {5}Ledger of writes/);
    expect(text).toContain('again: scripts/drill baseline --stock-only host-kill-primary --seed 421001');
  });

  it('stands beside the other tables, which name stock rounds as such', () => {
    const text = overview(RUN, [round(), ...stock([losing(round())])]);
    expect(text).toMatch(/host-kill-primary +1\/1 /);
    expect(text).toMatch(/host-kill-primary \(stock\) +1\/1 .* 2 /);
    expect(text).toContain('1 of 1 round passed; 0 of 1,197 acknowledged writes lost');
  });
});
