import type { HazardRules } from '../../../src/judge/rules.ts';
import type { Lane, Sample, Timeline } from '../../../src/judge/timeline.ts';

/** Moments of the hand-made round, ms: the primary's host r1 is killed, r2 takes over, r1 comes back. */
export const AT = { fault: 5_000, over: 8_000, heal: 12_000, redundant: 15_000, end: 20_000 } as const;

/** What the hand-made round is judged by. */
export const RULES: HazardRules = {
  expects: [
    { probe: 'write', withinMs: 4_000, failures: 60 },
    { probe: 'read', withinMs: 300 },
    { probe: 'dns', withinMs: 500, failures: 0 },
  ],
  redundantMs: 10_000,
  failovers: 1,
};

/** How a lane is asked: every `everyMs`, each answer after `tookMs`; in the `outs` every question is refused. */
export interface Asked {
  readonly everyMs?: number;
  readonly tookMs?: number;
  readonly outs?: readonly (readonly [from: number, to: number])[];
}

/** A lane from 0 to the end of the round. */
export function lane(probe: string, { everyMs = 50, tookMs = 4, outs = [] }: Asked = {}): Lane {
  const samples = Array.from({ length: Math.ceil(AT.end / everyMs) }, (_, index): Sample => {
    const sentAt = index * everyMs;
    const isOut = outs.some(([from, to]) => sentAt >= from && sentAt < to);
    return { sentAt, endedAt: sentAt + tookMs, ...(isOut ? { why: 'refused' } : {}) };
  });
  return { probe, samples };
}

/** A round in which everything went as it should. */
export function goodRound(): Timeline {
  return {
    hazard: 'host-kill-primary',
    round: 3,
    seed: 17,
    startedAt: '2026-11-20T22:00:00Z',
    cast: {
      regions: ['r1', 'r2', 'r3'],
      racks: [],
      primary: 'r1',
      standbys: ['r2', 'r3'],
      holder: 'r1',
      etcdLeader: 'r3',
    },
    marks: [
      { at: 1_000, kind: 'note', host: null, text: 'steady' },
      { at: AT.fault, kind: 'fault', host: 'r1', text: 'r1 is killed' },
      { at: AT.heal, kind: 'heal', host: 'r1', text: 'r1 is started' },
    ],
    lanes: [
      lane('write', { outs: [[AT.fault, AT.over]] }),
      lane('read'),
      lane('dns r2'),
      lane('dns r3'),
      lane('proxy'),
      lane('dhcp vlan10 new', { everyMs: 900, tookMs: 200 }),
    ],
    ledger: {
      acknowledged: [1, 2, 3, 6],
      ambiguous: [4, 5],
      refused: [7],
      found: { r1: [1, 2, 3, 4, 6], r2: [1, 2, 3, 4, 6], r3: [1, 2, 3, 4, 6] },
      local: { r1: [1, 2], r2: [1] },
      foundLocal: { r1: ['r1 1', 'r1 2', 'r2 1'], r2: ['r1 1', 'r1 2', 'r2 1'], r3: ['r1 1', 'r1 2', 'r2 1'] },
    },
    holdings: [
      { host: 'r1', from: 0, to: AT.fault },
      { host: 'r2', from: 5_600, to: AT.end },
    ],
    writables: [
      { host: 'r1', from: 10, to: 4_990 },
      { host: 'r2', from: 7_900, to: AT.end },
    ],
    absences: [{ host: 'r1', from: AT.fault, to: AT.heal + 500 }],
    deeds: [
      { at: 2_000, host: 'r1', kind: 'vip', text: 'took the address' },
      { at: 7_400, host: 'r2', kind: 'promotion', text: 'became the primary' },
    ],
    healedAt: AT.heal,
    redundantAt: AT.redundant,
    endedAt: AT.end,
  };
}

/** The round with another lane of that name. */
export function withLane(round: Timeline, changed: Lane): Timeline {
  return { ...round, lanes: round.lanes.map((own) => (own.probe === changed.probe ? changed : own)) };
}
