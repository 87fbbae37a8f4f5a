import { describe, expect, it } from 'vitest';
import { judge } from '../../../src/judge/judge.ts';
import { ANY_FAILOVERS, type HazardRules } from '../../../src/judge/rules.ts';
import type { Ledger, Timeline } from '../../../src/judge/timeline.ts';
import type { RoundCheck } from '../../../src/judge/verdict.ts';
import { AT, goodRound, lane, RULES, withLane } from './round.ts';

const GOOD = goodRound();
const ALL = { r1: [1, 2, 3, 4, 6], r2: [1, 2, 3, 4, 6], r3: [1, 2, 3, 4, 6] };
const LOCAL = GOOD.ledger.foundLocal;

const broken = (timeline: Timeline, rules: HazardRules = RULES) =>
  judge(timeline, rules).checks.filter((check) => !check.isHeld);
const withLedger = (change: Partial<Ledger>): Timeline => ({ ...GOOD, ledger: { ...GOOD.ledger, ...change } });
const held = (host: string, from: number, to: number): Timeline => ({
  ...GOOD,
  holdings: [...GOOD.holdings, { host, from, to }],
});
const wrote = (host: string, from: number, to: number): Timeline => ({
  ...GOOD,
  writables: [...GOOD.writables, { host, from, to }],
});
const out = (probe: string, from: number, to: number): Timeline => withLane(GOOD, lane(probe, { outs: [[from, to]] }));
const silent = (probe: string, from: number, to: number): Timeline => {
  const whole = lane(probe);
  return withLane(GOOD, { probe, samples: whole.samples.filter(({ sentAt }) => sentAt < from || sentAt >= to) });
};

describe('a round in which all went well', () => {
  it('passes, with every check made and its figures', () => {
    const verdict = judge(GOOD, RULES);
    expect(verdict.checks.filter((check) => !check.isHeld)).toEqual([]);
    expect(verdict).toMatchObject({
      hazard: 'host-kill-primary',
      round: 3,
      seed: 17,
      startedAt: '2026-11-20T22:00:00Z',
      isPassed: true,
      redundantMs: 3_000,
      failovers: 1,
      ledger: { acknowledged: 7, lost: [], unexpected: [], twice: [], unequal: [] },
    });
    expect(verdict.checks.map(({ what, probe }) => (probe === undefined ? what : `${what} ${probe}`))).toEqual([
      'ledger',
      'holders',
      'primaries',
      'outage write',
      'failures write',
      'outage read',
      'outage dns r2',
      'failures dns r2',
      'outage dns r3',
      'failures dns r3',
      'redundancy',
      'failovers',
      'recording',
    ]);
    expect(verdict.outages).toHaveLength(GOOD.lanes.length);
    // The last good answer before came at 4954, the first one after at 8004: 3050 ms, of which 50 are usual.
    expect(verdict.outages[0]).toEqual({
      probe: 'write',
      ms: 3_000,
      from: 4_954,
      to: 8_004,
      asked: 400,
      failed: 60,
      slowestMs: 4,
    });
    expect(verdict.outages[1]).toMatchObject({ probe: 'read', ms: 0, from: null, to: null, failed: 0 });
  });
});

interface Broken {
  readonly why: string;
  readonly breaks: RoundCheck['what'];
  readonly probe?: string;
  readonly round: Timeline;
  readonly rules?: HazardRules;
  readonly measured: string;
}

describe('a round that breaks one thing', () => {
  it.each<Broken>([
    {
      why: 'an acknowledged write is missing on one host',
      breaks: 'ledger',
      round: withLedger({ found: { ...ALL, r2: [1, 2, 4, 6] } }),
      measured: '1 lost: 3 on r2; 1 unequal: 3 on r2',
    },
    {
      why: 'an acknowledged write is missing everywhere',
      breaks: 'ledger',
      round: withLedger({ acknowledged: [1, 2, 3, 6, 8] }),
      measured: '3 lost: 8 on r1, 8 on r2, 8 on r3',
    },
    {
      why: 'a host has nothing at all',
      breaks: 'ledger',
      round: withLedger({ found: { ...ALL, r3: [] } }),
      measured: '4 lost: 1 on r3, 2 on r3, 3 on r3 and 1 more; 5 unequal: 1 on r3, 2 on r3, 3 on r3 and 2 more',
    },
    {
      why: 'a refused write is there',
      breaks: 'ledger',
      round: withLedger({ refused: [7, 4] }),
      measured: '3 unexpected: 4 on r1, 4 on r2, 4 on r3',
    },
    {
      why: 'a write that was never sent is there',
      breaks: 'ledger',
      round: withLedger({ ambiguous: [5] }),
      measured: '3 unexpected: 4 on r1, 4 on r2, 4 on r3',
    },
    {
      why: 'a write is there twice',
      breaks: 'ledger',
      round: withLedger({ found: { ...ALL, r1: [1, 2, 2, 2, 3, 4, 6] } }),
      measured: '1 twice: 2 on r1',
    },
    {
      why: 'an ambiguous write is not on every host',
      breaks: 'ledger',
      round: withLedger({ found: { ...ALL, r1: [1, 2, 3, 6] } }),
      measured: '1 unequal: 4 on r1',
    },
    {
      why: 'a local write is missing on one host',
      breaks: 'ledger',
      round: withLedger({ foundLocal: { ...LOCAL, r3: ['r1 1', 'r2 1'] } }),
      measured: '1 lost: r1 2 on r3; 1 unequal: r1 2 on r3',
    },
    {
      why: 'a local write is there twice',
      breaks: 'ledger',
      round: withLedger({ foundLocal: { ...LOCAL, r3: [...(LOCAL['r3'] ?? []), 'r2 1'] } }),
      measured: '1 twice: r2 1 on r3',
    },
    {
      why: 'a local write without an answer is not on every host',
      breaks: 'ledger',
      round: withLedger({ foundLocal: { ...LOCAL, r1: [...(LOCAL['r1'] ?? []), 'r1 3'] } }),
      measured: '2 unequal: r1 3 on r2, r1 3 on r3',
    },
    {
      why: 'two hosts have the address',
      breaks: 'holders',
      round: held('r3', 9_000, 9_310),
      measured: '2 holders for 0.31 s: r2, r3',
    },
    {
      why: 'two hosts are seen with the address once',
      breaks: 'holders',
      round: held('r3', 9_000, 9_000),
      measured: '2 holders for an instant: r2, r3',
    },
    {
      why: 'a host that came back still has the address',
      breaks: 'holders',
      round: held('r1', 10_000, 12_700),
      measured: '2 holders for 0.2 s: r1, r2',
    },
    {
      why: 'two hosts are seen once, at the same instant',
      breaks: 'holders',
      round: {
        ...GOOD,
        holdings: [
          { host: 'r2', from: 0, to: 0 },
          { host: 'r1', from: 0, to: 0 },
        ],
      },
      measured: '2 holders for an instant: r1, r2',
    },
    {
      why: 'three hosts have the address',
      breaks: 'holders',
      round: {
        ...GOOD,
        holdings: [
          { host: 'r1', from: 0, to: 1_000 },
          { host: 'r2', from: 900, to: 2_000 },
          { host: 'r3', from: 600, to: 800 },
        ],
      },
      measured: '2 holders for 0.2 s: r1, r3; 2 holders for 0.1 s: r1, r2',
    },
    {
      why: 'two hosts take writes',
      breaks: 'primaries',
      round: wrote('r3', 9_000, 9_020),
      measured: '2 primaries for 0.02 s: r2, r3',
    },
    {
      why: 'a host takes writes that no client reaches',
      breaks: 'primaries',
      round: wrote('r1', 6_000, 8_000),
      measured: '2 primaries for 0.1 s: r1, r2',
    },
    {
      why: 'writes are out for too long',
      breaks: 'outage',
      probe: 'write',
      round: GOOD,
      rules: { ...RULES, expects: [{ probe: 'write', withinMs: 2_999 }] },
      measured: '3.0 s',
    },
    {
      why: 'one resolver of two is out',
      breaks: 'outage',
      probe: 'dns r3',
      round: out('dns r3', 5_000, 5_600),
      rules: { ...RULES, expects: [{ probe: 'dns', withinMs: 500 }] },
      measured: '0.6 s',
    },
    {
      why: 'a lane that is expected by its whole name is out',
      breaks: 'outage',
      probe: 'dns r3',
      round: out('dns r3', 5_000, 5_600),
      rules: { ...RULES, expects: [{ probe: 'dns r3', withinMs: 500 }] },
      measured: '0.6 s',
    },
    {
      why: 'a lane is out a second time, after the heal',
      breaks: 'outage',
      probe: 'read',
      round: out('read', 13_000, 13_400),
      measured: '0.4 s',
    },
    {
      why: 'a lane is never answered well again',
      breaks: 'outage',
      probe: 'read',
      round: out('read', 18_000, 99_000),
      measured: '2.0 s',
    },
    {
      why: 'answers are held and come all at once',
      breaks: 'outage',
      probe: 'read',
      round: withLane(GOOD, {
        probe: 'read',
        samples: lane('read').samples.map((sample) =>
          sample.sentAt >= 6_000 && sample.sentAt < 7_000 ? { ...sample, endedAt: 7_004 } : sample,
        ),
      }),
      measured: '1.0 s',
    },
    {
      why: 'one question fails where none may',
      breaks: 'failures',
      probe: 'dns r2',
      round: out('dns r2', 6_000, 6_050),
      measured: '1 of 400',
    },
    {
      why: 'full redundancy comes late',
      breaks: 'redundancy',
      round: { ...GOOD, healedAt: 8_000, redundantAt: 18_005 },
      measured: '10.01 s',
    },
    {
      why: 'full redundancy does not come',
      breaks: 'redundancy',
      round: { ...GOOD, redundantAt: null },
      measured: 'not in the 8.0 s to the end',
    },
    {
      why: 'there is a false failover',
      breaks: 'failovers',
      round: {
        ...GOOD,
        deeds: [...GOOD.deeds, { at: 14_000, host: 'r3', kind: 'promotion', text: 'became the primary' }],
      },
      measured: '2: r2, r3',
    },
    {
      why: 'there is a false failover at the instant of the fault',
      breaks: 'failovers',
      round: { ...GOOD, deeds: [{ at: AT.fault, host: 'r3', kind: 'promotion', text: 'became the primary' }] },
      rules: { ...RULES, failovers: 0 },
      measured: '1: r3',
    },
    {
      why: 'a lane is expected that is not there',
      breaks: 'recording',
      round: GOOD,
      rules: { ...RULES, expects: [...RULES.expects, { probe: 'lookup', failures: 0 }] },
      measured: 'no lane of lookup',
    },
    {
      why: 'a larger share than may failed',
      breaks: 'failures',
      round: GOOD,
      rules: { ...RULES, expects: [{ probe: 'write', failedShare: 0.149 }] },
      measured: '60 of 400',
    },
    {
      why: 'no fault was made',
      breaks: 'recording',
      round: { ...GOOD, marks: GOOD.marks.filter((mark) => mark.kind !== 'fault') },
      measured: 'no fault was made',
    },
    {
      why: 'a lane was not answered just before the fault',
      breaks: 'recording',
      round: out('proxy', 2_900, 5_000),
      measured: 'proxy: no good answer in the 2.0 s before the fault',
    },
    {
      why: 'a lane failed just before the fault',
      breaks: 'recording',
      round: out('proxy', 4_000, 4_100),
      measured: 'proxy: 2 failed in the 2.0 s before the fault',
    },
    {
      why: 'a lane had hardly begun',
      breaks: 'recording',
      round: silent('proxy', 0, 4_900),
      measured: 'proxy: 2 good answers before the fault, 3 are needed',
    },
    {
      why: 'a lane has no sample',
      breaks: 'recording',
      round: silent('proxy', 0, 99_000),
      measured: 'proxy: 0 good answers before the fault, 3 are needed',
    },
    {
      why: 'the measuring machine stalled',
      breaks: 'recording',
      round: silent('proxy', 9_000, 9_800),
      measured: 'proxy: no question was sent for 0.85 s',
    },
    {
      why: 'a prober that asks rarely says that it was starved',
      breaks: 'recording',
      round: withLane(GOOD, {
        probe: 'dhcp vlan10 new',
        samples: lane('dhcp vlan10 new', { everyMs: 900 }).samples.map((sample) =>
          sample.sentAt === 9_000 ? { ...sample, late: 510 } : sample,
        ),
      }),
      measured: 'dhcp vlan10 new: no question was sent for 0.51 s',
    },
    {
      why: 'a probe died',
      breaks: 'recording',
      round: silent('proxy', 16_000, 99_000),
      measured: 'proxy: no question was sent for 4.05 s',
    },
    {
      why: 'the ledger is empty',
      breaks: 'recording',
      round: withLedger({ acknowledged: [], ambiguous: [], found: { r1: [], r2: [], r3: [] } }),
      measured: 'no write was acknowledged',
    },
    {
      why: "a host's writes were not read",
      breaks: 'recording',
      round: withLedger({ found: { r1: ALL.r1, r2: ALL.r2 } }),
      measured: 'the writes on r3 were not read',
    },
    {
      why: "a host's local writes were not read",
      breaks: 'recording',
      round: withLedger({ foundLocal: { r1: LOCAL['r1'] ?? [], r3: LOCAL['r3'] ?? [] } }),
      measured: 'the writes on r2 were not read',
    },
    {
      why: 'nobody looked who has the address',
      breaks: 'recording',
      round: { ...GOOD, holdings: [] },
      measured: 'no host was seen to hold the address before the fault',
    },
    {
      why: 'nobody looked who takes writes',
      breaks: 'recording',
      round: { ...GOOD, writables: GOOD.writables.slice(1) },
      measured: 'no host was seen to accept local writes before the fault',
    },
    {
      why: 'a span ends before it begins',
      breaks: 'recording',
      round: held('r3', 9_000, 8_000),
      measured: 'times that run backwards',
    },
    {
      why: 'the recording ended before redundancy was back',
      breaks: 'recording',
      round: { ...GOOD, redundantAt: AT.end + 1 },
      measured: 'times that run backwards',
    },
    {
      why: 'a moment is no number',
      breaks: 'recording',
      round: { ...GOOD, deeds: [...GOOD.deeds, { at: Number.NaN, host: 'r3', kind: 'promotion', text: '' }] },
      measured: 'times that run backwards',
    },
  ])('$breaks: $why', ({ breaks, probe, round, rules, measured }) => {
    expect(broken(round, rules)).toEqual([
      expect.objectContaining({ what: breaks, measured, ...(probe === undefined ? {} : { probe }) }),
    ]);
    expect(judge(round, rules ?? RULES).isPassed).toBe(false);
  });

  it('that was never healed is neither fit nor back', () => {
    const checks = broken({ ...GOOD, healedAt: null, redundantAt: null });
    expect(checks.map(({ what, measured }) => [what, measured])).toEqual([
      ['redundancy', 'never healed'],
      ['recording', 'the fault was not removed'],
    ]);
  });
});

describe('a round still passes', () => {
  it.each<{ readonly why: string; readonly round: Timeline; readonly rules?: HazardRules }>([
    { why: 'when a host that no client reaches keeps the address', round: held('r1', AT.fault, AT.heal + 500) },
    {
      why: 'when one host has the address from the instant at which the other gives it up',
      round: {
        ...GOOD,
        holdings: [
          { host: 'r1', from: 0, to: 5_600 },
          { host: 'r2', from: 5_600, to: AT.end },
        ],
        absences: [],
      },
    },
    {
      why: 'when the address goes on to a host of an earlier name at one instant',
      round: {
        ...GOOD,
        holdings: [
          { host: 'r3', from: 0, to: 5_600 },
          { host: 'r2', from: 5_600, to: AT.end },
        ],
      },
    },
    {
      why: 'when another lane of the same kind is out',
      round: out('dns r2', 5_000, 6_000),
      rules: { ...RULES, expects: [{ probe: 'dns r3', withinMs: 0, failures: 0 }] },
    },
    {
      why: 'when a lane is asked so rarely that its last answer was long before the fault',
      round: withLane(GOOD, {
        probe: 'dhcp vlan10 new',
        samples: Array.from({ length: 11 }, (_, index) => index * 3_000 - 12_300).map((at) => ({
          sentAt: at,
          endedAt: at,
        })),
      }),
    },
    {
      why: 'when an ambiguous write is on every host',
      round: withLedger({ found: { r1: [...ALL.r1, 5], r2: [...ALL.r2, 5], r3: [...ALL.r3, 5] } }),
    },
    {
      why: 'when a local write without an answer is on every host',
      round: withLedger({
        foundLocal: {
          r1: [...(LOCAL['r1'] ?? []), 'r1 3'],
          r2: [...(LOCAL['r2'] ?? []), 'r1 3'],
          r3: [...(LOCAL['r3'] ?? []), 'r1 3'],
        },
      }),
    },
    {
      why: 'when outage, failures and redundancy are exactly at their limits',
      round: GOOD,
      rules: { expects: [{ probe: 'write', withinMs: 3_000, failures: 60 }], redundantMs: 3_000, failovers: 1 },
    },
    {
      why: 'when the share that failed is exactly at its limit',
      round: GOOD,
      rules: { ...RULES, expects: [{ probe: 'write', failedShare: 0.15 }] },
    },
    {
      why: 'when nothing is promised of failovers',
      round: {
        ...GOOD,
        deeds: [...GOOD.deeds, { at: 14_000, host: 'r3', kind: 'promotion', text: 'became the primary' }],
      },
      rules: { ...RULES, failovers: ANY_FAILOVERS },
    },
    { why: 'when a lane without an expectation is out', round: out('proxy', 5_000, 20_000) },
    {
      why: 'when nobody watched the hosts, and the rules say so',
      round: { ...GOOD, holdings: [], writables: [] },
      rules: { ...RULES, isUnwatched: true },
    },
    {
      why: 'when a slow lane is asked rarely',
      round: withLane(GOOD, lane('dhcp vlan10 new', { everyMs: 1_000, tookMs: 900 })),
      rules: { ...RULES, expects: [{ probe: 'dhcp', withinMs: 0, failures: 0 }] },
    },
    {
      why: 'when the measuring machine stalled, long before the fault',
      round: silent('proxy', 1_000, 2_900),
    },
    {
      why: 'when the measuring machine stalled for no longer than rules without times let pass',
      round: silent('proxy', 9_000, 9_800),
      rules: { ...RULES, starvedMs: 1_000 },
    },
    {
      why: 'when a prober was starved long before the fault, or a little later',
      round: withLane(GOOD, {
        probe: 'proxy',
        samples: lane('proxy').samples.map((sample) => ({ ...sample, late: sample.sentAt <= 3_000 ? 900 : 40 })),
      }),
    },
    {
      why: 'when a promotion was before the fault',
      round: {
        ...GOOD,
        deeds: [...GOOD.deeds, { at: 4_999, host: 'r1', kind: 'promotion', text: 'became the primary' }],
      },
    },
  ])('$why', ({ round, rules }) => expect(broken(round, rules)).toEqual([]));
});
