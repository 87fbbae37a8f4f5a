import { describe, expect, it } from 'vitest';
import { judge } from '../../../src/judge/judge.ts';
import { relativeTo } from '../../../src/judge/relative.ts';
import type { Lane } from '../../../src/judge/timeline.ts';
import { AT, goodRound, RULES } from './round.ts';

const GOOD = goodRound();
const SHARED = { at: 6_000, network: 'vlan10', address: '10.10.10.7', first: 'a', second: 'b' };
const find = (what: string, verdict: ReturnType<typeof judge>) => verdict.checks.find((check) => check.what === what);

describe('addresses of DHCP', () => {
  it('are judged where somebody looked', () => {
    expect(find('addresses', judge(GOOD, RULES))).toBeUndefined();
    expect(find('addresses', judge({ ...GOOD, sharedAddresses: [] }, RULES))).toMatchObject({ isHeld: true });
  });

  it('fail the round when two machines had one', () => {
    const verdict = judge({ ...GOOD, sharedAddresses: [SHARED] }, RULES);
    expect(verdict.isPassed).toBe(false);
    expect(find('addresses', verdict)).toMatchObject({ isHeld: false, measured: '1: 10.10.10.7 (vlan10): a, b' });
  });

  it('have their times counted from the zero of the round', () => {
    expect(relativeTo(1_000, { ...GOOD, sharedAddresses: [SHARED] }).sharedAddresses).toEqual([
      { ...SHARED, at: 5_000 },
    ]);
  });
});

describe('a lane of bursts', () => {
  const burst = (tookMs: number, why?: string): Lane => ({
    probe: 'arrive vlan10',
    isBurst: true,
    samples: [{ sentAt: AT.fault, endedAt: AT.fault + tookMs, ...(why && { why }) }],
  });
  const rules = { ...RULES, expects: [...RULES.expects, { probe: 'arrive', failures: 0, answeredMs: 15_000 }] };
  const of = (lane: Lane) => judge({ ...GOOD, lanes: [...GOOD.lanes, lane] }, rules);

  it('has no outage, and need not have been answered before the fault', () => {
    const verdict = of(burst(14_000));
    expect(verdict.isPassed).toBe(true);
    expect(verdict.outages.at(-1)).toMatchObject({ probe: 'arrive vlan10', ms: 0, slowestMs: 14_000 });
  });

  it('fails the round when its slowest answer is too slow, or a question got none', () => {
    expect(find('answers', of(burst(15_001)))).toMatchObject({ isHeld: false, limit: '15.0 s' });
    expect(find('failures', of(burst(60_000, 'no offer')))?.isHeld).toBeDefined();
    expect(of(burst(60_000, 'no offer')).isPassed).toBe(false);
  });
});
